"""Whose question is worked on now. A few at once, for the machine has only so many cores; the others wait, fairly in turn.

People take turns: of those who wait, the one who was served longest ago is next, however many questions another one sent.
How long a turn takes is measured, so that who would wait too long is told so at once, and when to come back.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition
from time import monotonic

from index.deadline import Deadline
from index.errors import ServiceStopping

_FIRST_GUESS_SECONDS = 1.0
_NEWEST_COUNTS = 0.2
STOPPING = "Footnote is being stopped and could not answer this any more. Ask again when it is back."


@dataclass(frozen=True, slots=True)
class Room:
    """How much is worked on at once, by one person and by all, how many may wait, how long, and how long a turn may take."""

    at_once: int
    each: int
    waiting: int
    wait_seconds: float
    work_seconds: float


class Busy(Exception):
    """A question would wait for so many seconds, which is too long. `own` says that the same person's others are why."""

    def __init__(self, seconds: float, *, own: bool) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.own = own


class Turn:
    """The right to work on one question, until it is given back or its deadline is over."""

    def __init__(self, deadline: Deadline, release: Callable[["Turn"], None]) -> None:
        self.deadline = deadline
        self.began = monotonic()
        self.working = False
        self._release = release

    def release(self) -> None:
        """Give the turn back. Again does nothing."""
        self._release(self)


class FairQueue:
    """All turns of one service. Safe to use from many threads and event loops. Until it is opened, everybody waits."""

    def __init__(self, room: Room, *, opened: bool = True) -> None:
        self.room = room
        self._opened = opened
        self._stopping = False
        self._waiting: OrderedDict[str, deque[Future[Turn]]] = OrderedDict()
        self._working: dict[Turn, str] = {}
        self._seconds = _FIRST_GUESS_SECONDS
        self._changed = Condition()
        self._told: list[Callable[[], None]] = []

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        with self._changed:
            return sum(map(len, self._waiting.values()))

    @property
    def opened(self) -> bool:
        """Whether questions are worked on yet."""
        return self._opened

    @property
    def stopping(self) -> bool:
        """Whether no further questions are taken on."""
        return self._stopping

    def ask(self, who: str) -> "Future[Turn]":
        """Wait for a turn of this person's: the future may be cancelled. Raises Busy or ServiceStopping at once."""
        with self._changed:
            if self._stopping:
                raise ServiceStopping(STOPPING)
            self._check_room(who)
            future: Future[Turn] = Future()
            self._waiting.setdefault(who, deque()).append(future)
        future.add_done_callback(lambda done: self._forget(who, done) if done.cancelled() else None)
        self._hand_out()
        return future

    def open(self, seconds: float | None = None) -> None:
        """Let work begin. `seconds` is how long a question was seen to take."""
        with self._changed:
            self._opened = True
            self._seconds = seconds or self._seconds
        self._hand_out()

    def stop(self) -> None:
        """Take on no further questions. Those that were taken on are still answered."""
        with self._changed:
            self._stopping, told, self._told = True, self._told, []
        for tell in told:
            tell()

    def when_stopping(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when no further questions are taken on."""
        with self._changed:
            if not self._stopping:
                self._told.append(tell)
                return
        tell()

    def end(self) -> None:
        """End what is still waiting or being answered, with ServiceStopping."""
        self.stop()
        with self._changed:
            waiting = [future for of_one in self._waiting.values() for future in of_one]
            self._waiting.clear()
            working = list(self._working)
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(ServiceStopping(STOPPING))
        for turn in working:
            turn.deadline.end(ServiceStopping(STOPPING))

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until nothing is worked on, and say whether that came to be."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working, seconds)

    def _check_room(self, who: str) -> None:
        total, own = sum(map(len, self._waiting.values())), len(self._waiting.get(who, ()))
        if self._opened and not total and self._has_place(who):
            return
        # One person may fill half of the queue, so that there is room for others.
        if own >= max(self.room.waiting // 2, 1):
            raise Busy(self._expected_wait(who), own=True)
        expected = self._expected_wait(who) if self._opened else 0.0
        if total >= self.room.waiting or expected > self.room.wait_seconds:
            raise Busy(max(expected, self._expected_wait(who)), own=False)

    def _expected_wait(self, who: str) -> float:
        """Return for how many seconds a new question of this person's would wait, going by what turns took lately."""
        own = len(self._waiting.get(who, ()))
        others = [len(waiting) for name, waiting in self._waiting.items() if name != who]
        ahead = own + sum(min(count, own + 1) for count in others)
        people = {*self._waiting, *self._working.values(), who}
        places = min(self.room.at_once, self.room.each * len(people))
        return self._seconds * (ahead + 1) / places

    def _has_place(self, who: str) -> bool:
        held = sum(name == who for name in self._working.values())
        return len(self._working) < self.room.at_once and held < self.room.each

    def _hand_out(self) -> None:
        while (given := self._next()) is not None:
            future, turn = given
            future.set_result(turn)

    def _next(self) -> tuple["Future[Turn]", Turn] | None:
        with self._changed:
            while self._opened and (who := next(filter(self._has_place, self._waiting), None)) is not None:
                future = self._waiting[who].popleft()
                self._waiting.move_to_end(who)
                if not self._waiting[who]:
                    del self._waiting[who]
                if future.set_running_or_notify_cancel():
                    turn = Turn(Deadline(self.room.work_seconds), self._take_back)
                    self._working[turn] = who
                    return future, turn
        return None

    def _forget(self, who: str, future: "Future[Turn]") -> None:
        with self._changed:
            waiting = self._waiting.get(who, deque())
            if future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[who]

    def _take_back(self, turn: Turn) -> None:
        with self._changed:
            if self._working.pop(turn, None) is None:
                return
            took = monotonic() - turn.began
            self._seconds += _NEWEST_COUNTS * (took - self._seconds)
            self._changed.notify_all()
        self._hand_out()
