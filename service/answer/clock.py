"""The time that the stages of one question take."""

from time import perf_counter

from service.answer.models import Timings


class Clock:
    """Milliseconds of one question's stages."""

    def __init__(self) -> None:
        self._started = self._after_retrieval = perf_counter()

    def retrieved(self) -> None:
        self._after_retrieval = perf_counter()

    def timings(self) -> Timings:
        now = perf_counter()
        stages = (self._after_retrieval - self._started, now - self._after_retrieval, now - self._started)
        return Timings(*(round(1000 * seconds, 2) for seconds in stages))
