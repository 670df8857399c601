"""The HTTP edge against an assistant that answers from memory: shapes, problems, and who is let in."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError
from structlog.testing import capture_logs

from index.errors import (
    ArticleDeleted,
    ArticleError,
    ArticleUnknown,
    DataFolderOwned,
    FootnoteError,
    IndexEmpty,
    IndexMismatch,
    ModelUnusable,
    QuestionError,
    WrongUsage,
)
from index.records import EVERYTHING, FOR_EVERYONE
from service.api.app import create_app
from service.mcp.arguments import SearchArguments
from service.openai.responses_wire import ResponsesRequest
from service.openai.wire import ChatRequest
from service.schemas.api import ArticleResponse, AskRequest, AskResponse, SearchRequest
from service.settings import Settings
from tests.fake_assistant import ARTICLE, FakeAssistant

TOKEN = "the-owner's-token"
OWNER = {"Authorization": f"Bearer {TOKEN}"}
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def client(assistant: FakeAssistant) -> Iterator[TestClient]:
    with serve(assistant) as client:
        yield client


def serve(
    assistant: FakeAssistant, *, host: str = "127.0.0.1", public_url: str | None = None, keys: bool | None = None
) -> TestClient:
    settings = Settings(_env_file=None, public_url=public_url, api_keys_required=keys)
    app = create_app(assistant, settings=settings, host=host, owner_token=TOKEN)
    return TestClient(app, base_url=ADDRESS)


def problem(response: object, status: int, slug: str) -> str:
    """Check that this is a problem of this kind and return its detail."""
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body = response.json()  # type: ignore[attr-defined]
    assert (response.status_code, body["status"], body["type"]) == (status, status, f"/problems/{slug}")  # type: ignore[attr-defined]
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["title"]
    return str(body["detail"])


# What the endpoints pass on and give back


def test_ask_passes_the_question_on_and_answers_in_the_shape_of_the_contract(
    client: TestClient, assistant: FakeAssistant
) -> None:
    filters = {"published_after": "2026-01-01", "article_ids": ["a/b"]}
    response = client.post("/api/ask", json={"question": "Why?", "filters": filters, "as_of": "2026-04-24"})
    assert response.status_code == 200
    assert AskResponse.model_validate_json(response.content).question == "Why?"
    call, request, access = assistant.called
    assert isinstance(request, AskRequest)
    assert (call, request.as_of, access) == ("ask", date(2026, 4, 24), FOR_EVERYONE)
    assert (request.filters.published_after, request.filters.article_ids) == (date(2026, 1, 1), ["a/b"])


def test_search_passes_the_limit_on(client: TestClient, assistant: FakeAssistant) -> None:
    assert client.post("/api/search", json={"question": "Why?", "limit": 3}).json() == {"question": "Why?", "hits": []}
    assert assistant.called[1:] == (SearchRequest(question="Why?", limit=3), FOR_EVERYONE)


def test_articles_are_paged(client: TestClient, assistant: FakeAssistant) -> None:
    page = client.get("/api/articles", params={"title": "Rain", "after": "a/b c", "limit": 7}).json()
    assert page == {"articles": [], "total": 0, "next_after": None}
    assert assistant.called == ("articles", FOR_EVERYONE, "Rain", "a/b c", 7)


@pytest.mark.parametrize(
    ("path", "article_id"),
    [
        ("reports/2026/Q1%20%231%3F.v2", "reports/2026/Q1 #1?.v2"),
        ("a%2F..%2Fb", "a/../b"),
        ("%C3%A4rger/100%25", "ärger/100%"),
        ("/leading", "/leading"),
        ("trailing/", "trailing/"),
    ],
)
def test_article_ids_may_hold_anything(
    client: TestClient, assistant: FakeAssistant, path: str, article_id: str
) -> None:
    response = client.get(f"/api/articles/{path}", params={"version": "sha256:1"})
    assert ArticleResponse.model_validate_json(response.content) == ARTICLE
    assert assistant.called == ("article", article_id, FOR_EVERYONE, "sha256:1")


def test_health_does_not_ask_the_assistant_and_readiness_does(client: TestClient, assistant: FakeAssistant) -> None:
    assistant.error = IndexEmpty("Nothing is indexed. Run footnote index PATH.")
    assert client.get("/healthz").json() == {"status": "alive"}
    assert "footnote index" in problem(client.get("/readyz"), 503, "not-ready")
    assistant.error = None
    assert client.get("/readyz").json() == {
        "status": "ready",
        "language_model": "not needed",
        "watching": "none",
        "sources": "none",
    }


def test_publishers_are_those_of_what_the_asker_may_read(client: TestClient, assistant: FakeAssistant) -> None:
    herald = {"name": "The Herald", "articles": 2}
    expected = {"publishers": [herald], "earliest": "2026-04-01", "latest": "2026-04-24"}
    assert client.get("/api/publishers").json() == expected
    assert assistant.called == ("publishers", FOR_EVERYONE)


@pytest.mark.parametrize(
    "path", ["/", "/articles", "/articles/a/b%20c", "/answers/ans_1", "/conversations/conv_1", "/review", "/usage"]
)
def test_the_page_is_html_under_all_its_addresses(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["content-type"].startswith("text/html")
    assert "/static/app.js" in response.text
    assert client.head(path).status_code == 200


def test_static_files_carry_their_types_and_are_checked_for_changes(client: TestClient) -> None:
    script = client.get("/static/app.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "private, no-cache"
    assert client.get("/static/app.js", headers={"If-None-Match": script.headers["etag"]}).status_code == 304
    assert client.get("/static/styles/style.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["nothing.js", "%2e%2e/api.py", "..%2fapi.py", "%00", "", "a" * 5_000])
def test_static_serves_nothing_else(client: TestClient, path: str) -> None:
    problem(client.get(f"/static/{path}"), 404, "not-found")


# What goes wrong


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (QuestionError("The question is empty."), 422, "question-unusable"),
        (IndexEmpty("Nothing is indexed."), 409, "index-empty"),
        (IndexMismatch("Another model made this."), 409, "index-mismatch"),
        (ArticleUnknown("No such article."), 404, "article-unknown"),
        (ArticleDeleted("It was deleted."), 410, "article-deleted"),
        (WrongUsage("That makes no sense."), 400, "wrong-usage"),
        (ModelUnusable("No weights."), 503, "model-unusable"),
        (ArticleError("Not UTF-8."), 500, "failed"),
        (DataFolderOwned("By another."), 500, "failed"),
        (FootnoteError("Something."), 500, "failed"),
    ],
)
def test_every_error_is_a_problem(
    client: TestClient, assistant: FakeAssistant, error: FootnoteError, status: int, slug: str
) -> None:
    assistant.error = error
    assert problem(client.post("/api/ask", json={"question": "Why?"}), status, slug) == str(error)
    assert problem(client.get("/api/articles/a/b"), status, slug) == str(error)


def test_unexpected_errors_go_to_the_log_and_say_nothing_of_the_inside(
    client: TestClient, assistant: FakeAssistant
) -> None:
    assistant.error = RuntimeError("password=hunter2")
    with capture_logs() as lines:
        response = client.post("/api/ask", json={"question": "Why?"})
    assert "hunter2" not in problem(response, 500, "internal-error")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    fault, request = lines
    assert (fault["event"], fault["path"], fault["exc_info"]) == ("unexpected error", "/api/ask", True)
    assert (request["event"], request["route"], request["status"]) == ("request", "/api/ask", 500)


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "json-invalid"),
        (b'{"question": "\xff"}', 400, "bad-request"),
        (b"[" * 100_000, 400, "bad-request"),
        (b"[]", 422, "request-invalid"),
        (b"{}", 422, "request-invalid"),
        (b'{"question": 1}', 422, "request-invalid"),
        (b'{"question": "Why?", "unknown": 1}', 422, "request-invalid"),
        (b'{"question": "Why?", "unknown\\ud800": 1}', 422, "request-invalid"),
        (b'{"question": "a\\ud800b"}', 422, "question-unusable"),
        (b'{"question": "a", "filters": {"publishers": ["\\udfff"]}}', 422, "question-unusable"),
        (b'{"question": "a", "filters": {"article_ids": ["a\\u0000"]}}', 422, "question-unusable"),
        (b'{"question": "a\\u0000b"}', 422, "question-unusable"),
        (b'{"question": "Why?", "filters": {"published_after": "soon"}}', 422, "request-invalid"),
        (b'{"question": "Why?", "conversation_id": "conv 1"}', 422, "request-invalid"),
    ],
)
def test_bad_bodies_are_told_what_is_wrong(
    client: TestClient, assistant: FakeAssistant, body: bytes, status: int, slug: str
) -> None:
    response = client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert problem(response, status, slug)
    assert assistant.called == ()


def test_validation_names_the_field_and_does_not_repeat_what_was_sent(client: TestClient) -> None:
    response = client.post("/api/ask", json={"question": "Why?", "filters": {"published_after": "<b>soon</b>"}})
    detail = problem(response, 422, "request-invalid")
    assert "body.filters.published_after" in detail
    assert "<b>" not in detail


def test_a_body_that_is_not_called_json_is_told_so(client: TestClient) -> None:
    response = client.post("/api/ask", content=b'{"question": "Why?"}', headers={"Content-Type": "text/plain"})
    assert "Content-Type: application/json" in problem(response, 415, "content-type")


def test_bodies_are_bounded_whether_they_say_their_size_or_not(client: TestClient, assistant: FakeAssistant) -> None:
    body = json.dumps({"question": "a" * 1_000_000}).encode()
    headers = {"Content-Type": "application/json"}
    problem(client.post("/api/ask", content=body, headers=headers), 413, "body-too-large")
    problem(client.post("/api/ask", content=iter([body[:9], body[9:]]), headers=headers), 413, "body-too-large")
    assert assistant.called == ()


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (ChatRequest, {"model": "footnote", "messages": [{}] * 5_000}),
        (ChatRequest, {"model": "footnote", "messages": [{"role": "user", "content": [1] * 5_000}]}),
        (ChatRequest, {"model": "footnote", "messages": [{"role": "user"}] * 20_000}),
        (ResponsesRequest, {"model": "footnote", "input": [1] * 5_000}),
        (ResponsesRequest, {"model": "footnote", "input": [{"content": [{}]}] * 5_000}),
        (ResponsesRequest, {"model": "footnote", "input": [{}] * 20_000}),
        (AskRequest, {"question": "Why?"} | {f"key {number}": 1 for number in range(5_000)}),
        (AskRequest, {"question": "Why?", "filters": {f"key {number}": 1 for number in range(5_000)}}),
        (AskRequest, {"question": "Why?", "history": [1] * 5_000}),
        (SearchArguments, {"question": "Why?"} | {f"key {number}": 1 for number in range(5_000)}),
    ],
)
def test_what_is_wrong_many_times_over_is_said_once(shape: type[BaseModel], body: dict[str, Any]) -> None:
    """Bodies are checked on the event loop, where an error for each of a million items stopped everybody for seconds."""
    with pytest.raises(ValidationError) as refused:
        shape.model_validate(body)
    assert refused.value.error_count() <= 4


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=many"])
def test_limits_are_checked(client: TestClient, query: str) -> None:
    assert "query.limit" in problem(client.get(f"/api/articles?{query}"), 422, "request-invalid")


def test_unknown_routes_and_methods_are_problems(client: TestClient) -> None:
    problem(client.get("/nothing"), 404, "not-found")
    problem(client.get("/docs"), 404, "not-found")
    problem(client.post("/api/ask/", json={"question": "Why?"}), 404, "not-found")
    assert "'/api/nothing'" in problem(client.get("/api/nothing"), 404, "not-found")
    refused = client.get("/api/ask")
    assert problem(refused, 405, "method-not-allowed") == "'/api/ask' takes POST, not GET."
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_people_get_the_page_where_there_is_nothing_and_programs_a_problem(client: TestClient, method: str) -> None:
    read = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/nothing", "/usage/", "/answers/a/b"):
        page = client.request(method, path, headers=read)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    for path in ("/api/nothing", "/static/nothing.js", "/api"):
        assert client.request(method, path, headers=read).headers["content-type"] == "application/problem+json"
    problem(client.post("/nothing", headers=read), 404, "not-found")


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/api/articles", "/api/articles/a", "/openapi.json", "/metrics"]
)
def test_head_says_what_get_would(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (200, get.headers["content-type"])
    refused = client.head("/api/ask")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [
        b'{"question": "caf\xe9"}',
        b'{"question":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"question":' + b"9" * 5_000 + b"}",
        b"\x1f\x8b\x08",
    ],
    ids=["latin-1", "nested", "long number", "compressed"],
)
def test_a_body_that_cannot_be_read_is_told_what_to_be(
    client: TestClient, assistant: FakeAssistant, body: bytes
) -> None:
    sent = client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert "JSON in UTF-8" in problem(sent, 400, "bad-request")
    assert assistant.called == ()


def test_openapi_describes_answers_and_problems(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    responses = paths["/api/ask"]["post"]["responses"]
    assert responses["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/AskResponse")
    assert set(responses["422"]["content"]) == {"application/problem+json"}
    assert not any(path.startswith("/articles") for path in paths)


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/articles", "/nothing", "/healthz"])
def test_every_response_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


# Who is let in, and as whom


def test_the_owner_reads_everything(client: TestClient, assistant: FakeAssistant) -> None:
    client.post("/api/ask", json={"question": "Why?"}, headers=OWNER)
    assert assistant.called[2] == EVERYTHING


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer ä", ""])
def test_others_read_what_is_for_everyone(client: TestClient, assistant: FakeAssistant, header: str) -> None:
    headers = [(b"Authorization", header.encode())]
    assert client.get("/api/articles", headers=headers).status_code == 200
    assert assistant.called[1] == FOR_EVERYONE
    problem(client.get("/api/status", headers=headers), 403, "admin-only")


def test_without_a_token_nobody_is_the_owner(assistant: FakeAssistant) -> None:
    app = create_app(assistant, settings=Settings(_env_file=None, api_keys_required=None), owner_token="")
    client = TestClient(app, base_url=ADDRESS)
    problem(client.get("/api/status", headers={"Authorization": "Bearer "}), 403, "admin-only")


def test_the_owner_indexes(client: TestClient, assistant: FakeAssistant, tmp_path: Path) -> None:
    request = {"paths": [str(tmp_path)], "prune": True, "prune_limit": 0.5, "dry_run": True}
    assert client.post("/api/index", json=request, headers=OWNER).json()["added"] == 1
    assert assistant.called == ("index", [tmp_path], True, 0.5, True)


def test_the_owner_indexes_addresses(client: TestClient, assistant: FakeAssistant) -> None:
    feed = "https://example.com/feed?a=1"
    assert client.post("/api/index", json={"paths": [feed]}, headers=OWNER).status_code == 200
    assert assistant.called == ("index", [feed], False, 0.2, False)


def test_the_owner_deletes_and_sees_the_status(client: TestClient, assistant: FakeAssistant) -> None:
    assert client.post("/api/delete", json={"article_ids": ["a/b"]}, headers=OWNER).status_code == 204
    assert assistant.called == ("delete", ["a/b"])
    assistant.calls.clear()
    assert client.get("/api/status", headers=OWNER).json()["passages"] == 2


def test_others_do_not(client: TestClient, assistant: FakeAssistant, tmp_path: Path) -> None:
    problem(client.post("/api/index", json={"paths": [str(tmp_path)]}), 403, "admin-only")
    problem(client.post("/api/delete", json={"article_ids": ["a"]}), 403, "admin-only")
    assert assistant.called == ()


def test_relative_paths_are_refused(client: TestClient, assistant: FakeAssistant) -> None:
    problem(client.post("/api/index", json={"paths": ["corpus"]}, headers=OWNER), 400, "wrong-usage")
    problem(client.post("/api/index", json={"paths": ["ftp://x/y"]}, headers=OWNER), 400, "wrong-usage")
    assert assistant.called == ()


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via"])
@pytest.mark.parametrize("path", ["/", "/api/articles", "/static/app.js"])
def test_proxies_are_refused_without_keys(client: TestClient, name: str, path: str) -> None:
    detail = problem(client.get(path, headers={name: "127.0.0.1"}), 403, "forwarded-request")
    assert "proxy" in detail


OWN_HOSTS = ["localhost", "LocalHost:8000", "127.0.0.1:8000", "127.0.0.2", "[::1]:8000", "[::1]"]
FOREIGN_HOSTS = ["evil.example", "evil.example:8000", "192.168.1.9", "localhost.evil.example", "127.0.0.1.nip.io"]
MALFORMED_HOSTS = ["", "localhost:x", "me@localhost", "localhost/x", "[::1", "[localhost]", "localhost evil.example"]


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_its_own_address_is_let_in(client: TestClient, host: str) -> None:
    assert client.get("/api/articles", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN_HOSTS + MALFORMED_HOSTS)
def test_other_addresses_are_refused_without_keys(client: TestClient, assistant: FakeAssistant, host: str) -> None:
    assert "FOOTNOTE_PUBLIC_URL" in problem(client.get("/api/articles", headers={"Host": host}), 403, "foreign-host")
    assert assistant.called == ()


def test_the_public_address_is_let_in(assistant: FakeAssistant) -> None:
    client = serve(assistant, public_url="https://Footnote.example:8443/")
    assert client.get("/api/articles", headers={"Host": "footnote.example:8443"}).status_code == 200
    problem(client.get("/api/articles", headers={"Host": "evil.example"}), 403, "foreign-host")


def test_served_on_all_addresses_without_keys_any_address_is_its_own_but_no_name(assistant: FakeAssistant) -> None:
    client = serve(assistant, host="0.0.0.0", keys=False)
    for host in ("192.168.1.9:8000", "[fe80::1]:8000", "localhost"):
        assert client.get("/api/articles", headers={"Host": host}).status_code == 200
    problem(client.get("/api/articles", headers={"Host": "evil.example"}), 403, "foreign-host")


def test_served_on_one_address_without_keys_no_other_is_its_own(assistant: FakeAssistant) -> None:
    client = serve(assistant, host="192.168.1.9", keys=False)
    assert client.get("/api/articles", headers={"Host": "192.168.1.9:8000"}).status_code == 200
    problem(client.get("/api/articles", headers={"Host": "192.168.1.8:8000"}), 403, "foreign-host")


@pytest.mark.parametrize(("host", "keys"), [("127.0.0.1", True), ("0.0.0.0", None), ("192.168.1.9", None)])
def test_where_keys_are_required_nobody_else_is_let_in_but_to_the_page(
    assistant: FakeAssistant, host: str, keys: bool | None
) -> None:
    client = serve(assistant, host=host, keys=keys)
    behind_proxy = {"Host": "footnote.example", "X-Forwarded-For": "203.0.113.9"}
    refused = client.get("/api/articles", headers=behind_proxy)
    problem(refused, 401, "key-required")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/articles", headers=behind_proxy | OWNER).status_code == 200
    for path in ("/", "/articles/a", "/static/app.js", "/healthz", "/readyz"):
        assert client.get(path, headers=behind_proxy).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000", "http://[", ""])
def test_other_sites_cannot_post(client: TestClient, assistant: FakeAssistant, origin: str) -> None:
    response = client.post("/api/ask", json={"question": "Why?"}, headers={"Origin": origin})
    problem(response, 403, "foreign-origin")
    assert assistant.called == ()


def test_its_own_page_can_post(assistant: FakeAssistant) -> None:
    client = serve(assistant, public_url="https://footnote.example")
    for origin in (ADDRESS, "https://footnote.example"):
        response = client.post("/api/ask", json={"question": "Why?"}, headers={"Origin": origin})
        assert response.status_code == 200
