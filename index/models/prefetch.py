"""Runs an iterator ahead in its own thread, so that the steps of a pipeline overlap."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
# How often a thread that waits for space checks whether its items are still needed.
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _End:
    """Marks the end, with the error that the iterator raised, if any."""

    error: BaseException | None = None


def prefetch(items: Iterable[T], *, most: int = 1) -> Generator[T, None, None]:
    """Yield the same items in the same order. Up to `most` of them are computed ahead.

    An error of the iterator is raised here, after the items before it. Closing the generator stops the thread at its next
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
            items.close()  # so that chained prefetches end too
    except BaseException as error:  # noqa: BLE001 - any error is raised where the items are used
        end = _End(error)
    _put(end, ready, unwanted)


def _put(item: "T | _End", ready: "Queue[T | _End]", unwanted: Event) -> bool:
    """Put an item into the queue. Return False if the items are no longer needed."""
    while not unwanted.is_set():
        try:
            ready.put(item, timeout=_LOOK_SECONDS)
        except Full:
            continue
        return True
    return False
