"""The `footnote` command while a service owns the data folder: everything goes through it, whoever asks."""

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.stores.ownership import owner_of
from tests.cli_fixtures import (
    ANSWER_KEYS,
    CITATION_KEYS,
    HOW_MUCH_RAIN,
    KEY_QUESTION,
    PATIENCE,
    RAIN,
    REPORT_KEYS,
    SENTENCE_KEYS,
    STATUS_KEYS,
    Ran,
    Run,
    Service,
    footnote_process,
    keys,
    one_line,
    serving,
)
from tests.service_fixtures import (
    CORPUS,
    SHIPPED_ARTICLES,
    write,
)

ARTICLE_KEYS = "id version title publisher published published_from url authors language format collections confidence"


def until_ready(http: httpx.Client) -> None:
    deadline = time.monotonic() + PATIENCE
    while http.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that starts with nothing indexed, as the first test sees it. What a later test needs, it indexes itself."""
    with serving(tmp_path_factory.mktemp("service") / "data") as service:
        yield service


@pytest.fixture
def through(footnote: Run, service: Service) -> Run:
    """Run the command in this process, in the data folder that the service owns."""

    def run(*arguments: str | Path) -> Ran:
        assert service.process.poll() is None
        return footnote(*arguments, data_dir=service.data_dir)

    return run


def test_a_service_with_nothing_indexed_says_so(service: Service, through: Run) -> None:
    with service.http() as http:
        assert http.get("/healthz").json() == {"status": "alive"}
        not_ready = http.get("/readyz")
        assert (not_ready.status_code, not_ready.json()["type"]) == (503, "/problems/not-ready")
        asked = http.post("/api/ask", json={"question": "Why?"})
        assert (asked.status_code, asked.json()["type"]) == (409, "/problems/index-empty")
        assert http.get("/api/articles").json() == {"articles": [], "total": 0, "next_after": None}
        ran = through("ask", "Why?")
    assert ran.code == 1
    assert "Nothing is indexed yet" in one_line(ran)


def test_commands_go_through_the_service(service: Service, through: Run) -> None:
    indexed = through("index", CORPUS, "--json")
    assert (indexed.code, indexed.err) == (0, "")
    assert set(indexed.json) == keys(REPORT_KEYS)
    assert indexed.json["articles"] == SHIPPED_ARTICLES
    status = through("status", "--json").json
    assert set(status) == keys(STATUS_KEYS)
    assert (status["articles"], status["data_dir"]) == (SHIPPED_ARTICLES, str(service.data_dir))
    asked = footnote_process(service.data_dir, "ask", KEY_QUESTION, "--json")
    assert (asked.code, asked.err) == (0, "")
    assert set(asked.json) == keys(ANSWER_KEYS)
    assert any("$5 billion" in citation["quote"] for citation in asked.json["citations"])
    found = through("search", KEY_QUESTION, "--json").json
    assert set(found) == {"question", "hits"}
    rebuilt = through("index", "--rebuild", "--json")
    assert (rebuilt.code, rebuilt.json["articles"]) == (0, SHIPPED_ARTICLES)
    checked = through("status", "--check", "--json")
    assert (checked.code, checked.json["agree"], checked.json["repair"]) == (0, True, "none")
    assert through("index", "no-such-folder").code == 2
    assert through("ask", "?!").code == 1
    owner = owner_of(service.data_dir)
    assert owner is not None
    assert (owner.pid, owner.url) == (service.process.pid, service.url)


def test_the_api_answers_in_the_shapes_of_the_contract(service: Service, through: Run) -> None:
    through("index", CORPUS)
    with service.http() as http:
        until_ready(http)
        answer = http.post("/api/ask", json={"question": KEY_QUESTION, "as_of": "2026-04-24"}).json()
        assert set(answer) - {"hits"} == keys(ANSWER_KEYS)
        assert answer["status"] == "answered"
        assert all(set(sentence) == keys(SENTENCE_KEYS) for sentence in answer["sentences"])
        for citation in answer["citations"]:
            assert set(citation) == keys(CITATION_KEYS)
            check_over_http(http, citation)
        listed = http.get("/api/articles").json()
        assert (set(listed), listed["total"]) == ({"articles", "total", "next_after"}, SHIPPED_ARTICLES)
        assert all(set(article) == keys(ARTICLE_KEYS) for article in listed["articles"])
        article = http.get(f"/api/articles/{listed['articles'][0]['id']}").json()
        assert set(article) == keys(ARTICLE_KEYS) | {"text", "current", "same_text", "original", "pages", "scan"}
        assert [http.get(path).status_code for path in ("/", "/articles/x", "/healthz")] == [200, 200, 200]
        assert http.get("/api/status").status_code == 403


def check_over_http(http: httpx.Client, citation: Mapping[str, Any]) -> None:
    version = {"version": citation["article_version"]}
    article = http.get(f"/api/articles/{citation['article_id']}", params=version)
    assert article.status_code == 200
    assert article.json()["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_the_owner_reads_everything_and_others_what_is_for_everyone(
    service: Service, through: Run, tmp_path: Path
) -> None:
    secret = "---\ngroups: [board]\n---\nThe tower of the town hall is 140 metres high, the board knows."
    assert through("index", write(tmp_path / "secret", {"tower.md": secret})).code == 0
    assert "140 metres" in through("ask", "How high is the tower of the town hall?").out
    with service.http() as http:
        answer = http.post("/api/ask", json={"question": "How high is the tower of the town hall?"})
        assert answer.status_code == 200
        assert "140 metres" not in answer.text
        assert "tower" not in {nearest["article_id"] for nearest in answer.json()["nearest"]}
        found = http.post("/api/search", json={"question": "How high is the tower of the town hall?"}).json()
        assert "tower" not in {hit["article_id"] for hit in found["hits"]}
        listed = http.get("/api/articles").json()
        assert "tower" not in {article["id"] for article in listed["articles"]}
        assert listed["total"] == len(listed["articles"])
        assert http.get("/api/articles/tower").status_code == 404
        assert through("delete", "tower").code == 0
        assert http.get("/api/articles/tower").status_code == 404  # that it was there is not told either


def test_a_deleted_article_is_gone(service: Service, through: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "news", {"weather/rain.txt": RAIN})
    assert through("index", folder, "--json").json["added"] == 1
    with service.http() as http:
        assert http.get("/api/articles/weather/rain").json()["text"] == RAIN
        assert through("delete", "weather/rain").out == "Deleted 1 article.\n"
        gone = http.get("/api/articles/weather/rain")
        assert (gone.status_code, gone.json()["type"]) == (410, "/problems/article-deleted")
        answer = http.post("/api/ask", json={"question": HOW_MUCH_RAIN}).json()
        assert "weather/rain" not in {citation["article_id"] for citation in answer["citations"]}
    ran = through("delete", "weather/rain")
    assert ran.code == 1
    assert "There is no article 'weather/rain'" in one_line(ran)


def test_a_second_service_fails_and_names_the_first(service: Service, through: Run) -> None:
    port = service.url.rpartition(":")[2]
    for wanted in ("0", port):
        ran = through("serve", "--port", wanted)
        assert ran.code == 1
        message = one_line(ran)
        assert str(service.process.pid) in message
        assert service.url in message
    with service.http() as http:
        assert http.get("/healthz").status_code == 200


def test_a_port_that_something_else_has(service: Service, footnote: Run) -> None:
    ran = footnote("serve", "--port", service.url.rpartition(":")[2])  # in a data folder of its own
    assert ran.code == 2
    assert "--port" in one_line(ran)


def test_keys_are_given_out_and_taken_back_while_a_service_runs(weather_data: Path, footnote: Run) -> None:
    """Where keys are required, and the service can be reached from elsewhere."""

    def keys(*arguments: str) -> Ran:
        ran = footnote("keys", *arguments, data_dir=weather_data)
        assert ran.code == 0, ran.err
        return ran

    assert "footnote keys add NAME" in keys("list").out
    with serving(weather_data, host="0.0.0.0") as service, service.http() as http:
        assert "footnote keys add NAME" in service.said
        assert http.get("/api/articles").status_code == 401
        added = keys("add", "ann", "--groups", "staff, board")
        key = added.out.strip()
        assert "the only time" in added.err
        bearer = {"Authorization": f"Bearer {key}"}
        answer = http.post("/api/ask", json={"question": HOW_MUCH_RAIN}, headers=bearer)
        assert (answer.status_code, answer.json()["status"]) == (200, "answered")
        assert http.get("/api/status", headers=bearer).status_code == 403
        boss = {"Authorization": f"Bearer {keys('add', 'boss', '--admin').out.strip()}"}
        assert http.get("/api/status", headers=boss).json()["articles"] == 2
        listed = json.loads(keys("list", "--json").out)
        assert [(k["name"], k["groups"], k["admin"], k["revoked"]) for k in listed] == [
            ("ann", ["board", "staff"], False, None),
            ("boss", [], True, None),
        ]
        assert all(k["last_used"] for k in listed)
        assert key.rpartition("_")[2] not in keys("list").out
        keys("revoke", "ann")
        assert http.get("/api/articles", headers=bearer).status_code == 401
        assert http.get("/api/status", headers=boss).status_code == 200
        assert footnote("ask", HOW_MUCH_RAIN, data_dir=weather_data).code == 0  # the owner needs no key
    assert key not in service.log.read_text()


def test_asking_while_articles_change_never_fails(service: Service, through: Run, tmp_path: Path) -> None:
    def article(number: int, turn: int) -> str:
        first = f"The tower of town {number} is {100 + 7 * number + turn} metres high, the mayor says.\n\n"
        return first + f"It was painted in {1950 + number} by a painter from town {number + turn}.\n\n" * 4

    folder = tmp_path / "towers"
    stopped = threading.Event()
    faults: list[str] = []
    answered: list[dict[str, Any]] = []

    def keep_asking(questions: list[str]) -> None:
        with service.http() as http:
            while not stopped.is_set():
                for question in questions:
                    answer = http.post("/api/ask", json={"question": question})
                    if answer.status_code == 200:
                        answered.append(answer.json())
                    else:
                        faults.append(f"{answer.status_code} {answer.text}")
                for path in ("/api/articles", "/healthz", "/readyz", "/api/articles/tower-3"):
                    other = http.get(path)
                    if other.status_code >= 500:
                        faults.append(f"{path} {other.status_code} {other.text}")

    questions = [[f"How high is the tower of town {n}?", "Who painted the tower?"] for n in range(2)]
    threads = [threading.Thread(target=keep_asking, args=[mine]) for mine in questions]
    for thread in threads:
        thread.start()
    try:
        for turn in range(3):
            names = [f"tower-{number}.txt" for number in range(4) if (number + turn) % 4]
            for name in names:
                write(folder, {name: article(int(name[6]), turn)})
            for gone in {path.name for path in folder.iterdir()} - set(names):
                (folder / gone).unlink()
            assert through("index", folder, "--prune", "--prune-limit", "100%").code == 0
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert faults == [], service.log.read_text()
    assert len(answered) >= 4
    assert {"answered"} <= {answer["status"] for answer in answered}
    check_quotes_of_old_versions(service, answered)
    assert through("delete", *(path.stem for path in folder.iterdir())).code == 0  # others count what is there


def check_quotes_of_old_versions(service: Service, answers: list[dict[str, Any]]) -> None:
    """Every citation given meanwhile can still be opened and is exact, but for articles deleted since."""
    opened: dict[tuple[str, str], str | None] = {}
    with service.http() as http:
        for citation in (citation for answer in answers for citation in answer["citations"]):
            place = (citation["article_id"], citation["article_version"])
            if place not in opened:
                response = http.get(f"/api/articles/{place[0]}", params={"version": place[1]})
                assert response.status_code in (200, 404, 410)
                opened[place] = response.json()["text"] if response.status_code == 200 else None
            text = opened[place]
            assert text is None or text[citation["start"] : citation["end"]] == citation["quote"]
    assert any(text is not None for text in opened.values())


def test_a_service_that_is_told_to_stop_ends_cleanly(service: Service) -> None:
    assert owner_of(service.data_dir) is not None
    assert service.stop(signal.SIGINT) == 0
    assert owner_of(service.data_dir) is None
    assert "Traceback" not in service.log.read_text()
    with pytest.raises(httpx.ConnectError), service.http() as http:
        http.get("/healthz")
