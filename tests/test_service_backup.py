"""A backup of a service in use: made while it answers and indexes, put back in place of what was lost, and all is there."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from index.errors import DataFolderUnusable, WrongUsage
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.client import HttpClient
from service.history.database import opened_database
from service.history.keys import add_key
from service.maintenance.backups import check_free, move_to
from service.schemas.maintenance import CheckRequest
from tests.cli_fixtures import Run
from tests.http_server import serving_app
from tests.service_fixtures import assistant_over, index_into, settings_for, write

TOKEN = "the-owner's-token"
RAIN = "It rained 30 litres a square metre in Hamburg, the weather office says."
QUESTION = {"question": "How much did it rain in Hamburg?"}


@dataclass(frozen=True)
class Running:
    """A service that runs over a data folder."""

    url: str
    assistant: LocalAssistant

    def http(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


@contextmanager
def service(data_dir: Path) -> Iterator[Running]:
    """Serve a data folder, with keys, as `footnote serve` does."""
    settings = settings_for(data_dir, api_keys_required=True, questions_per_minute=0)
    with assistant_over(settings, with_history=True) as assistant:
        database = opened_database(data_dir)
        auth_state = AuthState(token_lookups=(ApiKeys(database).asker,))
        with serving_app(create_app(assistant, settings=settings, owner_token=TOKEN, auth_state=auth_state)) as url:
            yield Running(url, assistant)
        database.dispose()


@contextmanager
def in_use(running: Running, key: str, articles: Path) -> Iterator[list[object]]:
    """Ask without a pause and index new articles, while in this context. Yields what went wrong."""
    stop, wrong = threading.Event(), list[object]()

    def again_and_again(do: Callable[[int], object]) -> None:
        number = 0
        while not stop.is_set():
            try:
                do(number)
            except Exception as error:  # noqa: BLE001 - shown by the test
                wrong.append(error)
            number += 1

    with running.http(key) as http:

        def ask(_: int) -> None:
            response = http.post("/api/ask", json=QUESTION)
            if response.status_code != 200 or response.json()["status"] != "answered":
                wrong.append(response.text)

        def index(number: int) -> None:
            index_into(
                running.assistant, write(articles, {f"new-{number}.md": f"Number {number} is the sum of its parts."})
            )

        threads = [threading.Thread(target=again_and_again, args=[do]) for do in (ask, ask, index)]
        for thread in threads:
            thread.start()
        try:
            yield wrong
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def test_what_was_backed_up_in_use_comes_back_whole(tmp_path: Path) -> None:
    data_dir, kept, articles = tmp_path / "data", tmp_path / "backups" / "monday", tmp_path / "articles"
    with service(data_dir) as running, running.http(TOKEN) as owner:
        database = opened_database(data_dir)
        key = add_key(database, "ann")
        database.dispose()
        index_into(running.assistant, write(articles, {"rain.md": RAIN}))
        with running.http(key) as ann:
            before = ann.post("/api/ask", json=QUESTION).json()
            with in_use(running, key, articles) as wrong:
                made = HttpClient(owner).backup()
                check_free(kept)
                move_to(Path(made.folder), kept)
        assert wrong == []
        assert made.agree
        assert not list(data_dir.glob(".unmoved-*"))
    assert (kept.stat().st_mode & 0o777) == 0o700
    shutil.rmtree(data_dir)
    shutil.copytree(kept, data_dir)
    with service(data_dir) as running, running.http(key) as ann, running.http(TOKEN) as owner:
        assert HttpClient(owner).check(CheckRequest()).agree
        assert HttpClient(owner).status().articles == made.articles
        assert ann.get(f"/api/conversations/{before['conversation_id']}").json()["answers"][0]["text"] == before["text"]
        after = ann.post("/api/ask", json=QUESTION).json()
        assert (after["status"], after["citations"]) == ("answered", before["citations"])
        index_into(running.assistant, articles)  # and the index goes on from there
        assert HttpClient(owner).check(CheckRequest()).agree


def test_the_command_backs_up_what_no_service_has(footnote: Run, tmp_path: Path) -> None:
    write(tmp_path / "articles", {"rain.md": RAIN})
    assert footnote("index", tmp_path / "articles").code == 0
    assert footnote("sources", "add", "more", tmp_path / "articles").code == 0
    ran = footnote("backup", tmp_path / "safe", "--json")
    assert (ran.code, ran.json["articles"], ran.json["agree"]) == (0, 1, True)
    assert ran.json["folder"] == str(tmp_path / "safe")
    found = footnote("ask", QUESTION["question"], "--json", data_dir=tmp_path / "safe").json
    assert found["citations"][0]["quote"] == RAIN
    assert "more: files" in footnote("sources", "list", data_dir=tmp_path / "safe").out
    assert "1 articles in 1 passages" in footnote("backup", tmp_path / "again").out


def test_nothing_is_written_over(footnote: Run, tmp_path: Path) -> None:
    write(tmp_path / "full", {"mine.md": "Mine."})
    for target in (tmp_path / "full", tmp_path / "full" / "mine.md"):
        ran = footnote("backup", target)
        assert ran.code == 2
        assert "Name a folder that is new or empty" in ran.err
    assert not (tmp_path / "data").exists()
    with pytest.raises(WrongUsage, match="cannot be made"):
        check_free(tmp_path / "full" / "mine.md" / "deeper" / "place")


def test_an_empty_folder_may_be_named(tmp_path: Path) -> None:
    made = write(tmp_path / "made", {"footnote.db": "x"})
    target = tmp_path / "target"
    target.mkdir()
    check_free(target)
    move_to(made, target)
    assert (target / "footnote.db").read_text() == "x"


def test_what_cannot_be_moved_stays_where_it_is(tmp_path: Path) -> None:
    made = write(tmp_path / "made", {"footnote.db": "x"})
    with pytest.raises(DataFolderUnusable, match=f"It lies in {made}"):
        move_to(made, made / "footnote.db" / "target")
    assert (made / "footnote.db").exists()


def test_a_backup_that_nobody_moved_goes_when_the_folder_is_opened(footnote: Run, tmp_path: Path) -> None:
    left = write(tmp_path / "data" / ".unmoved-backup-killed", {"footnote.db": "x"})
    named = write(tmp_path / "data" / "backup-of-monday", {"footnote.db": "x"})
    assert footnote("status").code == 0
    assert (left.exists(), named.exists()) == (False, True)


def test_a_failed_backup_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DataFolderUnusable("no space")

    monkeypatch.setattr("service.maintenance.backups.copy_index", fail)
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        with pytest.raises(DataFolderUnusable, match="no space"):
            assistant.backup()
        assert not list((tmp_path / "data").glob(".unmoved-*"))
