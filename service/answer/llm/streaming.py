"""Streams the reply of a language model, with limits of time and retries that are the same for every provider.

The clients differ in their timeouts and retries: none limits the wait for the first word or for the whole reply, and some
wait for a minute. So each stream is read in a thread of its own, and the caller waits for its pieces with a timeout.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)
from tenacity.nap import sleep_using_event

from index.sources.deadline import Deadline
from service.answer.llm.connections import closed_at_the_end
from service.answer.llm.deltas import Delta, delta_of

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage, ChatResponseGen
    from llama_index.core.tools import BaseTool

# Too many requests, overloaded (529 is Anthropic's), or a temporary error.
_MAY_PASS = frozenset({429, 500, 502, 503, 504, 529})
_BACKOFF = wait_random_exponential(multiplier=0.25, max=8)
# Answers have a hundredth of this; reasoning may be longer.
_MOST_CHARS = 200_000
# Client errors that say nothing of what was asked for: about keys, time and rates.
_NOT_OF_THE_REQUEST = frozenset({401, 403, 408, 429})
# Pieces in the queue. When it is full, the server is not read any further.
_QUEUE = 64
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Longest waits in seconds: for the first word or thought, retries included, and for the whole reply."""

    first_token_seconds: float
    total_seconds: float
    retries: int


class TooMuchSaid(Exception):
    """The model wrote more than any answer has, without an end."""


_Received = Queue[Delta | Exception | None]


def deltas(
    llm: "LLM", messages: "Sequence[ChatMessage]", limits: Limits, tools: "Sequence[BaseTool]" = ()
) -> Generator[Delta, None, None]:
    """Yield what the model answers to these messages; it may call these `tools`. Closing the iterator shuts the connection
    soon.

    Raises TimeoutError past a limit of time, TooMuchSaid past that of length, and what the provider's client raises.
    """
    received: _Received = Queue(_QUEUE)
    stopped = Event()

    def opened() -> "ChatResponseGen":
        if not tools:
            return llm.stream_chat(messages)
        calling: Any = llm  # LlamaIndex has a class of its own for models that may call tools
        stream: ChatResponseGen = calling.stream_chat_with_tools([*tools], chat_history=[*messages])
        return stream

    read = copy_context().run  # so that traces belong to the question
    Thread(target=read, args=(_read, opened, limits, received, stopped), daemon=True).start()
    try:
        yield from _until_the_end(received, limits)
    finally:
        stopped.set()


def _until_the_end(received: _Received, limits: Limits) -> Iterator[Delta]:
    started, said, begun = monotonic(), 0, False
    while True:
        allowed = limits.total_seconds if begun else min(limits.first_token_seconds, limits.total_seconds)
        try:
            # Checked for every piece: a server may send faster than its pieces are read.
            if (left := started + allowed - monotonic()) <= 0:
                raise Empty
            item = received.get(timeout=left)
        except Empty:
            raise TimeoutError(f"no {'end' if begun else 'word'} after {allowed:g} s") from None
        if item is None:
            return
        if isinstance(item, Exception):
            raise item
        said += len(item.text) + len(item.thought)
        begun = begun or item.thinking or bool(item.calls) or said > 0
        if said > _MOST_CHARS:
            raise TooMuchSaid(f"no end after {_MOST_CHARS:,} characters")
        yield item


def _put(received: _Received, item: Delta | Exception | None, stopped: Event) -> None:
    """Put a piece into the queue as soon as there is room, unless the reply is not needed any more."""
    while not stopped.is_set():
        try:
            received.put(item, timeout=_LOOK_SECONDS)
            return
        except Full:
            continue


def _read(
    opened: "Callable[[], ChatResponseGen]",
    limits: Limits,
    received: _Received,
    stopped: Event,
) -> None:
    heard = False

    def once() -> None:
        nonlocal heard
        # A little longer than the caller waits, so that the caller reports the timeout.
        deadline = Deadline(limits.total_seconds + _LOOK_SECONDS, stopped)
        with closed_at_the_end(deadline), closing(opened()) as stream:
            for response in stream:
                delta = delta_of(response)
                heard = heard or bool(delta.text or delta.thought or delta.calls)
                if stopped.is_set():
                    return
                _put(received, delta, stopped)

    try:
        Retrying(
            # After the first piece a retry would repeat it.
            retry=retry_if_exception(lambda error: not heard and not stopped.is_set() and _status(error) in _MAY_PASS),
            stop=stop_after_attempt(limits.retries + 1) | stop_before_delay(limits.first_token_seconds),
            wait=_pause,
            sleep=sleep_using_event(stopped),
            reraise=True,
        )(once)
        _put(received, None, stopped)
    except Exception as error:  # noqa: BLE001 it is raised again where the pieces are waited for
        _put(received, error, stopped)


def _pause(state: RetryCallState) -> float:
    """Return the seconds until the next try: what the server asks for, or a growing random time."""
    error = state.outcome.exception() if state.outcome else None
    asked = _headers(error).get("retry-after", "") if error else ""
    return float(asked) if asked.isascii() and asked.replace(".", "", 1).isdigit() else _BACKOFF(state)


def refuses_tools(error: Exception) -> bool:
    """Say whether a server may have refused a request for the tools in it: servers and models that have none do.

    Some say so with a status that stands for any wrong request, llama.cpp with one for a fault of its own.
    """
    status = _status(error) or 0
    return (400 <= status < 500 and status not in _NOT_OF_THE_REQUEST) or (status >= 500 and "tool" in str(error))


def _status(error: BaseException | None) -> int | None:
    """Return the HTTP status that a client's error stands for, if any."""
    status = getattr(error, "status_code", None) or _aws(error).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def _headers(error: BaseException) -> Mapping[str, str]:
    headers = getattr(getattr(error, "response", None), "headers", None) or _aws(error).get("HTTPHeaders")
    return headers if isinstance(headers, Mapping) else {}


def _aws(error: BaseException | None) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    return response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
