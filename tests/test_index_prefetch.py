"""The same items in the same order, made ahead in another thread that ends when nobody wants more."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.models.prefetch import in_order, prefetch


@given(st.lists(st.integers()), st.integers(1, 4))
def test_items_come_in_order(items: list[int], most: int) -> None:
    assert list(prefetch(prefetch(iter(items), most=most))) == items


def test_the_next_item_is_made_while_one_is_in_use() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    numbers = prefetch(items())
    assert next(numbers) == 1
    assert made.wait(10)
    assert list(numbers) == [2]


def test_what_is_raised_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise KeyboardInterrupt

    got: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        got.extend(prefetch(prefetch(items())))
    assert got == [1, 2]


def test_no_more_is_made_than_may_wait() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    numbers = prefetch(items(), most=2)
    assert next(numbers) == 0
    time.sleep(0.3)
    assert len(made) <= 4  # one in use, two that wait, one that has no room
    numbers.close()


def test_closing_ends_every_thread_of_a_pipeline() -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    numbers = prefetch(number for number in prefetch(items()))
    assert next(numbers) == 1
    numbers.close()
    assert ended.wait(60)
    assert not [thread for thread in threading.enumerate() if thread.name == "footnote-prefetch"]


@pytest.mark.parametrize("at_once", [1, 3])
def test_results_come_in_order_whichever_is_ready_first(at_once: int) -> None:
    last_began = threading.Event()

    def doubled(number: int) -> int:
        if number == 0 and at_once > 1:
            assert last_began.wait(10)  # the first ends after others that began later
        if number == at_once - 1:
            last_began.set()
        return 2 * number

    assert list(in_order(doubled, range(20), at_once=at_once)) == [2 * number for number in range(20)]


def test_an_error_of_one_call_comes_after_the_results_before_it() -> None:
    got: list[float] = []
    with pytest.raises(ZeroDivisionError):
        got.extend(in_order(lambda number: 6 / number, [3, 2, 0, 1], at_once=2))
    assert got == [2, 3]


def test_no_more_calls_begin_than_may_be_ahead() -> None:
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        return number

    with closing(in_order(call, iter(range(100)), at_once=2)) as results:
        assert next(results) == 0
        time.sleep(0.3)
        # Two wait, one is waiting to join them, and one was handed out.
        assert len(begun) <= 4
    assert not [
        thread for thread in threading.enumerate() if thread.name.startswith(("footnote-ahead", "footnote-prefetch"))
    ]
