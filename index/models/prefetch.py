"""Runs an iterator ahead of whoever uses its items, in a thread of its own, so that steps of a pipeline overlap."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
# How often a thread that waits for room looks whether anybody still wants its items.
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _End:
    """After the last item: what the iterator raised, if it did."""

    error: BaseException | None = None


def prefetch(items: Iterable[T], *, most: int = 1) -> Generator[T, None, None]:
    """Yield the same items in the same order; up to `most` of them wait ready while one is in use.

    What the iterator raises is raised here, after the items before it. Closing the generator stops the thread at its next
    item and waits for it.
    """
    ready: Queue[T | _End] = Queue(most)
    unwanted = Event()
    thread = Thread(target=_fill, args=(items, ready, unwanted), name="footnote-prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        thread.join()


def _fill(items: Iterable[T], ready: "Queue[T | _End]", unwanted: Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _put(item, ready, unwanted):
                break
        if isinstance(items, Generator):
            items.close()  # a pipeline of several threads ends from its first to its last
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the items are used
        end = _End(error)
    _put(end, ready, unwanted)


def _put(item: "T | _End", ready: "Queue[T | _End]", unwanted: Event) -> bool:
    """Return whether the item was put. It is not when nobody wants it any more."""
    while not unwanted.is_set():
        try:
            ready.put(item, timeout=_LOOK_SECONDS)
        except Full:
            continue
        return True
    return False
