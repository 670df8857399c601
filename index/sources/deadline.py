"""One deadline for a whole HTTP exchange: when it has passed, the connection is shut.

Time-outs of HTTP clients are for each step: a server that sends a byte now and then could be waited for without end.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")
_LOOK_SECONDS = 0.1


class Deadline:
    """The deadline of an exchange: after so many seconds, or when `stopped` is set."""

    def __init__(self, seconds: float, stopped: Event) -> None:
        self._ends = monotonic() + seconds
        self._stopped = stopped
        self._connections: list[socket.socket] = []
        self._lock = Lock()
        self._shut = False

    @property
    def left(self) -> float:
        """Seconds until the end, at least a few milliseconds, so that it can be used as a time-out."""
        return max(self._ends - monotonic(), 0.005)

    @property
    def over(self) -> bool:
        return self._stopped.is_set() or monotonic() >= self._ends

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Record a connection that httpcore made (its extension `trace`)."""
        if event == "connection.connect_tcp.complete":
            # A copy, as TLS takes over the socket itself. Shutting the copy shuts the connection.
            connection = info["return_value"].get_extra_info("socket").dup()
            with self._lock:
                self._connections.append(connection)
                if self._shut:
                    _shut(connection)

    def wait_for(self, function: Callable[[], T]) -> T:
        """Return the result of a function that cannot be interrupted, or raise TimeoutError at the deadline."""
        results: list[T | Exception] = []

        def run() -> None:
            try:
                results.append(function())
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                results.append(error)

        thread = Thread(target=run, daemon=True)
        thread.start()
        while thread.is_alive() and not self.over:
            thread.join(min(self.left, _LOOK_SECONDS))
        if not results:
            raise TimeoutError("it took too long")
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    def _watch(self, done: Event) -> None:
        while not done.wait(min(self.left, _LOOK_SECONDS)):
            if self.over:
                with self._lock:
                    self._shut = True
                    for connection in self._connections:
                        _shut(connection)
                return

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Shut the connections made while in this context when the end comes."""
        done = Event()
        thread = Thread(target=self._watch, args=[done], name="footnote-deadline", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            for connection in self._connections:
                connection.close()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        connection.shutdown(socket.SHUT_RDWR)
