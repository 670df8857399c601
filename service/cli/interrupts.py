"""Ctrl-C while the index is changed: a message is shown at once, and at the end what was kept."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from index.errors import IndexingStopped


@contextmanager
def stopped_by_ctrl_c() -> Iterator[None]:
    """Say at once that Ctrl-C was noticed, as what is being written is finished first. Raises IndexingStopped after it."""
    before = signal.signal(signal.SIGINT, _stop)
    try:
        yield
    except KeyboardInterrupt as error:
        raise IndexingStopped(
            "Stopped. What was indexed is kept. Run the same command again: it goes on from there."
        ) from error
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(number: int, frame: FrameType | None) -> None:
    with suppress(RuntimeError):  # a line was just being written: Ctrl-C counts none the less
        typer.echo("\nStopping: this may take a few seconds.", err=True)
    raise KeyboardInterrupt
