"""Requests to an issuer of tokens: to its own address or to a public one, bounded in time and size, without redirects.

The operator of Footnote names the issuer, so its own address may be in a private network. Its other addresses come from
outside: they must have the same origin or be public.
"""

import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from index.errors import ArticleError
from index.sources.deadline import Deadline
from index.sources.network import GuardedTransport, NotPublic
from service.auth.loopback import is_loopback

_MAX_BYTES = 1_000_000


class IssuerUnreachable(Exception):
    """The issuer did not answer, or its answer cannot be used. The message says why."""


def checked_address(address: str) -> str:
    """Return the address if it uses https or is on this machine. Raises IssuerUnreachable for any other."""
    try:
        parts = urlsplit(address)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if parts.hostname and safe and parts.port != 0:
            return address
    except ValueError:
        pass  # not a valid address
    raise IssuerUnreachable(f"{address[:200]!r} is no https address")


def request_json(
    address: str,
    *,
    issuer: str,
    deadline: Deadline,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> tuple[int, dict[str, Any]]:
    """Get an address of this issuer, or post a body to it. Return the status and the JSON object that came.

    Raises IssuerUnreachable, also for a redirect or a status of 500 and above.
    """
    own = _origin(address) == _origin(issuer)
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    try:
        # The system's certificates: an issuer may have a certificate of the company's own authority.
        transport = GuardedTransport(private=own, certificates=ssl.create_default_context())
        with deadline.enforced(), httpx.Client(transport=transport, trust_env=False) as client:
            extensions = {"deadline": deadline, "trace": deadline.trace}
            method = "GET" if body is None else "POST"
            with client.stream(method, address, headers=sent, content=body, extensions=extensions) as response:
                if response.is_redirect or response.is_server_error:
                    raise IssuerUnreachable(f"{address[:200]} answers with {response.status_code}")
                found = _object(_body(response, address), address, response.status_code)
    except NotPublic as error:
        raise IssuerUnreachable(
            f"{address[:200]} leads into a private network, away from the issuer's own address"
        ) from error
    except (ArticleError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
        late = f"it took longer than the time for all of it ({str(error)[:200]})" if deadline.over else str(error)[:200]
        raise IssuerUnreachable(f"{address[:200]}: {late or type(error).__name__}") from error
    return response.status_code, found


def _body(response: httpx.Response, address: str) -> bytes:
    content = bytearray()
    for part in response.iter_raw():
        content += part
        if len(content) > _MAX_BYTES:
            raise IssuerUnreachable(f"{address[:200]} gives more than {_MAX_BYTES:,} bytes")
    return bytes(content)


def _object(content: bytes, address: str, status: int) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        if status >= 400:
            return {}  # the status says enough
        raise
    if not isinstance(found, dict):
        raise IssuerUnreachable(f"{address[:200]} gives no JSON object")
    return found


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
