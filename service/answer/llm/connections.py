"""The connections that a language model's client opened, so that they can be closed when nobody listens any more.

The clients close a connection when their stream is collected as garbage. Theirs are part of cycles, so that is not at once,
and a model would go on writing for nobody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Connection(Protocol):
    """What can be closed, more than once."""

    def close(self) -> None: ...


_opened: ContextVar[list[Connection] | None] = ContextVar("connections", default=None)


@contextmanager
def closed_at_the_end() -> Iterator[None]:
    """Close what is opened inside, in this thread, at the end."""
    connections: list[Connection] = []
    token = _opened.set(connections)
    try:
        yield
    finally:
        _opened.reset(token)
        for connection in connections:
            connection.close()


def to_close(connection: Connection) -> None:
    """Note a connection that was opened; outside of `closed_at_the_end` its client looks after it."""
    connections = _opened.get()
    if connections is not None:
        connections.append(connection)
