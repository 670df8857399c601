"""Runs work in a thread of its own for as long as a context lasts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def in_background(
    work: Callable[[Event], None], *, name: str, on_stop: Callable[[], None] | None = None
) -> Iterator[None]:
    """Run this in a thread with that name while in this context.

    At the end the event that `work` was given is set, `on_stop` is called, and it is waited for: work that waits for
    something else has to be woken by `on_stop`.
    """
    stopping = Event()
    thread = Thread(target=work, args=[stopping], name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        if on_stop:
            on_stop()
        thread.join()
