"""Control and progress of a run of indexing: how other threads stop it, and how it reports progress."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Event, Lock

from index.errors import IndexingStopped
from index.sources.apart import stop_reading

OnProgress = Callable[[int, int], None]
"""Called with the number of finished articles and the total, as far as it is known."""


@dataclass(frozen=True, slots=True)
class RunControl:
    """`changing` is held for each change of the index, and never while sources are read. `stopped` ends the run."""

    changing: AbstractContextManager[object] = field(default_factory=nullcontext)
    stopped: Event = field(default_factory=Event)

    def check(self) -> None:
        """Raise IndexingStopped if the run was stopped."""
        if self.stopped.is_set():
            raise IndexingStopped("Indexing was told to stop.")

    def stop(self) -> None:
        """Stop the run soon, even if it waits for a source."""
        self.stopped.set()
        stop_reading()


class Progress:
    """Counts finished articles: indexed, unchanged or failed. Safe to use from several threads."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._on_progress = on_progress
        self._met = self.done = 0
        self._lock = Lock()

    def meet(self) -> None:
        """Count one more article or file that was read. There may be more than were counted at the start."""
        with self._lock:
            self._met += 1
            self._total = max(self._total, self._met)

    def expect(self, pages: int) -> None:
        """Count so many pages more that have to be recognised."""
        with self._lock:
            self._total += pages
            self._met += pages

    def finish(self, count: int = 1) -> None:
        """Count so many more as finished."""
        with self._lock:
            self.done += count
            if self._on_progress:
                self._on_progress(self.done, self._total)
