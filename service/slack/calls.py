"""Calls to Slack's Web API, with retries: pauses that Slack asks for are kept, and kinds of faults are distinguished.

After a timeout nobody knows whether a message was posted. Only calls that may be made twice are made again here; for the
others `Unreachable` goes to the caller, which checks before it posts again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from service.slack.counts import Counts
from service.slack.faults import SlackFault, Unreachable, fault_of

_ATTEMPTS = 4
_LONGEST_WAIT = 120.0
_FIRST_PAUSE = 0.5
_ONCE = {"chat.postMessage", "chat.postEphemeral", "chat.startStream", "chat.appendStream"}
RATE_LIMITED = "ratelimited"
_RESPOND = "response_url"
_READING = ("apps.", "auth.", "chat.getPermalink", "conversations.", "usergroups.")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Calls:
    """Slack's Web API as one bot uses it."""

    client: AsyncWebClient
    counts: Counts

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call a method, written as Slack writes it. Arguments that are None are left out. Raises SlackFault."""
        given = {name: value for name, value in arguments.items() if value is not None}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._once(method, given)
            except _Wait as wait:
                self._note(method, RATE_LIMITED, attempt)
                if attempt == _ATTEMPTS or wait.seconds > _LONGEST_WAIT:
                    raise SlackFault(method, RATE_LIMITED) from None
                await asyncio.sleep(wait.seconds)
            except Unreachable as fault:
                self._note(method, fault.code, attempt)
                if attempt == _ATTEMPTS or method in _ONCE:
                    raise
                await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
            except SlackFault as fault:
                self._note(method, fault.code, attempt)
                raise
        raise AssertionError("the last attempt returns or raises")

    async def respond(self, url: str, **message: Any) -> None:
        """Send a message to the address that Slack gave with a command or a button. Raises SlackFault."""
        webhook = AsyncWebhookClient(url, session=self.client.session, retry_handlers=[])
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = await webhook.send_dict(message)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                self._note(_RESPOND, type(error).__name__, attempt)
                raise Unreachable(_RESPOND, type(error).__name__) from error
            if response.status_code == 200:
                return
            self._note(_RESPOND, f"http_{response.status_code}", attempt)
            if response.status_code != 429 or attempt == _ATTEMPTS:
                raise SlackFault(_RESPOND, f"http_{response.status_code}")
            await asyncio.sleep(_seconds(response.headers))

    def _note(self, method: str, kind: str, attempt: int) -> None:
        self.counts.faults.labels(method=method, kind=kind).inc()
        log.warning("slack call failed", method=method, kind=kind, attempt=attempt)

    async def _once(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            # Reading methods take no JSON.
            reading = method.startswith(_READING)
            sent = {"params": _as_query(arguments)} if reading else {"json": dict(arguments)}
            response = await self.client.api_call(method, http_verb="POST", **sent)
        except SlackApiError as error:
            raise _fault(method, error) from error
        except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
            raise Unreachable(method, type(error).__name__) from error
        assert isinstance(response.data, dict)
        return response.data


class _Wait(Exception):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


def _fault(method: str, error: SlackApiError) -> Exception:
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    code = data.get("error", "") if isinstance(data, dict) else ""
    if status == 429 or code in (RATE_LIMITED, "rate_limited"):
        return _Wait(_seconds(response.headers))
    if status >= 500 or not code:
        return Unreachable(method, f"http_{status}")
    return fault_of(method, code)


def _seconds(headers: Mapping[str, str]) -> float:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if value.isdecimal() else 1.0


def _as_query(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: int(value) if isinstance(value, bool) else value for name, value in arguments.items()}
