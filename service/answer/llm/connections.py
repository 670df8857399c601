"""The connections that a language model's client opened, so that they can be closed when nobody listens any more.

The clients close a connection when their stream is collected as garbage. Theirs are part of cycles, so that is not at once,
and a model would go on writing for nobody.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from index.sources.deadline import Deadline

Trace = Callable[[str, Mapping[str, Any]], None]


class Connection(Protocol):
    """What can be closed, more than once."""

    def close(self) -> None: ...


_opened: ContextVar[list[Connection] | None] = ContextVar("connections", default=None)
_deadline: ContextVar[Deadline | None] = ContextVar("deadline of connections", default=None)


@contextmanager
def closed_at_the_end(deadline: Deadline) -> Iterator[None]:
    """Close what is opened inside, in this thread, at the end, and shut it at the deadline, whatever it waits for then."""
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
    """Return what an httpx request has to call as its extension `trace`, so that its connection can be shut in time."""
    deadline = _deadline.get()
    return deadline.trace if deadline else None


def to_close(connection: Connection) -> None:
    """Note a connection that was opened; outside of `closed_at_the_end` its client looks after it."""
    connections = _opened.get()
    if connections is not None:
        connections.append(connection)
