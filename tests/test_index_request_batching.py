"""One batch for all who wait: everyone gets their own results, also when the work fails."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from index.models.request_batching import RequestBatcher


class Doubling:
    """Doubles numbers, writes down the batches, and waits in the first one until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.let_go = Event(), Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.begun.set()
        assert self.let_go.wait(60)
        if 13 in numbers:
            raise ValueError("13 cannot be doubled")
        return [2 * number for number in numbers]


@pytest.fixture
def doubling() -> Doubling:
    return Doubling()


def queue_up(
    gathered: RequestBatcher[int, int], doubling: Doubling, asked: list[list[int]]
) -> list[list[int] | Exception]:
    """Ask for the first alone, and for all others while it is being done."""

    def ask(numbers: list[int]) -> list[int] | Exception:
        try:
            return list(gathered.run(doubling, numbers))
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(asked)) as threads:
        first = threads.submit(ask, asked[0])
        assert doubling.begun.wait(60)
        others = [threads.submit(ask, numbers) for numbers in asked[1:]]
        while len(gathered._waiting) < len(others):
            pass
        doubling.let_go.set()
        return [future.result(60) for future in (first, *others)]


def test_those_who_wait_share_one_batch_and_get_their_own(doubling: Doubling) -> None:
    asked = [[1], [2, 3], [], [4], [5, 6, 7]]
    assert queue_up(RequestBatcher(), doubling, asked) == [[2 * number for number in numbers] for numbers in asked]
    assert doubling.batches[0] == [1]
    assert len(doubling.batches) == 2
    assert sorted(doubling.batches[1]) == [2, 3, 4, 5, 6, 7]


def test_an_error_reaches_everyone_in_the_batch_and_nobody_after(doubling: Doubling) -> None:
    gathered: RequestBatcher[int, int] = RequestBatcher()
    first, *others = queue_up(gathered, doubling, [[1], [13], [2]])
    assert first == [2]
    assert [str(error) for error in others] == ["13 cannot be doubled"] * 2
    assert gathered.run(doubling, [4]) == [8]


def test_alone_it_is_the_function_itself(doubling: Doubling) -> None:
    doubling.let_go.set()
    assert RequestBatcher[int, int]().run(doubling, [3, 1]) == [6, 2]
