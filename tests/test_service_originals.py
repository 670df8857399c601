"""The files of articles over HTTP: to whom they are given, how, of which version, and how long copies are kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index.records import EVERYTHING
from index.sources.originals import ORIGINALS_FOLDER
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key
from service.maintenance.backups import back_up
from service.schemas.sources import SyncSourcesRequest
from tests.pdf_files import pdf_of
from tests.service_fixtures import assistant_over, index_into, settings_for
from tests.test_service_api import ADDRESS

PDF = pdf_of([["The board meets in the old customs house."]])
OTHER = pdf_of([["The board meets in the new customs house."]])


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    (tmp_path / "articles").mkdir()
    with assistant_over(settings_for(tmp_path / "data"), with_history=True) as assistant:
        yield assistant


def copies(assistant: LocalAssistant) -> list[bytes]:
    """The copies that are kept, in order of length."""
    folder = assistant.settings.data_dir / ORIGINALS_FOLDER
    return sorted((copy.read_bytes() for copy in folder.glob("*")), key=len)


def client_of(assistant: LocalAssistant) -> TestClient:
    return TestClient(create_app(assistant, settings=assistant.settings), base_url=ADDRESS)


def test_a_file_is_given_as_it_was_read_and_can_do_nothing(assistant: LocalAssistant, tmp_path: Path) -> None:
    (tmp_path / "articles" / "minutes.pdf").write_bytes(PDF)
    index_into(assistant, tmp_path / "articles")
    (tmp_path / "articles" / "minutes.pdf").unlink()
    given = client_of(assistant).get("/api/originals/minutes")
    assert given.content == PDF
    assert given.headers["content-type"] == "application/pdf"
    assert given.headers["content-disposition"] == 'attachment; filename="minutes.pdf"'
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["content-security-policy"] == "default-src 'none'; sandbox"
    part = client_of(assistant).get("/api/originals/minutes", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, PDF[:8])


def test_who_may_not_read_the_article_gets_what_one_gets_who_asks_for_none(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data", api_keys_required=True)
    source = '[sources.board]\nkind = "files"\nplace = "{}"\ngroups = ["board"]\n'
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "minutes.pdf").write_bytes(PDF)
    with assistant_over(settings, with_history=True) as assistant:
        (tmp_path / "data" / "sources.toml").write_text(source.format(tmp_path / "articles"))
        assistant.sources.sync(SyncSourcesRequest())
        database = opened_database(tmp_path / "data")
        keys = {name: add_key(database, name, groups=[name]) for name in ("board", "staff")}
        state = AuthState(token_lookups=(ApiKeys(database).asker,))
        client = TestClient(create_app(assistant, settings=settings, auth_state=state), base_url=ADDRESS)

        def asked(name: str, path: str) -> tuple[int, str]:
            given = client.get(path, headers={"Authorization": f"Bearer {keys[name]}"})
            return given.status_code, given.text.replace("board/minutes", "…").replace("board/nothing", "…")

        assert asked("board", "/api/originals/board/minutes")[0] == 200
        assert asked("staff", "/api/originals/board/minutes")[0] == 404
        for path in ("/api/originals/board/nothing", "/api/articles/board/minutes"):
            assert asked("staff", "/api/originals/board/minutes") == asked("staff", path)
        assert client.get("/api/originals/board/minutes").status_code == 401
        database.dispose()


def test_the_file_of_another_version_is_not_given(assistant: LocalAssistant, tmp_path: Path) -> None:
    file = tmp_path / "articles" / "minutes.pdf"
    file.write_bytes(PDF)
    index_into(assistant, file.parent)
    old = assistant.article("minutes", EVERYTHING, None)
    assert (old.original, old.pages) == ("application/pdf", [0])
    file.write_bytes(OTHER)
    index_into(assistant, file.parent)
    client = client_of(assistant)
    given = client.get("/api/originals/minutes", params={"version": old.version})
    assert (given.status_code, given.json()["type"]) == (404, "/problems/original-missing")
    assert client.get("/api/originals/minutes").content == OTHER
    then = assistant.article("minutes", EVERYTHING, old.version)
    assert (then.current, then.pages) == (False, [])


def test_copies_that_no_article_uses_go_after_a_day(assistant: LocalAssistant, tmp_path: Path) -> None:
    file = tmp_path / "articles" / "minutes.pdf"
    file.write_bytes(PDF)
    index_into(assistant, file.parent)
    file.write_bytes(OTHER)
    index_into(assistant, file.parent)
    assert len(copies(assistant)) == 2
    for copy in (assistant.settings.data_dir / ORIGINALS_FOLDER).iterdir():
        os.utime(copy, (0, 0))
    index_into(assistant, file.parent)
    assert copies(assistant) == [OTHER]


def test_the_copy_of_a_deleted_article_goes_at_once(assistant: LocalAssistant, tmp_path: Path) -> None:
    for name, content in (("a", PDF), ("b", PDF), ("c", OTHER)):
        (tmp_path / "articles" / f"{name}.pdf").write_bytes(content)
    index_into(assistant, tmp_path / "articles")
    assistant.delete(["a", "c"])
    assert copies(assistant) == [PDF]  # b's
    assistant.delete(["b"])
    assert not copies(assistant)


def test_backups_hold_the_copies(assistant: LocalAssistant, tmp_path: Path) -> None:
    (tmp_path / "articles" / "minutes.pdf").write_bytes(PDF)
    index_into(assistant, tmp_path / "articles")
    made = Path(back_up(assistant.live, assistant.settings).folder)
    assert [copy.read_bytes() for copy in (made / ORIGINALS_FOLDER).iterdir()] == [PDF]


def test_without_copies_articles_are_indexed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "minutes.pdf").write_bytes(PDF)
    with assistant_over(settings_for(tmp_path / "data", keep_originals=False)) as assistant:
        assert index_into(assistant, tmp_path / "minutes.pdf").added == 1
        assert assistant.article("minutes", EVERYTHING, None).original is None
        assert client_of(assistant).get("/api/originals/minutes").status_code == 404
        assert copies(assistant) == []


def test_where_no_copy_can_be_written_a_warning_says_so(assistant: LocalAssistant, tmp_path: Path) -> None:
    (tmp_path / "articles" / "minutes.pdf").write_bytes(PDF)
    (assistant.settings.data_dir / ORIGINALS_FOLDER).write_text("a file in the place of the folder")
    report = index_into(assistant, tmp_path / "articles")
    assert report.added == 1
    assert "cannot be shown as it is: no copy could be kept" in report.warnings[0].error
