"""The client of a running service: the same answers and the same errors as in one process, over real HTTP."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from index.errors import (
    ArticleDeleted,
    ArticleError,
    ArticleUnknown,
    DataFolderOwned,
    FootnoteError,
    IndexEmpty,
    IndexingStopped,
    IndexMismatch,
    ModelUnusable,
    QuestionError,
    ServiceFailed,
    WrongUsage,
)
from index.records import EVERYTHING, FOR_EVERYONE
from service.api.app import create_app
from service.client import HttpClient
from service.schemas.api import (
    AskRequest,
    FiltersWire,
    SearchRequest,
)
from service.schemas.maintenance import (
    CheckRequest,
    IndexReportWire,
)
from tests.fake_assistant import ARTICLE, INDEXED, STATUS, FakeAssistant
from tests.http_server import serving_app
from tests.llm_server import free_port
from tests.service_fixtures import BACKED_UP, settings_for

TOKEN = "the-owner's-token"


@contextmanager
def served(assistant: FakeAssistant, data_dir: Path) -> Iterator[str]:
    """Serve an assistant on a free port. Yields the address."""
    with serving_app(create_app(assistant, settings=settings_for(data_dir), owner_token=TOKEN)) as url:
        yield url


@contextmanager
def client_of(url: str, token: str = TOKEN) -> Iterator[HttpClient]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False) as http:
        yield HttpClient(http)


@pytest.fixture(scope="module")
def served_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeAssistant, str]]:
    assistant = FakeAssistant()
    with served(assistant, tmp_path_factory.mktemp("data")) as url:
        yield assistant, url


@pytest.fixture
def assistant(served_assistant: tuple[FakeAssistant, str]) -> FakeAssistant:
    served_assistant[0].error = None
    served_assistant[0].calls.clear()
    return served_assistant[0]


@pytest.fixture
def client(served_assistant: tuple[FakeAssistant, str]) -> Iterator[HttpClient]:
    with client_of(served_assistant[1]) as client:
        yield client


def call_everything(client: HttpClient) -> list[Any]:
    """Return every call that a client can make, each as a function."""
    return [
        lambda: client.ask(AskRequest(question="Why?")),
        lambda: client.search(SearchRequest(question="Why?")),
        lambda: client.articles(),
        lambda: client.article("a"),
        lambda: client.status(),
        lambda: client.index([Path("/articles")]),
        lambda: client.delete(["a"]),
        lambda: client.rebuild(),
        lambda: client.backup(),
        lambda: client.check(CheckRequest(repair=True)),
    ]


def test_everything_comes_back_as_the_assistant_gave_it(assistant: FakeAssistant, client: HttpClient) -> None:
    request = AskRequest(question="Wie hoch? 😀", filters=FiltersWire(publishers=["Ä"]), include_hits=True)
    assert client.ask(request).question == "Wie hoch? 😀"
    assert client.search(SearchRequest(question="Why?", limit=3)).hits == []
    assert client.status() == STATUS
    assert client.index([Path("/articles")], prune=True, prune_limit=0.5, dry_run=True) == INDEXED
    client.delete(["a", "b/c"])
    assert client.articles(after="a&b=c", limit=7).total == 0
    assert client.backup() == BACKED_UP
    assert assistant.calls == [
        ("ask", request, EVERYTHING),
        ("search", SearchRequest(question="Why?", limit=3), EVERYTHING),
        ("status",),
        ("index", [Path("/articles")], True, 0.5, True),
        ("delete", ["a", "b/c"]),
        ("articles", EVERYTHING, "", "a&b=c", 7),
        ("backup",),
    ]


@pytest.mark.parametrize("article_id", ["a", "reports/2026/Q1 #1?.v2", "100%25 ü 😀", "a+b&c=d;e", "status", "a:b@c"])
def test_an_article_of_any_id_arrives_whole(assistant: FakeAssistant, client: HttpClient, article_id: str) -> None:
    article = client.article(article_id, "sha256:1+2")
    assert article == ARTICLE
    assert assistant.calls == [("article", article_id, EVERYTHING, "sha256:1+2")]
    client.article(article_id)
    assert assistant.calls[1] == ("article", article_id, EVERYTHING, None)


def test_relative_paths_are_those_of_whoever_asks(
    assistant: FakeAssistant, client: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client.index([Path("news"), "more", "https://example.com/feed"])
    assert assistant.calls[0][1] == [tmp_path / "news", tmp_path / "more", "https://example.com/feed"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (QuestionError("too long"), QuestionError),
        (IndexEmpty("run `footnote index`"), IndexEmpty),
        (IndexMismatch("made with “x”"), IndexMismatch),
        (ArticleUnknown("no 'ü'"), ArticleUnknown),
        (ArticleDeleted("gone"), ArticleDeleted),
        (WrongUsage("no such path"), WrongUsage),
        (ModelUnusable("damaged"), ModelUnusable),
        (ArticleError("a class with no type of its own"), ServiceFailed),
        (DataFolderOwned("held by another"), ServiceFailed),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "as",
)
def test_errors_come_back_as_what_they_were(
    assistant: FakeAssistant, client: HttpClient, error: FootnoteError, raised: type[FootnoteError]
) -> None:
    assistant.error = error
    for call in call_everything(client):
        with pytest.raises(FootnoteError) as caught:
            call()
        assert (type(caught.value), str(caught.value)) == (raised, str(error))


def test_what_nobody_expected_fails_without_telling_of_the_inside(assistant: FakeAssistant, client: HttpClient) -> None:
    assistant.error = RuntimeError("secret path /home/x")
    with capture_logs() as logged:
        for call in call_everything(client):
            with pytest.raises(ServiceFailed, match="went wrong inside Footnote") as caught:
                call()
            assert "secret" not in str(caught.value)
    unexpected = [line["event"] for line in logged if line["event"] != "request"]
    assert unexpected == ["unexpected error"] * len(call_everything(client))


def test_ctrl_c_ends_the_waiting_and_the_service_goes_on(
    assistant: FakeAssistant, client: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def interrupted(*_: object, **__: object) -> IndexReportWire:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        go_on.wait(60)
        ended.set()
        return INDEXED

    monkeypatch.setattr(assistant, "index", interrupted)
    # As in a command. A service that another test ran in this process has put its own handler there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(IndexingStopped, match="The service goes on with what it was told"):
            client.index([tmp_path])
    finally:
        signal.signal(signal.SIGINT, before)
        go_on.set()
    assert ended.wait(60)
    assert client.status() == STATUS


def test_arguments_that_are_not_text_are_refused_like_in_one_process(
    assistant: FakeAssistant, client: HttpClient
) -> None:
    not_utf8 = b"\xff".decode(errors="surrogateescape")  # what an argument of the command line becomes
    for call in (
        lambda: client.ask(AskRequest(question=not_utf8)),
        lambda: client.search(SearchRequest(question=not_utf8)),
        lambda: client.ask(AskRequest(question="Why?", filters=FiltersWire(article_ids=[not_utf8]))),
        lambda: client.delete([not_utf8]),
    ):
        with pytest.raises(QuestionError):
            call()
    assert assistant.calls == []


def test_a_service_that_is_gone() -> None:
    with client_of(f"http://127.0.0.1:{free_port()}") as client:
        for call in call_everything(client):
            with pytest.raises(ServiceFailed, match=r"127\.0\.0\.1.* does not answer"):
                call()


def test_a_service_that_stops_between_two_questions(tmp_path: Path) -> None:
    with ExitStack() as service:
        url = service.enter_context(served(FakeAssistant(), tmp_path))
        with client_of(url) as client:
            assert client.ask(AskRequest(question="Why?")).status == "no_answer"
            service.close()
            with pytest.raises(ServiceFailed, match="does not answer"):
                client.ask(AskRequest(question="Why?"))


@pytest.mark.parametrize("body", [b"", b"Bad gateway", b"[]", b'{"type": "x"}'])
def test_an_error_that_is_none_of_ours(body: bytes) -> None:
    def hang_in(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + body)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=hang_in, args=[listening])
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with client_of(url) as client, pytest.raises(ServiceFailed, match="HTTP 502"):
            client.status()
        thread.join()


@pytest.mark.parametrize("token", ["wrong", TOKEN + "x"])
def test_a_wrong_token_is_anybody(
    assistant: FakeAssistant, served_assistant: tuple[FakeAssistant, str], token: str
) -> None:
    with client_of(served_assistant[1], token) as client:
        client.ask(AskRequest(question="Why?"))
        for call in (client.status, lambda: client.index([Path("/x")]), lambda: client.delete(["a"])):
            with pytest.raises(ServiceFailed, match="owner of the data folder"):
                call()
    assert assistant.calls == [("ask", AskRequest(question="Why?"), FOR_EVERYONE)]
