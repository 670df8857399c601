"""Deadlines for the work on a question. The pipeline checks them between its steps and between batches of the models.

The deadline is a context variable of the working thread, as cancel scopes are, so that no step has to pass it on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from time import monotonic

from index.errors import TookTooLong, WorkEnded

_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """When the work on one question has to end. It can be ended earlier. Safe to use from many threads.

    `seconds` count from now. None means no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._last = None if seconds is None else monotonic() + seconds
        self._lock = Lock()
        self._ended: WorkEnded | None = None
        self._callbacks: list[Callable[[WorkEnded], None]] = []

    @property
    def seconds_left(self) -> float | None:
        """The remaining seconds, 0 when the time is over. None without a limit."""
        return None if self._last is None else max(self._last - monotonic(), 0.0)

    def end(self, reason: WorkEnded) -> None:
        """End the work for this reason at its next check. Only the first reason counts."""
        with self._lock:
            if self._ended is not None:
                return
            self._ended, callbacks = reason, self._callbacks
            self._callbacks = []
        for callback in callbacks:
            callback(reason)

    def on_end(self, callback: Callable[[WorkEnded], None]) -> None:
        """Call `callback` with the reason when the work is ended, or at once if it has been. It may run in any thread."""
        with self._lock:
            ended = self._ended
            if ended is None:
                self._callbacks.append(callback)
        if ended is not None:
            callback(ended)

    def check(self) -> None:
        """Raise TookTooLong if the time is over, or the reason for which the work was ended."""
        if self._ended is not None:
            raise self._ended
        if self._last is not None and monotonic() >= self._last:
            raise self.time_out()

    def time_out(self) -> WorkEnded:
        """End the work because its time is over. Return the reason for which it was ended."""
        reason = too_long(self._seconds or 0.0)
        self.end(reason)
        return self._ended or reason


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Set the deadline of this thread while in this context."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def set_deadline(deadline: Deadline) -> None:
    """Set the deadline for the rest of the current context, such as that of a request."""
    _current.set(deadline)


def check_deadline() -> None:
    """Check the deadline of the current context, if any. Raises what `Deadline.check` raises."""
    deadline = _current.get()
    if deadline is not None:
        deadline.check()


def too_long(seconds: float) -> TookTooLong:
    """Return the error for a question that took longer than allowed."""
    return TookTooLong(
        f"This question was worked on for {seconds:g} seconds, the longest that one may take here, and there is no answer. "
        "Ask for less at once, or ask again later."
    )
