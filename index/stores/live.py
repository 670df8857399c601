"""The live index of a process, which a rebuild may replace while questions are answered."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Lock

from index.ingest.run_control import RunControl
from index.stores.store import Index


class LiveIndex:
    """An open index and its successors. Each question keeps the one that it began with. An old one is removed after its last
    question.

    The locks: `indexing` is held while files are indexed, `fetching` while addresses are, and both during a rebuild. So there
    is one such run at a time, and files do not wait for addresses. `changing` is held for each change of the current index,
    also for deletions, so that a rebuild does not miss any. With a shared database they hold back other processes too.
    `control` ends all runs when the process stops. `changed` is set after articles were changed or deleted, here or, with a
    shared database, by another process; the thread that waits for it clears it.
    """

    def __init__(self, index: Index) -> None:
        locks = index.backend.locks
        self.indexing, self.fetching, self.changing = locks.indexing, locks.fetching, locks.changing
        self.control = RunControl(self.changing)
        self.changed = Event()
        self._current = index
        self._readers: Counter[int] = Counter()
        self._replaced: dict[int, Index] = {}
        self._lock = Lock()

    @property
    def current(self) -> Index:
        """The index that answers new questions. Use `pinned` to read from it for longer."""
        return self._current

    @contextmanager
    def pinned(self) -> Iterator[Index]:
        """Keep one index open while in this context, even if it is replaced."""
        with self._lock:
            index = self._current
            self._readers[id(index)] += 1
        try:
            yield index
        finally:
            with self._lock:
                self._readers[id(index)] -= 1
                finished = self._take_finished()
            _remove(finished)

    def replace(self, new: Index) -> None:
        """Make this index the current one, on disk and in this process. The caller holds `changing`."""
        new = replace(new, catalog=new.backend.make_current(new.folder, new.catalog))
        with self._lock:
            self._replaced[id(self._current)] = self._current
            self._current = new
            finished = self._take_finished()
        _remove(finished)

    def adopt(self, new: Index) -> None:
        """Read from this index from now on: the same folder with other vectors. The caller holds `changing` here."""
        with self._lock:
            self._current = new

    def close(self) -> None:
        """End runs of indexing, and close all files. Nobody may be reading any more."""
        self.control.stop()
        here = self._current.backend.locks.here
        with here.indexing, here.fetching:
            for index in (*self._replaced.values(), self._current):
                index.close()
            self._current.close_shared()

    def _take_finished(self) -> list[Index]:
        finished = [number for number in self._replaced if not self._readers[number]]
        return [self._replaced.pop(number) for number in finished]


def _remove(finished: list[Index]) -> None:
    for index in finished:
        index.close()
        index.backend.remove(index.folder, index.vectors.place)
