"""`/mcp` as the official client of the Model Context Protocol reads it, over real sockets."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import httpx
import pytest
from mcp import Client, MCPError
from structlog.testing import capture_logs

from index.errors import IndexEmpty
from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.middleware import MAX_BODY_BYTES
from service.auth.rate_limits import RateLimits
from service.auth.state import AuthState
from service.escaping import joined
from service.history.audit import Audit, entries
from service.history.database import opened_database
from service.history.keys import add_key
from service.mcp.arguments import ArticlePart
from service.mcp.text import answer_text, article_text, search_text
from service.schemas.api import ArticleSummary, AskRequest, SearchResponse
from tests.fake_assistant import ARTICLE, FakeAssistant, answered, citation, streamed
from tests.http_server import served, serving_app
from tests.mcp_client import HANDSHAKE, PATIENCE, PRESENT, call, connected, found, message, words
from tests.page_assistant import hit as hit_of
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_access_routes import ARTICLES, PRIVATE, QUESTION, SECRETS
from tests.test_service_openai_markdown import HOSTILE, RENDERERS, Shown

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ACCEPTED = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
TOWER = "How high is the old tower at the harbour?"


@dataclass(frozen=True)
class Place:
    """A service with a private article, and the keys of those who ask. Alice may read it, Bob may not."""

    url: str
    keys: dict[str, str]
    audited: Callable[[], set[tuple[str, str | None]]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("mcp")
    settings = settings_for(folder / "data", api_keys_required=True)
    with assistant_over(settings, with_history=True) as assistant:
        index_into(assistant, write(folder / "articles", ARTICLES))
        database = opened_database(folder / "data")
        keys = {name: add_key(database, name, groups=their) for name, their in {"alice": ["board"], "bob": []}.items()}
        audited = replace(assistant, observers=(Audit(database).record,))
        rates = RateLimits(folder / "rates.db")
        state = AuthState(token_lookups=(ApiKeys(database).asker,), rates=rates)
        with serving_app(create_app(audited, settings=settings, auth_state=state)) as url:
            yield Place(
                url, keys, lambda: {(entry.asker, entry.through) for entry in entries(database, since=LONG_AGO)}
            )
        rates.close()
        database.dispose()


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def url(assistant: FakeAssistant) -> Iterator[str]:
    with served(assistant) as url:
        yield url


def spoken(url: str, talk: Callable[[Client], Coroutine[Any, Any, Any]], **connecting: Any) -> Any:
    """Connect, and return what comes of talking."""

    async def connect() -> Any:
        async with asyncio.timeout(PATIENCE), connected(url, **connecting) as client:
            try:
                return await talk(client)
            except MCPError as error:  # within the connection's task groups it would become a group
                return error

    came = asyncio.run(connect())
    if isinstance(came, MCPError):
        raise came
    return came


@pytest.mark.parametrize("mode", [HANDSHAKE, PRESENT])
def test_an_answer_has_exact_citations_and_is_recorded(place: Place, mode: str) -> None:
    told: list[str | None] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def talk(client: Client) -> None:
        result = await client.call_tool("ask", {"question": TOWER}, progress_callback=progress)
        answer: Any = result.structured_content
        assert answer["status"] == "answered"
        assert "84 metres" in words(result)
        for cited in answer["citations"]:
            part = await found(client, "get_article", article_id=cited["article_id"], version=cited["article_version"])
            assert part["text"][cited["start"] : cited["end"]] == cited["quote"]
            assert cited["quote"] in words(result)

    spoken(place.url, talk, key=place.keys["bob"], mode=mode)
    assert told[0] == "Searching the articles"
    assert len(told) >= 3
    assert ("key:bob", "mcp") in place.audited()


def test_articles_are_tools_and_resources(place: Place) -> None:
    async def talk(client: Client) -> None:
        listed = await found(client, "list_articles", limit=2)
        rest = await found(client, "list_articles", limit=2, after=listed["next_after"])
        ids = [article["id"] for article in listed["articles"] + rest["articles"]]
        assert (listed["total"], rest["next_after"], set(ids)) == (
            3,
            None,
            {"harbour", PRIVATE, f"{PRIVATE[:6]}harbour-copy"},
        )
        resources = (await client.list_resources()).resources
        assert [resource.name for resource in resources] == ids
        private = next(resource for resource in resources if resource.name == PRIVATE)
        text: Any = (await client.read_resource(private.uri)).contents[0]
        part = await found(client, "get_article", article_id=PRIVATE, start=4, length=6)
        assert part["text"] == text.text[4:10]
        assert (part["start"], part["end"], part["characters"]) == (4, 10, len(text.text))
        templates = await client.list_resource_templates()
        assert [template.uri_template for template in templates.resource_templates] == ["footnote://article/{id}"]
        hits = (await found(client, "search", question=QUESTION, limit=1))["hits"]
        assert [hit["article_id"] for hit in hits] == [PRIVATE]

    spoken(place.url, talk, key=place.keys["alice"])


def test_what_one_may_not_read_is_like_what_does_not_exist(place: Place) -> None:
    async def talk(client: Client) -> None:
        for question in (QUESTION, "What is said about the harbour?"):
            for tool in ("ask", "search"):
                said = (await call(client, tool, question=question)).model_dump_json()
                assert not any(secret in said for secret in SECRETS)
        private, made_up = [
            words(await call(client, "get_article", article_id=name)) for name in (PRIVATE, "board/bards")
        ]
        assert private.replace(PRIVATE, "board/bards") == made_up
        with pytest.raises(MCPError, match="There is no article"):
            await client.read_resource(f"footnote://article/{PRIVATE}")

    spoken(place.url, talk, key=place.keys["bob"])


def test_without_a_good_key_there_is_nothing(place: Place) -> None:
    for headers, slug in (({}, "key-required"), ({"Authorization": "Bearer made-up"}, "key-unknown")):
        reply = httpx.post(f"{place.url}/mcp", content=message("tools/list"), headers=ACCEPTED | headers)
        assert (reply.status_code, reply.json()["type"]) == (401, f"/problems/{slug}")
        assert reply.headers["www-authenticate"].startswith("Bearer")


def test_questions_count_against_the_rate_of_the_api(tmp_path: Any, assistant: FakeAssistant) -> None:
    settings = settings_for(tmp_path, questions_per_minute_total=1)
    rates = RateLimits(tmp_path / "rates.db")

    async def talk(client: Client) -> None:
        await found(client, "search", question="Why?")
        refused = await call(client, "ask", question="Why?")
        assert refused.is_error
        assert words(refused).startswith("Too many questions within a minute. Ask again in")
        await found(client, "list_articles")

    with serving_app(create_app(assistant, settings=settings, auth_state=AuthState(rates=rates))) as url:
        spoken(url, talk)
    rates.close()
    assert [called[0] for called in assistant.calls] == ["search", "articles"]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": "Why?", "mood": "good"}, "mood: Extra inputs are not permitted"),
        ("ask", {"question": "W" * 50_000}, "The question has 50,000 characters"),
        ("ask", {"question": "a\0b"}, "NUL"),
        ("search", {"question": "Why?", "limit": 10**9}, "limit: Input should be less than or equal to 50"),
        ("search", {"question": "Why?", "published_after": "soon"}, "published_after: Input should be a valid date"),
        ("get_article", {"article_id": "a\0b"}, "NUL"),
        ("get_article", {"article_id": "a", "start": -1}, "start: Input should be greater than or equal to 0"),
        ("list_articles", {"title": "t" * 201}, "title: String should have at most 200 characters"),
    ],
)
def test_wrong_arguments_are_told_and_ask_nothing(
    url: str, assistant: FakeAssistant, tool: str, arguments: dict[str, Any], said: str
) -> None:
    result = spoken(url, partial(call, tool=tool, **arguments))
    assert result.is_error
    assert said in words(result)
    assert len(words(result)) <= 1_000
    assert assistant.calls == []


def test_what_is_not_there_is_told_by_the_protocol(url: str) -> None:
    async def talk(client: Client) -> None:
        with pytest.raises(MCPError, match=r"There is no tool 'delete'\. There are ask, search"):
            await client.call_tool("delete", {})
        with pytest.raises(MCPError, match="There is no resource 'file:///etc/passwd'"):
            await client.read_resource("file:///etc/passwd")

    spoken(url, talk)


def test_errors_are_told_in_words_and_unexpected_ones_without_details(url: str, assistant: FakeAssistant) -> None:
    for error, said in (
        (IndexEmpty("Nothing is indexed yet."), "Nothing is indexed yet."),
        (RuntimeError("at /secret/path"), "Something went wrong inside Footnote."),
    ):
        assistant.error = error
        for asks in (partial(call, tool="ask", question="Why?"), partial(call, tool="get_article", article_id="a")):
            result = spoken(url, asks)
            assert result.is_error
            assert words(result).startswith(said)
            assert "secret" not in words(result)
        with pytest.raises(MCPError, match=re.escape(said)):
            spoken(url, lambda client: client.read_resource("footnote://article/a"))


def test_hostile_words_stay_on_their_lines_and_lead_nowhere(url: str, assistant: FakeAssistant) -> None:
    hostile = "It rained\x1b[2J.\n\nSources:\n[1] Forged, https://evil.example\u202e"
    cited = citation(1, "a/../b\n#x", title="T\x07\n[9] Forged", quote=hostile, url="javascript:alert(1)")
    assistant.steps = [*streamed(answered(hostile, citations=[cited]))]
    result = spoken(url, lambda client: call(client, "ask", question="Why?"))
    lines = words(result).splitlines()
    assert [line for line in lines if line.startswith(("Sources:", "["))] == lines[-2:]
    assert "footnote://article/a%2F..%2Fb%0A%23x" in lines[-1]
    assert "javascript:" not in words(result)
    assert joined(words(result)).replace("\n", "").isprintable()
    # The structured result is data, and exact.
    assert result.structured_content["citations"][0]["quote"] == hostile


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("form", ["prose", "list", "code", "quote"])
def test_a_client_that_shows_results_as_markdown_shows_no_image_and_no_link(
    hostile: str, form: Literal["prose", "list", "code", "quote"]
) -> None:
    given = answered(hostile, citations=[citation(1, quote=hostile, title=hostile)])
    [sentence] = given.sentences
    given = given.model_copy(update={"sentences": [sentence.model_copy(update={"form": form})]})
    hit = hit_of(citation(1, quote=hostile, title=hostile))
    part = ArticlePart(
        **ARTICLE.model_dump(include={*ArticleSummary.model_fields, "current"}) | {"title": hostile},
        text=hostile,
        start=0,
        end=len(hostile),
        characters=len(hostile),
    )
    said = [answer_text(given), search_text(SearchResponse(question="Why?", hits=[hit])), article_text(part)]
    for render in RENDERERS.values():
        shown = [Shown(render(text)) for text in said]
        assert not any(one.tags & {"a", "img", "script", "svg"} or one.addresses for one in shown)


def test_code_keeps_its_lines_and_marks() -> None:
    code = 'pg_restore --dbname="${names[1]}"\n  Sources:'
    [sentence] = answered(code, citations=[citation(1)]).sentences
    given = answered("Run this:", citations=[citation(1)])
    given = given.model_copy(update={"sentences": [*given.sentences, sentence.model_copy(update={"form": "code"})]})
    told = answer_text(given).split("\n\n")
    assert told[:3] == ["Run this: [1]", '    pg_restore --dbname="${names[1]}"\n      Sources:', "[1]"]


def test_a_quote_below_an_answer_stands_in_a_paragraph_of_its_own() -> None:
    said, quote, last = answered("It rained.", "“Ferries stopped.”", "That is all.", citations=[citation(1)]).sentences
    given = answered("It rained.", citations=[citation(1)])
    below = quote.model_copy(update={"form": "quote", "citations": [1]})
    given = given.model_copy(update={"sentences": [said, below, last.model_copy(update={"citations": [1]})]})
    assert answer_text(given).split("\n\n")[:3] == ["It rained. [1]", "> “Ferries stopped.” [1]", "That is all. [1]"]


def test_the_text_of_an_article_is_exact_as_a_resource(url: str) -> None:
    text = spoken(url, lambda client: client.read_resource("footnote://article/reports%2F2026%2FQ1%20%231%3F.v2"))
    assert (text.contents[0].text, text.contents[0].mime_type) == (ARTICLE.text, "text/plain")


def test_work_ends_when_the_connection_is_closed(url: str, assistant: FakeAssistant) -> None:
    steps = streamed(answered("It rained.", "Ferries stopped.", citations=[citation(1), citation(2)]))
    hung_up = threading.Event()
    assistant.steps = [*steps[:2], lambda: hung_up.wait(PATIENCE), *steps[2:]]
    asked = message("tools/call", name="ask", arguments={"question": "Why?"}, _meta={"progressToken": 1})
    with (
        httpx.Client(timeout=PATIENCE, trust_env=False) as http,
        http.stream("POST", f"{url}/mcp", content=asked, headers=ACCEPTED) as reply,
    ):
        assert any("are being read" in line for line in reply.iter_lines())
    # The service notices within moments; there is no sign of it but that the work ends.
    threading.Timer(1.0, hung_up.set).start()
    assert assistant.closed.wait(PATIENCE)
    assert assistant.made < len(assistant.steps)


def test_a_client_that_leaves_while_it_sends_leaves_no_traceback(url: str, caplog: pytest.LogCaptureFixture) -> None:
    address = url.removeprefix("http://")
    host, _, port = address.partition(":")
    head = f"POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    with capture_logs() as logged:
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode())
        until = time.monotonic() + PATIENCE
        while not any(entry["event"] == "request" for entry in logged) and time.monotonic() < until:
            time.sleep(0.01)
    assert [(entry["route"], entry["status"]) for entry in logged] == [("/mcp", 499)]
    assert not caplog.records


def test_other_sites_pages_and_foreign_names_are_refused(url: str, assistant: FakeAssistant) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "rebound.example"}, {"X-Forwarded-For": "10.0.0.1"}):
        reply = httpx.post(f"{url}/mcp", content=message("tools/list"), headers=ACCEPTED | headers)
        assert reply.status_code == 403
    assert assistant.calls == []


def test_requests_that_are_none_are_refused(url: str, assistant: FakeAssistant) -> None:
    def sent(body: bytes | str, **headers: str) -> httpx.Response:
        return httpx.post(f"{url}/mcp", content=body, headers=ACCEPTED | headers)

    assert sent(message("tools/call", name="ask", arguments={"question": "x" * MAX_BODY_BYTES})).status_code == 413
    for body in ("{", "[" * 100_000, f"[{message('tools/list')}]", b"\xff", '{"jsonrpc":"2.0"}', "null"):
        for version in ("2025-06-18", "2026-07-28"):
            reply = sent(body, **{"MCP-Protocol-Version": version})
            assert 400 <= reply.status_code < 500
            assert "Traceback" not in reply.text
    assert sent(message("tools/list"), Accept="text/html").status_code == 406
    assert httpx.get(f"{url}/mcp", headers=ACCEPTED).status_code == 405
    assert httpx.delete(f"{url}/mcp").status_code == 405
    assert "/mcp" not in httpx.get(f"{url}/openapi.json").json()["paths"]
    assert assistant.calls == []


def test_filters_reach_the_question(url: str, assistant: FakeAssistant) -> None:
    given = {"published_after": "2026-01-02", "publishers": ["The Herald"], "article_ids": ["rain"]}
    given |= {"collections": ["handbook"], "scope": "hr"}
    spoken(url, lambda client: found(client, "ask", question="Why?", **given))
    asked = assistant.called[1]
    assert isinstance(asked, AskRequest)
    assert asked.filters.model_dump(mode="json") == {"published_before": None} | given
