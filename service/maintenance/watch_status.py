"""The status of watched folders."""

from collections.abc import Sequence
from threading import Lock

from service.schemas.maintenance import WatchHealth, WatchWire


class WatchStatus:
    """The last state of each watched folder. Written by the watching threads, read by many threads."""

    def __init__(self) -> None:
        self._states: dict[str, WatchWire] = {}
        self._lock = Lock()

    def note(self, state: WatchWire) -> None:
        """Replace the state of this path."""
        with self._lock:
            self._states[state.path] = state

    def last_sync(self, path: str) -> str | None:
        """Return when the index was last made equal to this path."""
        with self._lock:
            return self._states[path].last_sync if path in self._states else None

    def failures(self, path: str) -> int:
        """Return how many tries failed since the index was last made equal to this path."""
        with self._lock:
            return self._states[path].failures if path in self._states else 0

    def wire(self) -> list[WatchWire]:
        """Return the state of every watched path, in the order in which they were first added."""
        with self._lock:
            return list(self._states.values())


def health(states: Sequence[WatchWire]) -> WatchHealth:
    """Return whether the index is kept equal to every watched path."""
    if any(state.failures for state in states):
        return "failing"
    return "working" if states else "none"
