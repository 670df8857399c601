"""Servers that dawdle, in every part of an answer: one limit by the clock ends the fetch, and the next address is read."""

import gzip
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread, Timer

import pytest

from index.errors import IndexingStopped
from index.sources.fetching import Politeness
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Failed, Limits
from tests.web_fixtures import RAIN, errors, ids, read
from tests.web_server import Reply, WebServer, article_page

NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
PACKED = HEAD + b"Content-Encoding: gzip\r\n\r\n"
SHORT = Politeness(private=True, pause_seconds=0, timeout_seconds=0.5)
Answer = Callable[[bytes], Iterator[bytes]]


@contextmanager
def dawdling(answer: Answer, pause: float = 0.02) -> Iterator[str]:
    """Serve what `answer` gives for a request, piece by piece with pauses, until whoever asked has gone."""
    listener, done = socket.create_server(("127.0.0.1", 0)), Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for piece in answer(connection.recv(4_096)):
                connection.sendall(piece)
                if done.wait(pause):
                    return

    def accept() -> None:
        with suppress(OSError):
            while True:
                Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def forever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def page(*first: bytes, then: bytes) -> Answer:
    """Answer every page with these bytes and then one piece without end; there is no robots.txt."""

    def answer(request: bytes) -> Iterator[bytes]:
        if b"/robots.txt" in request:
            yield NO_ROBOTS
            return
        yield from first
        yield from forever(then)

    return answer


def redirecting(request: bytes) -> Iterator[bytes]:
    if b"/robots.txt" in request:
        yield NO_ROBOTS
        return
    # Each within the time, all together over it.
    yield from [b""] * 12
    yield b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def empty_blocks() -> bytes:
    """Gzip that comes to nothing, however long it is."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)


DAWDLERS: dict[str, Answer] = {
    "nothing at all": page(then=b""),
    "a head without end": page(b"HTTP/1.1 200 OK\r\n", then=b"X-Line: 1\r\n"),
    "a body byte by byte": page(HEAD + b"Content-Length: 100000\r\n\r\n", then=b"x"),
    "a body that ends with the connection": page(HEAD + b"Connection: close\r\n\r\n", then=b"x"),
    "gzip that comes to nothing": page(PACKED + empty_blocks(), then=b"\0\0\0\xff\xff"),
    "a gzip head without end": page(PACKED + gzip.compress(b"")[:3] + b"\x08" + b"\0" * 6, then=b"name"),
    "redirects": redirecting,
    "robots.txt": lambda request: forever(b"X-Line: 1\r\n"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", DAWDLERS.values(), ids=DAWDLERS.keys())
def test_a_server_that_dawdles_is_given_up_and_the_next_page_is_read(web: WebServer, answer: Answer) -> None:
    web.replies["/rain"] = Reply(article_page("Rain", RAIN))
    with dawdling(answer) as place:
        readings = read(f"http://{place}/", web.address + "/rain", politeness=SHORT)
    assert ids(readings) == [web.address + "/rain"]
    assert "took longer than 0.5 seconds" in errors(readings)[f"http://{place}/"]


@pytest.mark.timeout(60)
def test_a_handshake_that_never_ends_is_given_up() -> None:
    with dawdling(page(then=b"")) as place:
        (failed,) = read(f"https://{place}/", politeness=SHORT)
    assert isinstance(failed, Failed)
    assert "took longer than 0.5 seconds" in failed.error


@pytest.mark.timeout(60)
def test_a_name_that_is_never_resolved_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = Event()

    def resolving(*asked: object, **options: object) -> list[object]:
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    try:
        (failed,) = read("http://slow.example/", politeness=SHORT)
    finally:
        released.set()
    assert isinstance(failed, Failed)
    assert "took longer than 0.5 seconds" in failed.error


@pytest.mark.timeout(60)
def test_a_site_that_never_answers_is_not_asked_for_each_of_its_pages(web: WebServer) -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> Iterator[bytes]:
        if b"/robots.txt" in request:
            yield NO_ROBOTS
            return
        asked.append(request)
        yield from forever(b"")

    with dawdling(answer) as place:
        readings = read(*(f"http://{place}/{number}" for number in range(9)), politeness=SHORT)
    # On a busy machine the time may end before the request is sent: such a page counts, and the server saw nothing.
    assert len(asked) <= 5
    told = list(errors(readings).values())
    assert len(told) == 9
    assert "was not fetched" in told[-1]


@pytest.mark.timeout(60)
def test_fetching_ends_when_it_is_told_to() -> None:
    stopped = Event()
    patient = Politeness(private=True, pause_seconds=0, timeout_seconds=600)
    with dawdling(DAWDLERS["a head without end"]) as place:
        Timer(0.3, stopped.set).start()
        with pytest.raises(IndexingStopped):
            list(
                read_articles(sources_from([f"http://{place}/"]), limits=Limits(), politeness=patient, stopped=stopped)
            )


def test_the_first_half_megabyte_of_robots_counts(web: WebServer) -> None:
    rules = "User-agent: *\nDisallow: /closed\n" + "# words\n" * 100_000 + "Disallow: /open\n"
    web.replies |= {
        "/robots.txt": Reply(rules.encode(), "text/plain"),
        "/open": Reply(article_page("Rain", RAIN)),
        "/closed": Reply(article_page("Rain", RAIN)),
    }
    readings = read(web.address + "/open", web.address + "/closed")
    assert ids(readings) == [web.address + "/open"]
    assert "disallows it" in errors(readings)[web.address + "/closed"]
