"""Runs an iterator ahead in its own thread, so that the steps of a pipeline overlap."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
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


def in_order(function: Callable[[T], R], items: Iterable[T], *, at_once: int) -> Generator[R, None, None]:
    """Yield what a function returns for each item, in order. It is called ahead, for up to `at_once` items at the same time.

    An error of the function or the iterator is raised here, after the results before it. Closing the generator waits for the
    calls that have begun.
    """
    threads = ThreadPoolExecutor(at_once, thread_name_prefix="footnote-ahead")
    begun = prefetch((threads.submit(function, item) for item in items), most=at_once)
    try:
        for one in begun:
            yield one.result()
    finally:
        begun.close()
        threads.shutdown(cancel_futures=True)


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
