"""A fair queue for questions. A few are answered at once, as many as the cores allow; the others wait.

It is fair between people: of those who wait, the one who was served longest ago is next, no matter how many questions
somebody else sent. The time of each question is measured. A question that would wait too long is refused at once, with the
time after which to ask again.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition
from time import monotonic

from index.deadline import Deadline
from index.errors import ServiceStopping

_INITIAL_SECONDS = 1.0
_SMOOTHING = 0.2
STOPPING = "Footnote is being stopped and could not answer this any more. Ask again when it is back."


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many questions are answered at once, in total and for one person, how many may wait and how long, and how long
    an answer may take.
    """

    at_once: int
    per_person: int
    waiting: int
    wait_seconds: float
    work_seconds: float


class Busy(Exception):
    """A question would have to wait too long: for `seconds`. `own` says that the person's own other questions are why."""

    def __init__(self, seconds: float, *, own: bool) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.own = own


class Slot:
    """The right to work on one question, until it is released or its deadline has passed.

    The work on a `detached` one goes on when its client disconnects.
    """

    def __init__(self, deadline: Deadline, release: Callable[["Slot"], None]) -> None:
        self.deadline = deadline
        self.began = monotonic()
        self.working = False
        self.detached = False
        self._release = release

    def release(self) -> None:
        """Release the slot. Calling it again does nothing."""
        self._release(self)


class FairQueue:
    """The queue of one service. Safe to use from many threads and event loops. Until it is opened, everybody waits."""

    def __init__(self, limits: QueueLimits, *, opened: bool = True) -> None:
        self.limits = limits
        self._opened = opened
        self._stopping = False
        self._waiting: OrderedDict[str, deque[Future[Slot]]] = OrderedDict()
        self._working: dict[Slot, str] = {}
        self._seconds = _INITIAL_SECONDS
        self._changed = Condition()
        self._on_stop: list[Callable[[], None]] = []

    @property
    def waiting(self) -> int:
        """How many questions wait for a slot."""
        with self._changed:
            return sum(map(len, self._waiting.values()))

    @property
    def opened(self) -> bool:
        """Whether questions are worked on yet."""
        return self._opened

    @property
    def stopping(self) -> bool:
        """Whether further questions are refused."""
        return self._stopping

    def acquire(self, person: str) -> "Future[Slot]":
        """Return a future for a slot for this person. It may be cancelled. Raises Busy or ServiceStopping at once."""
        with self._changed:
            if self._stopping:
                raise ServiceStopping(STOPPING)
            self._check_capacity(person)
            future: Future[Slot] = Future()
            self._waiting.setdefault(person, deque()).append(future)
        future.add_done_callback(lambda done: self._remove_cancelled(person, done) if done.cancelled() else None)
        self._assign_slots()
        return future

    def open(self, seconds: float | None = None) -> None:
        """Start giving out slots. `seconds` is the measured time of a question."""
        with self._changed:
            self._opened = True
            self._seconds = seconds or self._seconds
        self._assign_slots()

    def stop(self) -> None:
        """Refuse further questions. Those that were accepted are still answered."""
        with self._changed:
            self._stopping, callbacks, self._on_stop = True, self._on_stop, []
        for callback in callbacks:
            callback()

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback` when further questions are refused, at once if they are already."""
        with self._changed:
            if not self._stopping:
                self._on_stop.append(callback)
                return
        callback()

    def end(self) -> None:
        """End all questions that wait or are being answered, with ServiceStopping."""
        self.stop()
        with self._changed:
            waiting = [future for of_one in self._waiting.values() for future in of_one]
            self._waiting.clear()
            working = list(self._working)
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(ServiceStopping(STOPPING))
        for slot in working:
            slot.deadline.end(ServiceStopping(STOPPING))

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no question is being answered, at most for so many seconds. Return whether that was reached."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working, seconds)

    def _check_capacity(self, person: str) -> None:
        total, own = sum(map(len, self._waiting.values())), len(self._waiting.get(person, ()))
        if self._opened and not total and self._has_capacity(person):
            return
        # One person may fill half of the queue, so that there is space for others.
        if own >= max(self.limits.waiting // 2, 1):
            raise Busy(self._expected_wait(person), own=True)
        expected = self._expected_wait(person) if self._opened else 0.0
        if total >= self.limits.waiting or expected > self.limits.wait_seconds:
            raise Busy(max(expected, self._expected_wait(person)), own=False)

    def _expected_wait(self, person: str) -> float:
        """Estimate how many seconds a new question of this person would wait, from the times of recent questions."""
        own = len(self._waiting.get(person, ()))
        others = [len(waiting) for name, waiting in self._waiting.items() if name != person]
        ahead = own + sum(min(count, own + 1) for count in others)
        people = {*self._waiting, *self._working.values(), person}
        places = min(self.limits.at_once, self.limits.per_person * len(people))
        return self._seconds * (ahead + 1) / places

    def _has_capacity(self, person: str) -> bool:
        held = sum(name == person for name in self._working.values())
        return len(self._working) < self.limits.at_once and held < self.limits.per_person

    def _assign_slots(self) -> None:
        while (given := self._next_assignment()) is not None:
            future, slot = given
            future.set_result(slot)

    def _next_assignment(self) -> tuple["Future[Slot]", Slot] | None:
        with self._changed:
            while self._opened and (person := next(filter(self._has_capacity, self._waiting), None)) is not None:
                future = self._waiting[person].popleft()
                self._waiting.move_to_end(person)
                if not self._waiting[person]:
                    del self._waiting[person]
                if future.set_running_or_notify_cancel():
                    slot = Slot(Deadline(self.limits.work_seconds), self._on_release)
                    self._working[slot] = person
                    return future, slot
        return None

    def _remove_cancelled(self, person: str, future: "Future[Slot]") -> None:
        with self._changed:
            waiting = self._waiting.get(person, deque())
            if future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[person]

    def _on_release(self, slot: Slot) -> None:
        with self._changed:
            if self._working.pop(slot, None) is None:
                return
            took = monotonic() - slot.began
            self._seconds += _SMOOTHING * (took - self._seconds)
            self._changed.notify_all()
        self._assign_slots()
