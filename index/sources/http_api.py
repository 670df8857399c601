"""Requests to the HTTP APIs of wikis: bounded in time and size, repeated where a server asks to wait."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from index.errors import ArticleError

_TIMEOUT_SECONDS = 60.0
_TRIES = 5
_LONGEST_WAIT = 60.0
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Api:
    """An API at a base address. `most_bytes` limits each reply."""

    http: httpx.Client
    most_bytes: int

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """Return the object that the server answers with. Raises ArticleError."""
        return self._asked("GET", path, params=params or None)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Send an object and return the one that the server answers with. Raises ArticleError."""
        return self._asked("POST", path, json=body)

    def _asked(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        for attempt in range(_TRIES):
            status, wait, content = self._sent(method, path, request)
            if status not in _BUSY:
                break
            if attempt < _TRIES - 1:
                time.sleep(min(wait or 2.0**attempt, _LONGEST_WAIT))
        if status != httpx.codes.OK:
            said = content.decode(errors="replace")[:300]
            raise ArticleError(f"{method} {path.partition('?')[0]} was answered with status {status}: {said}")
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ArticleError(f"{method} {path.partition('?')[0]} was answered with no JSON ({error}).") from None
        if not isinstance(found, dict):
            raise ArticleError(f"{method} {path.partition('?')[0]} was answered with no object.")
        return found

    def _sent(self, method: str, path: str, request: dict[str, Any]) -> tuple[int, float, bytes]:
        content = bytearray()
        with self.http.stream(method, path, **request) as reply:
            for piece in reply.iter_bytes():
                content += piece
                if len(content) > self.most_bytes:
                    raise ArticleError(f"a reply is longer than {self.most_bytes:,} bytes (FOOTNOTE_MAX_FILE_BYTES).")
            wait = reply.headers.get("retry-after", "")
        return reply.status_code, float(wait) if wait.isdecimal() else 0.0, bytes(content)


@contextmanager
def opened_api(
    address: str, *, headers: dict[str, str], auth: tuple[str, str] | None = None, most_bytes: int
) -> Iterator[Api]:
    """Open an API. Neither redirects nor proxies of the environment are followed, which would take the token elsewhere."""
    with httpx.Client(
        base_url=address, headers=headers, auth=auth, timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
    ) as http:
        yield Api(http, most_bytes)
