"""The routes of what is kept, over HTTP: their shapes, and what someone else gets of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from index.records import FOR_EVERYONE, Access
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.auth.askers import OWNER, Asker
from service.auth.authentication import Authenticator
from tests.http_server import serving_app
from tests.service_fixtures import assistant_over, index_into, settings_for, write

ADDRESS = "http://127.0.0.1:8000"
QUESTION = "How high is the old tower at the harbour?"
ASKERS = {
    "alice": Asker("key:alice", Access(frozenset({"staff"}))),
    "bob": Asker("key:bob", FOR_EVERYONE),
    "dora": Asker("key:dora", Access(frozenset({"staff"})), admin=True),
}


async def by_header(_: Authenticator, request: Request) -> Asker:
    """Say who asks, as keys will: here it is who the request says."""
    return ASKERS.get(request.headers.get("x-asker", ""), OWNER)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    folder = tmp_path_factory.mktemp("kept")
    text = "---\ngroups: [staff]\n---\nThe old tower at the harbour is 84 metres high.\n"
    with assistant_over(settings_for(folder / "data"), with_history=True) as assistant:
        index_into(assistant, write(folder / "articles", {"tower.md": text}))
        yield assistant


@pytest.fixture
def app(assistant: LocalAssistant, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(Authenticator, "asker", by_header)
    return create_app(assistant, settings=assistant.settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=ADDRESS) as client:
        yield client


def as_(name: str) -> dict[str, str]:
    return {"X-Asker": name}


def asked(client: TestClient) -> dict[str, str]:
    response = client.post("/api/ask", json={"question": QUESTION}, headers=as_("alice"))
    assert response.status_code == 200
    answer: dict[str, str] = response.json()
    assert answer["status"] == "answered"
    return answer


def test_a_conversation_over_http(client: TestClient) -> None:
    answer = asked(client)
    conversation = answer["conversation_id"]
    more = {"question": QUESTION, "conversation_id": conversation}
    assert client.post("/api/ask", json=more, headers=as_("alice")).json()["conversation_id"] == conversation
    listed = client.get("/api/conversations", params={"limit": 1}, headers=as_("alice")).json()
    assert (listed["conversations"][0]["id"], listed["conversations"][0]["questions"]) == (conversation, 2)
    opened = client.get(f"/api/conversations/{conversation}", headers=as_("alice")).json()
    assert (opened["answers"][0]["id"], opened["title"]) == (answer["id"], QUESTION)
    assert client.delete(f"/api/conversations/{conversation}", headers=as_("alice")).status_code == 204
    gone = client.get(f"/api/conversations/{conversation}", headers=as_("alice"))
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/not-kept")
    assert client.get(f"/api/answers/{answer['id']}", headers=as_("alice")).status_code == 404


def test_rating_sharing_and_review_over_http(client: TestClient) -> None:
    answer = asked(client)
    said = {"answer_id": answer["id"], "rating": "down", "comment": "Which tower?"}
    assert client.post("/api/feedback", json=said, headers=as_("alice")).status_code == 204
    share = client.post(f"/api/answers/{answer['id']}/share", json={"shared": True}, headers=as_("alice"))
    assert share.status_code == 204
    opened = client.get(f"/api/answers/{answer['id']}", headers=as_("alice")).json()
    assert (opened["own"], opened["shared"], opened["rating"]) == (True, True, "down")
    rows = client.get("/api/review", params={"rating": "down"}, headers=as_("dora")).json()["rows"]
    assert (rows[0]["answer"]["id"], rows[0]["asker"]) == (answer["id"], "key:alice")
    assert [(one["rating"], one["comment"]) for one in rows[0]["feedback"]] == [("down", "Which tower?")]


def test_someone_else_walks_every_route_and_finds_nothing(client: TestClient) -> None:
    answer = asked(client)
    client.post(f"/api/answers/{answer['id']}/share", json={"shared": True}, headers=as_("alice"))
    conversation, bob = f"/api/conversations/{answer['conversation_id']}", as_("bob")
    refused = [
        client.get(conversation, headers=bob),
        client.delete(conversation, headers=bob),
        client.get(f"/api/answers/{answer['id']}", headers=bob),  # shared, but its article is not for them
        client.delete(f"/api/answers/{answer['id']}", headers=bob),
        client.post(f"/api/answers/{answer['id']}/share", json={"shared": False}, headers=bob),
        client.post("/api/feedback", json={"answer_id": answer["id"], "rating": "up"}, headers=bob),
        client.post("/api/ask", json={"question": QUESTION, "conversation_id": answer["conversation_id"]}, headers=bob),
    ]
    assert [(response.status_code, response.json()["type"]) for response in refused] == [
        (404, "/problems/not-kept")
    ] * 7
    assert not any("84 metres" in response.text or "tower" in response.text for response in refused)
    assert client.get("/api/conversations", headers=bob).json() == {"conversations": [], "total": 0, "next_after": None}
    review = client.get("/api/review", headers=bob)
    assert (review.status_code, review.json()["type"]) == (403, "/problems/admin-only")
    assert client.get(f"/api/answers/{answer['id']}", headers=as_("alice")).json()["shared"] is True


@pytest.mark.parametrize(
    "body",
    [
        b'{"answer_id": "ans 1", "rating": "up"}',
        b'{"answer_id": "ans_1", "rating": "so-so"}',
        b'{"answer_id": "ans_1", "rating": "up", "comment": "\\ud800"}',
        b'{"answer_id": "ans_\\ud800", "rating": "up"}',
    ],
)
def test_feedback_that_is_none_is_refused(client: TestClient, body: bytes) -> None:
    response = client.post("/api/feedback", content=body, headers=as_("alice") | {"Content-Type": "application/json"})
    assert response.status_code == 422


def test_many_tabs_at_once_delete_rate_and_share_without_harm(client: TestClient, app: FastAPI) -> None:
    answer = asked(client)
    own, conversation = f"/api/answers/{answer['id']}", f"/api/conversations/{answer['conversation_id']}"
    rating = {"answer_id": answer["id"], "rating": "up"}
    sent: list[tuple[str, str, object]] = [
        ("DELETE", own, None),
        ("POST", "/api/feedback", rating),
        ("POST", f"{own}/share", {"shared": True}),
        ("DELETE", conversation, None),
        ("GET", own, None),
    ]
    with (
        serving_app(app) as url,
        httpx.Client(base_url=url, headers=as_("alice")) as http,
        ThreadPoolExecutor(10) as pool,
    ):
        replies = list(pool.map(lambda one: http.request(one[0], one[1], json=one[2]), sent * 4))
        assert {reply.status_code for reply in replies} <= {200, 204, 404}
        assert {reply.json()["type"] for reply in replies if reply.is_error} == {"/problems/not-kept"}
        assert [http.get(path).status_code for path in (own, conversation)] == [404, 404]


@pytest.mark.parametrize("after", ["x", "~", "2026-13-01~a", "conv_1"])
def test_a_page_that_is_none_is_refused(client: TestClient, after: str) -> None:
    response = client.get("/api/conversations", params={"after": after}, headers=as_("alice"))
    assert (response.status_code, response.json()["type"]) == (400, "/problems/wrong-usage")


def test_where_nothing_is_kept_every_route_says_so(assistant: LocalAssistant) -> None:
    app = create_app(replace(assistant, history=None), settings=assistant.settings)
    with TestClient(app, base_url=ADDRESS) as client:
        assert client.post("/api/ask", json={"question": QUESTION}).json()["conversation_id"] is None
        for path in ("/api/conversations", "/api/conversations/conv_1", "/api/answers/ans_1"):
            response = client.get(path)
            assert (response.status_code, "FOOTNOTE_KEEP_DAYS" in response.json()["detail"]) == (404, True)
