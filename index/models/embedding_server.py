"""Requests to a server with OpenAI's embeddings API, within limits of time and size."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from index.deadline import check_deadline
from index.errors import ModelUnusable
from index.sources.deadline import Deadline

if TYPE_CHECKING:
    import httpx

    from index.models.embedding import Vectors

_MOST_BYTES = 64_000_000
# While somebody waits for an answer, and while articles are indexed.
_TRIES, _TRIES_PATIENTLY = 3, 8
_SECONDS, _SECONDS_PATIENTLY = 10.0, 300.0
_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504, 529})
_BACKOFF = wait_random_exponential(multiplier=0.25, max=20)
_TOLD = 300


@dataclass(frozen=True, slots=True)
class EmbeddingServer:
    """A server with OpenAI's embeddings API: its address with `/v1`, its key, and the longest wait for one request."""

    base_url: str
    key: str | None = field(repr=False)
    timeout_seconds: float


class _MayPass(Exception):
    """A request failed in a way that may pass. `wait_seconds` is what the server asks for."""

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


def vectors_of(server: EmbeddingServer, model: str, texts: Sequence[str], *, patiently: bool) -> "Vectors":
    """Return one row of length 1 a text. `patiently` tries longer: nobody waits. Raises ModelUnusable."""
    tries, seconds = (_TRIES_PATIENTLY, _SECONDS_PATIENTLY) if patiently else (_TRIES, _SECONDS)
    # Servers refuse an empty text.
    body = {"model": model, "input": [text or " " for text in texts], "encoding_format": "float"}
    retrying = Retrying(
        retry=retry_if_exception_type(_MayPass),
        stop=stop_after_attempt(tries) | stop_before_delay(seconds),
        wait=_pause,
        reraise=True,
    )
    try:
        answer = retrying(_posted, server, body)
    except _MayPass as error:
        raise _unusable(server, str(error)) from error
    return _normalised(_rows(answer, len(texts), server), server)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_seconds if isinstance(error, _MayPass) else None
    return _BACKOFF(state) if asked is None else asked


def _posted(server: EmbeddingServer, body: dict[str, Any]) -> Any:
    import httpx

    check_deadline()
    # Not compressed: a few kilobytes of that can become gigabytes.
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {server.key}"} if server.key else {})
    address = f"{server.base_url.rstrip('/')}/embeddings"
    deadline = Deadline(server.timeout_seconds, Event())
    shut_in_time = {"trace": deadline.trace}
    try:
        with (
            deadline.enforced(),
            httpx.Client(timeout=server.timeout_seconds) as client,
            client.stream("POST", address, json=body, headers=headers, extensions=shut_in_time) as response,
        ):
            received = _received(response, server)
    except httpx.InvalidURL as error:
        raise _unusable(server, f"its address is none ({error})") from error
    except httpx.UnsupportedProtocol as error:
        raise _unusable(server, "its address must begin with http:// or https://") from error
    except httpx.HTTPError as error:
        if deadline.over:
            raise _MayPass(f"its answer took longer than {server.timeout_seconds:g} s") from error
        raise _MayPass(f"it could not be reached ({type(error).__name__})") from error
    if response.status_code in _MAY_PASS:
        raise _MayPass(f"it answered {response.status_code}: {_told(received, server)}", _asked_wait(response))
    if response.status_code != 200:
        raise _unusable(server, f"it answered {response.status_code}: {_told(received, server)}")
    try:
        return json.loads(received)
    except (ValueError, RecursionError) as error:
        raise _unusable(server, "it answered with what is no JSON") from error


def _received(response: "httpx.Response", server: EmbeddingServer) -> bytes:
    """Return the body. Raises ModelUnusable where it is compressed or too long."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _unusable(server, "it answered compressed, which nobody asked for")
    received = bytearray()
    for part in response.iter_raw():
        received += part
        if len(received) > _MOST_BYTES:
            raise _unusable(server, f"its answer is longer than {_MOST_BYTES:,} bytes")
    return bytes(received)


def _asked_wait(response: "httpx.Response") -> float | None:
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.replace(".", "", 1).isdigit() else None


def _told(received: bytes, server: EmbeddingServer) -> str:
    """Return what a server says of its error, as one short line without the key."""
    text = received[: 10 * _TOLD].decode(errors="replace")
    text = text.replace(server.key, "…") if server.key else text
    return " ".join(text.split())[:_TOLD]


def _rows(answer: Any, count: int, server: EmbeddingServer) -> list[list[float]]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise _unusable(
            server, "it answered without the `data` of OpenAI's embeddings API. Does the address end in /v1?"
        )
    placed = {str(one.get("index", place)): one.get("embedding") for place, one in enumerate(data)}
    wanted = [str(place) for place in range(count)]
    if len(data) != count or set(placed) != set(wanted):
        raise _unusable(server, f"it was asked for {count} vectors and gave {len(data)}")
    return [placed[place] for place in wanted]


def _normalised(rows: Sequence[Sequence[float]], server: EmbeddingServer) -> "Vectors":
    try:
        vectors = np.asarray(rows, np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise _unusable(server, "it gave vectors that are not all numbers of one length") from error
    if vectors.ndim != 2 or vectors.shape[1] == 0 or not np.isfinite(vectors).all():
        raise _unusable(server, "it gave vectors that are not all numbers of one length")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _unusable(server: EmbeddingServer, why: str) -> ModelUnusable:
    import httpx

    try:
        host = httpx.URL(server.base_url).netloc.decode().rpartition("@")[2]
    except httpx.InvalidURL:
        host = "set"
    return ModelUnusable(
        f"The embedding server {host} cannot be used: {why}. Check FOOTNOTE_EMBED_BASE_URL, FOOTNOTE_EMBED_MODEL and "
        "FOOTNOTE_EMBED_API_KEY, and try again."
    )
