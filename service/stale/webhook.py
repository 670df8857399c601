"""Tells another service which answers are stale: a signed POST in the form of Standard Webhooks.

It names answers and says nothing of their words, nor of articles: who receives it need not be allowed to read them. Source of
the signature: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from threading import Event
from typing import Any

import httpx
from sqlalchemy import Engine

from index.errors import ArticleError, WrongUsage
from index.sources.deadline import Deadline
from index.sources.network import GuardedTransport
from service.history import citations
from service.links import is_web_address
from service.settings import Settings

_AT_ONCE = 100  # answers in one message
_SECONDS = 15.0
_ENCODED = "whsec_"  # before a key in base64


class NotTaken(Exception):
    """The other service did not take a message. The text says why, without its address."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where messages are sent, and how they are signed. `private` allows addresses of private networks."""

    url: str
    key: bytes = field(repr=False)
    service: str
    private: bool = False

    def send_due(self, engine: Engine, stopped: Event) -> None:
        """Send what has not been sent yet, oldest first. Raises NotTaken; the next call then begins with the same answers."""
        while not stopped.is_set():
            with engine.connect() as connection:
                due = citations.not_sent(connection, limit=_AT_ONCE)
            if not due:
                return
            self._send([self._described(row) for row in due], stopped)
            with engine.begin() as connection:
                citations.note_sent(connection, [row["id"] for row in due], datetime.now(UTC))

    def _described(self, row: Any) -> dict[str, Any]:
        return {
            "id": row["id"],
            "url": f"{self.service.rstrip('/')}/answers/{row['id']}",
            "stale_since": row["stale_since"].isoformat(timespec="seconds"),
            "reads": row["reads"],
        }

    def _send(self, described: Sequence[dict[str, Any]], stopped: Event) -> None:
        now = datetime.now(UTC)
        message = {
            "type": "answers.stale",
            "timestamp": now.isoformat(timespec="seconds"),
            "data": {"answers": described},
        }
        body = json.dumps(message).encode()
        # The same answers have the same id when they are sent again, so that a receiver can leave out what it has.
        known = "".join(f"{one['id']}{one['stale_since']}" for one in described)
        message_id = f"msg_{sha256(known.encode()).hexdigest()[:32]}"
        headers = signed_headers(body, key=self.key, message_id=message_id, seconds=int(now.timestamp()))
        deadline = Deadline(_SECONDS, stopped)
        extensions = {"deadline": deadline, "trace": deadline.trace}
        try:
            with (
                deadline.enforced(),
                httpx.Client(transport=GuardedTransport(private=self.private), trust_env=False) as client,
                # Redirects are not followed, and what is answered is not read.
                client.stream("POST", self.url, content=body, headers=headers, extensions=extensions) as response,
            ):
                status = response.status_code
        except ArticleError as error:
            raise NotTaken(f"The address {error}") from None
        except httpx.HTTPError as error:
            raise NotTaken(type(error).__name__) from None
        if not 200 <= status < 300:
            raise NotTaken(f"It answered {status}.")


def webhook_from(settings: Settings, *, service: str) -> Webhook | None:
    """Return the webhook of the settings, if they have one. Raises WrongUsage that names the setting to change."""
    if settings.stale_webhook_url is None:
        return None
    if not is_web_address(settings.stale_webhook_url):
        raise WrongUsage("FOOTNOTE_STALE_WEBHOOK_URL is no address that begins with https:// or http://. Correct it.")
    secret = settings.stale_webhook_secret.get_secret_value() if settings.stale_webhook_secret else ""
    if not secret:
        raise WrongUsage("FOOTNOTE_STALE_WEBHOOK_URL needs FOOTNOTE_STALE_WEBHOOK_SECRET too, to sign what it is sent.")
    try:
        key = (
            b64decode(secret.removeprefix(_ENCODED), validate=True) if secret.startswith(_ENCODED) else secret.encode()
        )
    except ValueError:
        raise WrongUsage("FOOTNOTE_STALE_WEBHOOK_SECRET begins with whsec_, but what follows is not base64.") from None
    return Webhook(settings.stale_webhook_url, key, service, settings.fetch_private)


def signed_headers(body: bytes, *, key: bytes, message_id: str, seconds: int) -> dict[str, str]:
    """Return the headers of a message that is sent at this time, in seconds since 1970."""
    digest = hmac.digest(key, f"{message_id}.{seconds}.".encode() + body, "sha256")
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
