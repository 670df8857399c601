"""How others hold up or end a run of indexing, and how it is followed."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Event, Lock

from index.errors import IndexingStopped
from index.sources.apart import stop_reading

OnProgress = Callable[[int, int], None]
"""Called with the number of articles that are done and the number of all, as far as that is known."""


@dataclass(frozen=True, slots=True)
class RunControl:
    """`changing` is held for each change of the index, and never while something is read; `stopped` ends the run."""

    changing: AbstractContextManager[object] = field(default_factory=nullcontext)
    stopped: Event = field(default_factory=Event)

    def check(self) -> None:
        """Raise IndexingStopped when the run is to end."""
        if self.stopped.is_set():
            raise IndexingStopped("Indexing was told to stop.")

    def stop(self) -> None:
        """End the run soon, whatever it waits for."""
        self.stopped.set()
        stop_reading()


class Progress:
    """Counts what is done: what is in the index, and what needs nothing or cannot go in. Used by several threads."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._on_progress = on_progress
        self._met = self.done = 0
        self._lock = Lock()

    def meet(self) -> None:
        """Note one more article or file that was read. There may be more of them than were counted."""
        with self._lock:
            self._met += 1
            self._total = max(self._total, self._met)

    def finish(self, count: int = 1) -> None:
        """Note that so many more are done."""
        with self._lock:
            self.done += count
            if self._on_progress:
                self._on_progress(self.done, self._total)
