"""How long may be worked on a question. The pipeline asks between its steps and between the batches of its models.

The deadline travels with the context of the thread that works, as cancel scopes do, so that no step has to hand it on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from time import monotonic

from index.errors import TookTooLong, WorkEnded

_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """When the work on one question has to end. It may be ended before. Safe to use from many threads.

    `seconds` count from now; None is no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._last = None if seconds is None else monotonic() + seconds
        self._lock = Lock()
        self._ended: WorkEnded | None = None
        self._told: list[Callable[[WorkEnded], None]] = []

    @property
    def seconds_left(self) -> float | None:
        """The time that is left, 0 when it is over; None without a limit."""
        return None if self._last is None else max(self._last - monotonic(), 0.0)

    def end(self, reason: WorkEnded) -> None:
        """End the work for this reason at its next look. The first reason counts."""
        with self._lock:
            if self._ended is not None:
                return
            self._ended, told = reason, self._told
            self._told = []
        for tell in told:
            tell(reason)

    def when_ended(self, tell: Callable[[WorkEnded], None]) -> None:
        """Have `tell` called with the reason when the work is ended, at once when it has been. From whatever thread."""
        with self._lock:
            ended = self._ended
            if ended is None:
                self._told.append(tell)
        if ended is not None:
            tell(ended)

    def check(self) -> None:
        """Raise TookTooLong when the time is over, or what the work was ended for."""
        if self._ended is not None:
            raise self._ended
        if self._last is not None and monotonic() >= self._last:
            raise self.time_out()

    def time_out(self) -> WorkEnded:
        """End the work because its time is over. Return what it was ended for."""
        reason = too_long(self._seconds or 0.0)
        self.end(reason)
        return self._ended or reason


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Work within a deadline, in this thread."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def set_deadline(deadline: Deadline) -> None:
    """Let a deadline hold for the rest of this context: that of a request, for example."""
    _current.set(deadline)


def current_deadline() -> Deadline | None:
    """Return the deadline of this context."""
    return _current.get()


def check_deadline() -> None:
    """Raise what `Deadline.check` raises, where there is a deadline."""
    deadline = _current.get()
    if deadline is not None:
        deadline.check()


def too_long(seconds: float) -> TookTooLong:
    """Say that a question took longer than it may."""
    return TookTooLong(
        f"This question was worked on for {seconds:g} seconds, the longest that one may take here, and there is no answer. "
        "Ask for less at once, or ask again later."
    )
