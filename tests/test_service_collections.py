"""Collections and scopes: what a question is asked of, and what a key is limited to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key
from service.sources.file import Unreadable
from service.sources.scopes import Scope, read_scopes
from tests.cli_fixtures import Run
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS

ARTICLES = {
    "leave.md": "---\ntitle: Leave\ncollections: [Handbook, leave]\n---\nAnnual leave is 28 days, and the tower is old.\n",
    "tower.md": "---\ntitle: The tower\ncollections: [sights]\n---\nThe tower at the harbour is 84 metres high.\n",
    "budget.md": "---\ntitle: Budget\ngroups: [board]\ncollections: [board papers]\n---\nThe tower cost 48 million euros.\n",
    "plain.md": "The tower at the market is 12 metres high.\n",
}
SCOPES = (
    '[scopes.people]\ncollections=["handbook"]\n[scopes.board]\ncollections=["Board  papers"]\n'
    '[scopes.broken]\ncollections="handbook"\n[scopes.all]\n[scopes.old]\npublished_before=1999-12-31\n'
)
QUESTION = "How high is the tower?"


@dataclass(frozen=True)
class Scene:
    """A service with keys of several people, and what they send."""

    client: TestClient
    keys: dict[str, str]
    data: Path

    def send(self, who: str, method: str, path: str, body: object = None) -> Any:
        reply = self.client.request(method, path, headers={"Authorization": f"Bearer {self.keys[who]}"}, json=body)
        return reply.json() | {"http": reply.status_code}

    def found(self, who: str, **filters: object) -> list[str]:
        """Return the articles with a hit, by id."""
        reply = self.send(who, "post", "/api/search", {"question": QUESTION, "filters": filters})
        return sorted({hit["article_id"] for hit in reply["hits"]})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = tmp_path_factory.mktemp("collections")
    settings = settings_for(place / "data", api_keys_required=True, questions_per_minute=0)
    with assistant_over(settings, with_history=True) as assistant:
        index_into(assistant, write(place / "articles", ARTICLES))
        (place / "data" / "sources.toml").write_text(SCOPES)
        database = opened_database(place / "data")
        keys = {
            "ann": add_key(database, "ann", groups=["board"]),
            "bob": add_key(database, "bob"),
            "widget": add_key(database, "widget", groups=["board"], collections=["HANDBOOK", "sights"]),
            "nothing": add_key(database, "nothing", groups=["board"], collections=[]),
        }
        state = AuthState(token_lookups=(ApiKeys(database).asker,))
        yield Scene(
            TestClient(create_app(assistant, settings=settings, auth_state=state), base_url=ADDRESS), keys, place
        )
        database.dispose()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["budget", "leave", "plain", "tower"]),
        ({"collections": ["handbook"]}, ["leave"]),
        ({"collections": [" Board papers ", "sights"]}, ["budget", "tower"]),
        ({"collections": ["unknown"]}, []),
        ({"scope": "people"}, ["leave"]),
        ({"scope": "people", "collections": ["sights"]}, []),
        ({"scope": "board", "article_ids": ["budget", "tower"]}, ["budget"]),
    ],
)
def test_a_question_is_asked_of_what_matches_every_filter(scene: Scene, filters: Any, found: list[str]) -> None:
    assert scene.found("ann", **filters) == found


def test_a_key_that_is_limited_reads_its_collections_alone(scene: Scene) -> None:
    assert scene.found("widget") == ["leave", "tower"]
    assert scene.found("widget", collections=["board papers"]) == []
    assert scene.found("nothing") == []
    listed = scene.send("widget", "get", "/api/articles")
    assert ([one["id"] for one in listed["articles"]], listed["total"]) == (["leave", "tower"], 2)
    assert scene.send("widget", "get", "/api/articles/budget")["http"] == 404
    assert scene.send("widget", "get", "/api/me")["collections"] == ["handbook", "sights"]
    assert scene.send("ann", "get", "/api/me")["collections"] is None
    named = [one["name"] for one in scene.send("widget", "get", "/api/collections")["collections"]]
    assert named == ["handbook", "sights"]


def test_one_learns_only_of_collections_and_scopes_of_what_one_may_read(scene: Scene) -> None:
    board = {"name": "board papers", "articles": 1}
    everyones = [{"name": name, "articles": 1} for name in ("handbook", "leave", "sights")]
    theirs = scene.send("ann", "get", "/api/collections")
    assert (theirs["collections"], theirs["scopes"]) == ([board, *everyones], ["people", "board"])
    mine = scene.send("bob", "get", "/api/collections")
    assert (mine["collections"], mine["scopes"]) == (everyones, ["people"])


@pytest.mark.parametrize("scope", ["board", "broken", "all", "old", "unheard of", ""])
def test_a_scope_that_one_may_not_see_is_like_one_that_does_not_exist(scene: Scene, scope: str) -> None:
    reply = scene.send("bob", "post", "/api/search", {"question": QUESTION, "filters": {"scope": scope}})
    assert (reply["http"], reply["type"]) == (404, "/problems/scope-unknown")
    assert reply["detail"].startswith(f"There is no scope {scope!r}.")


def test_while_the_file_cannot_be_read_no_scope_opens_anything(scene: Scene) -> None:
    file = scene.data / "data" / "sources.toml"
    try:
        file.write_text("[scopes.people")
        reply = scene.send("ann", "post", "/api/ask", {"question": QUESTION, "filters": {"scope": "people"}})
        assert reply["http"] == 404
        assert scene.send("ann", "get", "/api/collections")["scopes"] == []
    finally:
        file.write_text(SCOPES)


def test_only_the_first_500_scopes_count_and_the_others_are_reported(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    tables = (f'[scopes.s{number}]\ncollections=["handbook"]' for number in range(502))
    (tmp_path / "sources.toml").write_text("\n".join(tables))
    scopes = read_scopes(settings)
    assert len([one for one in scopes if isinstance(one, Scope)]) == 500
    beyond = [one for one in scopes if isinstance(one, Unreadable)]
    assert [one.name for one in beyond] == ["s500", "s501"]
    assert "more than 500 scopes" in beyond[0].problem


def test_a_scope_is_a_model_of_openai_s_shape(scene: Scene) -> None:
    through: Any = scene.client
    client = openai.OpenAI(base_url=f"{ADDRESS}/v1", api_key=scene.keys["bob"], http_client=through, max_retries=0)
    assert [model.id for model in client.models.list()] == ["footnote", "footnote/people"]
    asked: Any = [{"role": "user", "content": "How many days of annual leave are there?"}]
    reply = client.chat.completions.create(model="footnote/people", messages=asked)
    assert reply.model == "footnote/people"
    assert "28 days" in (reply.choices[0].message.content or "")
    about_tower: Any = [{"role": "user", "content": QUESTION}]
    reply = client.chat.completions.create(model="footnote/people", messages=about_tower)
    assert "84 metres" not in (reply.choices[0].message.content or "")
    response = client.responses.create(model="footnote/people", input="How many days of annual leave are there?")
    assert (response.model, "28 days" in response.output_text) == ("footnote/people", True)
    for model in ("footnote/board", "footnote/", "gpt-9"):
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=model, messages=asked)


def test_an_answer_is_hidden_from_a_key_that_could_not_have_given_it(scene: Scene) -> None:
    asked = scene.send("ann", "post", "/api/ask", {"question": "What did the tower cost?"})
    assert [one["article_id"] for one in asked["citations"]] == ["budget"]
    path = f"/api/answers/{asked['id']}"
    scene.client.post(f"{path}/share", headers={"Authorization": f"Bearer {scene.keys['ann']}"}, json={"shared": True})
    assert [scene.send(who, "get", path)["http"] for who in ("ann", "bob", "widget")] == [200, 404, 404]


def test_the_command_asks_of_collections_and_scopes(footnote: Run, tmp_path: Path) -> None:
    footnote("index", write(tmp_path / "articles", ARTICLES))
    (tmp_path / "data" / "sources.toml").write_text(SCOPES)

    def found(*options: str) -> list[str]:
        hits = footnote("search", QUESTION, *options, "--json").json["hits"]
        return sorted({hit["article_id"] for hit in hits})

    assert found("--collection", "handbook", "--collection", "Sights") == ["leave", "tower"]
    assert found("--scope", "board") == ["budget"]
    refused = footnote("ask", QUESTION, "--scope", "nothing")
    assert (refused.code, "There is no scope 'nothing'." in refused.err) == (1, True)
    ran = footnote("scopes")
    told = ran.out
    assert ran.code == 1
    assert "people: handbook\nboard: board papers\n" in told
    assert "broken: cannot be read. collections: write a list of names" in told
    assert "all: cannot be read. name collections, publishers, published_after or published_before" in told
    assert "old: to 1999-12-31" in told


def test_keys_are_limited_by_the_command_but_not_those_of_admins(footnote: Run) -> None:
    footnote("keys", "add", "wiki", "--collections", "Handbook, leave")
    footnote("keys", "add", "open")
    keys = {key["name"]: key["collections"] for key in footnote("keys", "list", "--json").json}
    assert keys == {"wiki": ["handbook", "leave"], "open": None}
    refused = footnote("keys", "add", "boss", "--admin", "--collections", "handbook")
    assert (refused.code, "An admin's key cannot be limited" in refused.err) == (2, True)
    assert "is no name of a collection" in footnote("keys", "add", "odd", "--collections", "a,,b").err
