"""Every route of the API, as people who may not read an article: nothing of it reaches them, by no way in.

The routes are those of the OpenAPI document: one that is new fails here until it is walked, too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.oidc import issuers_for
from service.auth.signing_in import signing_in_for
from service.auth.state import AuthState
from service.history.audit import Audit
from service.history.database import opened_database
from service.history.keys import add_key
from service.history.usage import UsageReports
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS

ARTICLES = {
    "harbour.md": "---\ntitle: The harbour\npublisher: The Herald\npublished: 2026-04-24\n---\n"
    "The old tower at the harbour is 84 metres high, the mayor said.\n",
    "board/birds.md": "---\ntitle: Nightjar\npublisher: The Inner Circle\npublished: 2019-03-07\n"
    "groups: [board]\ncollections: [aviary]\n---\n"
    "The budget of the bird project, called Nightjar, is 48 million euros.\n",
    "board/harbour-copy.md": "---\ntitle: Nightjar's copy\ngroups: [board]\n---\n"
    "The old tower at the harbour is 84 metres high, the mayor said.\n",
}
PRIVATE = "board/birds"
QUESTION = "How high is the budget of the bird project?"
# What only the board may read, and what only Alice knows.
SECRETS = ("Nightjar", "48 million", "Inner Circle", "2019-03-07", "harbour-copy", "key:alice", "aviary", "eggs")
UNDOCUMENTED = {("post", "/mcp")}  # its clients learn from itself what there is
# What everyone gets of these, signed in or not.
OPEN_TO_ALL = {
    ("get", "/healthz"): 200,
    ("get", "/readyz"): 200,
    ("get", "/auth/issuers"): 200,
    ("get", "/auth/sign-in"): 503,  # the issuer of this service is not there
    ("get", "/auth/callback/{issuer}"): 400,
    ("post", "/auth/sign-out"): 200,
    ("post", "/auth/back-channel-logout/{issuer}"): 400,
}
ADMINS_ONLY = {
    ("get", "/metrics"),
    ("get", "/api/status"),
    ("get", "/api/review"),
    ("get", "/api/stale"),
    ("get", "/api/gaps"),
    ("get", "/api/approved"),
    ("delete", "/api/approved/{answer_id}"),
    ("post", "/api/answers/{answer_id}/approve"),
    ("get", "/api/usage"),
    ("get", "/api/quality"),
    ("get", "/api/sources"),
    ("get", "/api/uploads"),
    ("get", "/api/origins/{article_id}"),
} | {
    ("post", f"/api/{name}")
    for name in (
        "explain index rebuild backup check conflicts delete sources/sync sources/forget upload uploads/delete reindex"
    ).split()
}


@dataclass(frozen=True)
class Scene:
    """A service with a private article that Alice asked about, and the headers of those who come."""

    client: TestClient
    people: Mapping[str, dict[str, str]]
    answer: str
    conversation: str

    def send(self, who: str, method: str, path: str, body: object = None) -> Any:
        accepted = {"Accept": "application/json, text/event-stream"} if path == "/mcp" else {}
        return self.client.request(method, path, headers=self.people[who] | accepted, json=body)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = tmp_path_factory.mktemp("walk")
    nowhere = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "footnote"}
    settings = settings_for(place / "data", api_keys_required=True, questions_per_minute=0, **nowhere)
    with assistant_over(settings, with_history=True) as assistant:
        index_into(assistant, write(place / "articles", ARTICLES))
        (place / "data" / "sources.toml").write_text('[scopes.eggs]\ncollections=["aviary"]\n')
        database = opened_database(place / "data")
        groups = {"alice": ["board"], "bob": [], "carol": ["staff"]}
        keys = {name: add_key(database, name, groups=their) for name, their in groups.items()}
        keys["widget"] = add_key(database, "widget", groups=["board"], collections=["port"])
        keys["boss"] = add_key(database, "boss", admin=True)
        people = {name: {"Authorization": f"Bearer {key}"} for name, key in keys.items()} | {"nobody": {}}
        assistant = replace(
            assistant, usage_reports=UsageReports(database, assistant.live), observers=(Audit(database).record,)
        )
        signing_in = signing_in_for(
            settings, issuers_for(settings), engine=database, address=ADDRESS, record=Audit(database).record
        )
        auth_state = AuthState(token_lookups=(ApiKeys(database).asker,), signing_in=signing_in)
        app = create_app(assistant, settings=settings, auth_state=auth_state)
        client = TestClient(app, base_url=ADDRESS)
        asked = client.post("/api/ask", json={"question": QUESTION}, headers=people["alice"]).json()
        assert {citation["article_id"] for citation in asked["citations"]} == {PRIVATE}
        scene = Scene(client, people, asked["id"], asked["conversation_id"])
        shared = scene.send("alice", "post", f"/api/answers/{scene.answer}/share", {"shared": True})
        assert shared.status_code == 204
        rated = {"answer_id": scene.answer, "rating": "up", "comment": "Nightjar it is"}
        assert scene.send("alice", "post", "/api/feedback", rated).status_code == 204
        yield scene
        database.dispose()


def walk(article: str, answer: str, conversation: str) -> dict[tuple[str, str], list[tuple[str, Any]]]:
    """Return, for each route, the addresses and bodies to try, about these ids."""
    question: dict[str, Any] = {"question": QUESTION}
    about_it = question | {"filters": {"article_ids": [article]}, "include_hits": True}
    going_on = question | {"conversation_id": conversation}
    searched = {"question": QUESTION, "filters": {"article_ids": [article]}}
    by_publisher = {"question": QUESTION, "filters": {"publishers": ["The Inner Circle"]}}
    chat = {"model": "footnote", "messages": [{"role": "user", "content": QUESTION}]}
    response = {"model": "footnote", "input": QUESTION}
    asked = [question | {"include_hits": True}, about_it, going_on]
    asked += [about_it | {"stream": True, "resumable": on} for on in (False, True)]
    return {
        ("post", "/api/ask"): [("/api/ask", body) for body in asked],
        ("post", "/api/explain"): [("/api/explain", body) for body in (question, searched, by_publisher)],
        ("post", "/api/search"): [("/api/search", body) for body in (question, searched, by_publisher)],
        ("get", "/api/me"): [("/api/me", None)],
        ("get", "/api/articles"): [
            ("/api/articles", None),
            ("/api/articles?after=a&limit=1", None),
            ("/api/articles?title=ightja", None),
            ("/api/articles?collection=aviary", None),
        ],
        ("get", "/api/articles/{article_id}"): [
            (f"/api/articles/{article}", None),
            (f"/api/articles/{article}?version=sha256:1", None),
            ("/api/articles/harbour", None),
        ],
        ("get", "/api/originals/{article_id}"): [
            (f"/api/originals/{article}", None),
            (f"/api/originals/{article}?version=sha256:1", None),
        ],
        ("get", "/api/publishers"): [("/api/publishers", None)],
        ("get", "/api/collections"): [("/api/collections", None)],
        ("get", "/api/suggestions"): [("/api/suggestions", None)],
        ("get", "/api/conversations"): [("/api/conversations", None)],
        ("get", "/api/conversations/{conversation_id}"): [(f"/api/conversations/{conversation}", None)],
        ("get", "/api/conversations/{conversation_id}/export"): [(f"/api/conversations/{conversation}/export", None)],
        ("delete", "/api/conversations/{conversation_id}"): [(f"/api/conversations/{conversation}", None)],
        ("get", "/api/answers/{answer_id}"): [(f"/api/answers/{answer}", None)],
        ("delete", "/api/answers/{answer_id}"): [(f"/api/answers/{answer}", None)],
        ("get", "/api/answers/{answer_id}/stream"): [(f"/api/answers/{answer}/stream", None)],
        ("delete", "/api/answers/{answer_id}/stream"): [(f"/api/answers/{answer}/stream", None)],
        ("post", "/api/answers/{answer_id}/share"): [(f"/api/answers/{answer}/share", {"shared": False})],
        ("post", "/api/feedback"): [("/api/feedback", {"answer_id": answer, "rating": "down"})],
        ("get", "/api/review"): [("/api/review", None), ("/api/review?rating=up", None)],
        ("get", "/api/stale"): [("/api/stale", None), ("/api/stale?limit=1", None)],
        ("get", "/api/gaps"): [("/api/gaps", None)],
        ("get", "/api/approved"): [("/api/approved", None)],
        ("delete", "/api/approved/{answer_id}"): [(f"/api/approved/{answer}", None)],
        ("post", "/api/answers/{answer_id}/approve"): [
            (f"/api/answers/{answer}/approve", body)
            for body in ({}, {"sentences": [{"text": "It is secret.", "citations": [1]}], "wordings": [QUESTION]})
        ],
        ("get", "/api/quality"): [("/api/quality", None), ("/api/quality?days=7", None)],
        ("get", "/api/usage"): [("/api/usage", None), ("/api/usage?days=7", None)],
        ("get", "/api/status"): [("/api/status", None)],
        ("post", "/api/index"): [("/api/index", {"paths": ["/nowhere"]})],
        ("post", "/api/rebuild"): [("/api/rebuild", {})],
        ("post", "/api/backup"): [("/api/backup", {})],
        ("post", "/api/check"): [("/api/check", {})],
        ("post", "/api/conflicts"): [("/api/conflicts", {}), ("/api/conflicts", {"seconds": 1})],
        ("post", "/api/delete"): [("/api/delete", {"article_ids": [article]})],
        ("get", "/api/sources"): [("/api/sources", None)],
        ("post", "/api/sources/sync"): [("/api/sources/sync", {})],
        ("post", "/api/sources/forget"): [("/api/sources/forget", {"name": "inner"})],
        ("post", "/api/upload"): [("/api/upload", {})],
        ("get", "/api/uploads"): [("/api/uploads", None)],
        ("post", "/api/uploads/delete"): [("/api/uploads/delete", {"paths": ["birds.md"]})],
        ("get", "/api/origins/{article_id}"): [(f"/api/origins/{article}", None)],
        ("post", "/api/reindex"): [("/api/reindex", {"article_ids": [article]})],
        ("post", "/v1/chat/completions"): [("/v1/chat/completions", chat | {"stream": on}) for on in (False, True)],
        ("post", "/v1/responses"): [("/v1/responses", response | {"stream": on}) for on in (False, True)],
        ("get", "/v1/models"): [("/v1/models", None)],
        ("get", "/v1/models/{model}"): [("/v1/models/footnote", None), ("/v1/models/footnote/none", None)],
        ("post", "/mcp"): [("/mcp", call) for call in mcp_calls(article)],
        ("get", "/auth/issuers"): [("/auth/issuers", None)],
        ("get", "/auth/sign-in"): [(f"/auth/sign-in?issuer=main&to=/articles/{article}", None)],
        ("get", "/auth/callback/{issuer}"): [("/auth/callback/main?code=x&state=y", None)],
        ("post", "/auth/sign-out"): [("/auth/sign-out", {})],
        ("post", "/auth/back-channel-logout/{issuer}"): [("/auth/back-channel-logout/main", {"logout_token": "a.b.c"})],
        ("get", "/healthz"): [("/healthz", None)],
        ("get", "/readyz"): [("/readyz", None)],
        ("get", "/metrics"): [("/metrics", None)],
    }


def mcp_calls(article: str) -> list[Any]:
    """Return calls of every tool and resource of the Model Context Protocol, about this article."""
    tools: list[tuple[str, dict[str, Any]]] = [
        ("ask", {"question": QUESTION}),
        ("ask", {"question": QUESTION, "article_ids": [article]}),
        ("search", {"question": QUESTION}),
        ("search", {"question": QUESTION, "publishers": ["The Inner Circle"]}),
        ("get_article", {"article_id": article}),
        ("get_article", {"article_id": article, "version": "sha256:1"}),
        ("list_articles", {}),
        ("list_articles", {"title": "ightja"}),
    ]
    calls: list[tuple[str, dict[str, Any]]] = [
        *(("tools/call", {"name": name, "arguments": arguments}) for name, arguments in tools),
        ("resources/list", {}),
        ("resources/read", {"uri": f"footnote://article/{quote(article, safe='')}"}),
    ]
    return [{"jsonrpc": "2.0", "id": 1, "method": method, "params": params} for method, params in calls]


def test_every_tool_and_resource_is_walked(scene: Scene) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    listed = scene.send("bob", "post", "/mcp", asked).text
    called = {call["params"].get("name", "") for call in mcp_calls("")}
    assert set(re.findall(r'"name":"(\w+)"', listed)) == called - {""}


def test_every_route_is_walked(scene: Scene) -> None:
    documented = scene.client.get("/openapi.json", headers=scene.people["bob"]).json()["paths"]
    routes = {(method, path) for path, methods in documented.items() for method in methods}
    assert routes | UNDOCUMENTED == set(walk("", "", ""))


@pytest.mark.parametrize("who", ["bob", "carol", "widget"])
@pytest.mark.parametrize("route", walk("", "", ""), ids=" ".join)
def test_nothing_of_a_private_article_reaches_who_may_not_read_it(
    scene: Scene, who: str, route: tuple[str, str]
) -> None:
    for path, body in walk(PRIVATE, scene.answer, scene.conversation)[route]:
        reply = scene.send(who, route[0], path, body)
        assert reply.status_code < 500 or reply.status_code == OPEN_TO_ALL.get(route)
        assert (reply.status_code == 403) == (route in ADMINS_ONLY)
        for secret in SECRETS:
            assert secret not in reply.text, path


@pytest.mark.parametrize("route", walk("", "", ""), ids=" ".join)
def test_what_one_may_not_read_is_like_what_does_not_exist(scene: Scene, route: tuple[str, str]) -> None:
    made_up = ("board/bards", "ans_" + "0" * 32, "conv_" + "0" * 32)
    real = (PRIVATE, scene.answer, scene.conversation)
    for there, nowhere in zip(walk(*real)[route], walk(*made_up)[route], strict=True):
        if there == nowhere:
            continue
        seen, unseen = (scene.send("bob", route[0], path, body) for path, body in (there, nowhere))
        if seen.is_error:
            told = seen.text
            for known, other in zip(real, made_up, strict=True):
                told = told.replace(known, other)
            assert (seen.status_code, told) == (unseen.status_code, unseen.text)
        else:
            assert seen.status_code == unseen.status_code
            assert "passage_id" not in seen.text + unseen.text


@pytest.mark.parametrize("route", walk("", "", ""), ids=" ".join)
def test_without_a_key_there_is_nothing_at_all(scene: Scene, route: tuple[str, str]) -> None:
    for path, body in walk(PRIVATE, scene.answer, scene.conversation)[route]:
        reply = scene.send("nobody", route[0], path, body)
        assert reply.status_code == OPEN_TO_ALL.get(route, 401)
        assert not any(secret in reply.text for secret in SECRETS)


@pytest.mark.parametrize(
    "route",
    [
        ("get", "/api/review"),
        ("get", "/api/stale"),
        ("get", "/api/gaps"),
        ("get", "/api/quality"),
        ("post", "/api/explain"),
    ],
    ids=" ".join,
)
def test_an_admin_without_the_group_reads_no_more_of_it(scene: Scene, route: tuple[str, str]) -> None:
    for path, body in walk(PRIVATE, scene.answer, scene.conversation)[route]:
        reply = scene.send("boss", route[0], path, body)
        assert reply.status_code == 200
        assert not any(secret in reply.text for secret in SECRETS)


def test_an_admin_without_the_group_sees_who_asks_and_no_article_of_it(scene: Scene) -> None:
    usage = scene.send("boss", "get", "/api/usage")
    assert usage.status_code == 200
    assert "key:alice" in usage.text
    assert not any(secret in usage.text for secret in SECRETS if secret != "key:alice")
    assert (usage.json()["most_cited"], usage.json()["not_cited_total"]) == ([], 1)


def test_counts_and_dates_are_of_what_one_may_read(scene: Scene) -> None:
    assert scene.send("bob", "get", "/api/articles").json()["total"] == 1
    assert scene.send("alice", "get", "/api/articles").json()["total"] == 3
    publishers = scene.send("bob", "get", "/api/publishers").json()
    assert publishers["publishers"] == [{"name": "The Herald", "articles": 1}]
    assert (publishers["earliest"], publishers["latest"]) == ("2026-04-24", "2026-04-24")
    assert scene.send("bob", "get", "/api/articles/harbour").json()["same_text"] == []


def test_who_may_read_it_gets_it_by_each_of_these_ways(scene: Scene) -> None:
    """What the walk looks for is there to be found."""
    routes = walk(PRIVATE, scene.answer, scene.conversation)
    found = {
        route
        for route, requests in routes.items()
        if route[0] == "get" or route[1] in ("/api/ask", "/api/search", "/v1/chat/completions", "/v1/responses", "/mcp")
        if "Nightjar" in "".join(scene.send("alice", route[0], path, body).text for path, body in requests)
    }
    assert found == {
        ("post", "/api/ask"),
        ("post", "/api/search"),
        ("get", "/api/articles"),
        ("get", "/api/articles/{article_id}"),
        ("get", "/api/suggestions"),
        ("get", "/api/conversations/{conversation_id}"),
        ("get", "/api/conversations/{conversation_id}/export"),
        ("get", "/api/answers/{answer_id}"),
        ("get", "/api/answers/{answer_id}/stream"),
        ("post", "/v1/chat/completions"),
        ("post", "/v1/responses"),
        ("post", "/mcp"),
    }
    assert "Inner Circle" in scene.send("alice", "get", "/api/publishers").text


def test_what_others_tried_left_everything_in_place(scene: Scene) -> None:
    for who in ("bob", "nobody"):
        for (method, _), requests in walk(PRIVATE, scene.answer, scene.conversation).items():
            for path, body in requests:
                scene.send(who, method, path, body)
    kept = scene.send("alice", "get", f"/api/answers/{scene.answer}").json()
    assert (kept["shared"], kept["rating"]) == (True, "up")
    assert scene.send("alice", "get", f"/api/conversations/{scene.conversation}").status_code == 200
    assert scene.send("alice", "get", f"/api/articles/{PRIVATE}").status_code == 200
    assert "key:alice" not in json.dumps(scene.send("bob", "get", "/api/conversations").json())
