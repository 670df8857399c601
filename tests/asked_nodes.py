"""Questions to serving nodes while they and their servers fail. Each reply is remembered, and judged at the end."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import httpx

PATIENCE = 120.0
_UNAVAILABLE = "503 store-unavailable"
Version = tuple[str, str]
"""An article's id and its version."""


@dataclass(frozen=True)
class Outage:
    """A time in which questions to these nodes may fail. Between `down` and `starting`, what failed was away for certain."""

    nodes: frozenset[str]
    of_server: bool
    began: float
    down: float
    starting: float
    ended: float

    def touches(self, reply: "Reply") -> bool:
        return reply.node in self.nodes and self.began <= reply.ended and reply.began <= self.ended

    def covers(self, reply: "Reply") -> bool:
        return reply.node in self.nodes and self.down <= reply.began and reply.ended <= self.starting


def interrupted(
    stop: Callable[[], None], start: Callable[[], None], *, nodes: Iterable[str], of_server: bool, seconds: float
) -> Outage:
    """Stop something that these nodes need, and start it again."""
    began = time.monotonic()
    stop()
    down = time.monotonic()
    time.sleep(seconds)
    starting = time.monotonic()
    start()
    return Outage(frozenset(nodes), of_server, began, down, starting, time.monotonic())


@dataclass(frozen=True)
class Shown:
    """A stretch of an article that a reply shows."""

    version: Version
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Reply:
    """What came back when a node was asked. `problem` is None for an answer."""

    node: str
    path: str
    began: float
    ended: float
    problem: str | None = None
    shown: tuple[Shown, ...] = ()


@dataclass
class Asker:
    """Asks a node one question after the other."""

    node: str
    questions: Sequence[str]
    chance: random.Random
    replies: list[Reply] = field(default_factory=list)

    def ask(self, http: httpx.Client) -> None:
        path = self.chance.choice(["search", "ask"])
        request = {"question": self.chance.choice(self.questions)} | ({"include_hits": True} if path == "ask" else {})
        began = time.monotonic()
        problem, body = _reply(http, f"{self.node}/api/{path}", request)
        self.replies.append(Reply(self.node, path, began, time.monotonic(), problem, tuple(_shown(body))))
        if problem:
            time.sleep(0.05)

    @property
    def answered(self) -> int:
        return sum(reply.problem is None for reply in self.replies)

    def wait_for_more(self, count: int) -> None:
        """Wait until the node has given so many answers more."""
        wanted, deadline = self.answered + count, time.monotonic() + PATIENCE
        while self.answered < wanted:
            assert time.monotonic() < deadline, self.replies[-1]
            time.sleep(0.05)


@contextmanager
def asking(*askers: Asker) -> Iterator[None]:
    """Ask in threads while in this context."""
    stop = Event()

    def work(asker: Asker) -> None:
        with httpx.Client(timeout=PATIENCE) as http:
            while not stop.is_set():
                asker.ask(http)

    threads = [Thread(target=work, args=[asker]) for asker in askers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def faults(
    replies: Iterable[Reply], outages: Sequence[Outage], texts: Mapping[Version, str], gone: Mapping[Version, float]
) -> Iterator[str]:
    """Yield what must not be. `gone` has since when a version is not in the index for certain."""
    for reply in replies:
        around = [outage for outage in outages if outage.touches(reply)]
        if reply.problem and not around:
            yield f"{reply.problem} without an outage: {reply}"
        elif reply.problem and all(outage.of_server for outage in around) and reply.problem != _UNAVAILABLE:
            yield f"another error than {_UNAVAILABLE}: {reply}"
        elif not reply.problem and any(outage.covers(reply) for outage in around):
            yield f"an answer from memory: {reply}"
        for shown in reply.shown:
            if gone.get(shown.version, reply.began) < reply.began:
                yield f"{shown.version} was gone {reply.began - gone[shown.version]:.3f} s before: {reply}"
            if texts[shown.version][shown.start : shown.end] != shown.text:
                yield f"not in the article: {shown}"


def _reply(http: httpx.Client, url: str, request: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    try:
        response = http.post(url, json=request)
    except httpx.TransportError as error:
        return repr(error), {}
    body = response.json()
    if response.is_success:
        return None, body
    return f"{response.status_code} {body['type'].rpartition('/')[2]}", {}


def _shown(body: Mapping[str, Any]) -> Iterator[Shown]:
    for cited in [*body.get("hits", ()), *body.get("citations", ())]:
        version = cited["article_id"], cited["article_version"]
        yield Shown(version, cited["start"], cited["end"], cited.get("quote") or cited["text"])
