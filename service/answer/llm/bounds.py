"""Limits of time and size on the response of a language model's server, for every client."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

from service.answer.llm.connections import to_close, trace
from service.answer.llm.deltas import AnswerFailed

# Bytes of one response, with the JSON around each token. The clients read a line as a whole, of any length.
_MOST_BYTES = 64_000_000


def httpx_options(seconds: float) -> dict[str, Any]:
    """Return options for an httpx client that limit the time and the size of a whole response.

    httpx itself limits only the time between two bytes, and some servers send blanks to keep a connection open. Responses
    must not be compressed: a few kilobytes can expand to gigabytes.
    """
    import httpx

    class Bounded(httpx.SyncByteStream):
        def __init__(self, response: httpx.Response) -> None:
            self._request, self._stream = response.request, response.stream

        def __iter__(self) -> Iterator[bytes]:
            assert isinstance(self._stream, httpx.SyncByteStream)
            received = 0
            for part in self._stream:
                received += len(part)
                if received > _MOST_BYTES:
                    raise httpx.ReadError("The answer is too long.", request=self._request)
                if monotonic() > self._request.extensions["footnote_deadline"]:
                    raise httpx.ReadTimeout("The answer took too long.", request=self._request)
                yield part

        def close(self) -> None:
            assert isinstance(self._stream, httpx.SyncByteStream)
            self._stream.close()

    def start(request: httpx.Request) -> None:
        request.extensions["footnote_deadline"] = monotonic() + seconds
        if shut_in_time := trace():
            request.extensions["trace"] = shut_in_time
        request.headers["Accept-Encoding"] = "identity"

    def bound(response: httpx.Response) -> None:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise httpx.DecodingError(
                "The answer is compressed, although that was not requested.", request=response.request
            )
        response.stream = Bounded(response)
        to_close(response)

    # Only the request that opened a connection can close it in time, so connections are not reused.
    limits = httpx.Limits(max_keepalive_connections=0)
    return {"event_hooks": {"request": [start], "response": [bound]}, "limits": limits}


@dataclass(frozen=True, slots=True)
class BoundedSession:
    """A session of botocore that limits the time and the size of a whole response."""

    session: Any
    seconds: float

    def send(self, request: Any) -> Any:
        """Send a request. Its answer is read later."""
        response = self.session.send(request)
        response.raw = _BoundedBody(response.raw, monotonic() + self.seconds)
        return response

    def close(self) -> None:
        self.session.close()


@dataclass(frozen=True, slots=True)
class _BoundedBody:
    body: Any
    last: float

    def stream(self) -> Iterator[bytes]:
        """Yield the bytes of an answer. Raises AnswerFailed past a limit."""
        received = 0
        for part in self.body.stream():
            received += len(part)
            if received > _MOST_BYTES:
                raise AnswerFailed("The answer is too long.", status_code=400)
            if monotonic() > self.last:
                raise AnswerFailed("The answer took too long.", status_code=400)
            yield part

    def close(self) -> None:
        self.body.close()
