"""The connections that a language model's client opened, so that they can be closed as soon as a reply is not needed.

The clients close a connection when their stream is garbage-collected. The streams are part of reference cycles, so that
happens late, and the model would go on writing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from index.sources.deadline import Deadline

Trace = Callable[[str, Mapping[str, Any]], None]


class Connection(Protocol):
    """Something that can be closed, more than once."""

    def close(self) -> None: ...


_opened: ContextVar[list[Connection] | None] = ContextVar("connections", default=None)
_deadline: ContextVar[Deadline | None] = ContextVar("deadline of connections", default=None)


@contextmanager
def closed_at_the_end(deadline: Deadline) -> Iterator[None]:
    """Close the connections that this thread opens inside, at the end or at the deadline, even while they are read."""
    connections: list[Connection] = []
    opened, until = _opened.set(connections), _deadline.set(deadline)
    try:
        with deadline.enforced():
            yield
    finally:
        _deadline.reset(until)
        _opened.reset(opened)
        for connection in connections:
            connection.close()


def trace() -> Trace | None:
    """Return the extension `trace` for an httpx request, through which its connection can be closed at the deadline."""
    deadline = _deadline.get()
    return deadline.trace if deadline else None


def to_close(connection: Connection) -> None:
    """Register an open connection. Outside of `closed_at_the_end` its client closes it."""
    connections = _opened.get()
    if connections is not None:
        connections.append(connection)
