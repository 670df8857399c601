"""Sources that a reader of LlamaIndex loads: its own reader of files, and one of databases."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from index.records import FOR_EVERYONE, Access
from service.assistant import LocalAssistant
from service.sources.file import Unreadable, read_sources
from service.sources.syncing import Sources
from tests.service_fixtures import assistant_over, settings_for, write

STAFF = Access(frozenset({"staff"}))
TICKETS = [
    ("T-1", "Printer", "The printer on floor 3 needs paper.", "https://desk.example/1", "2026-04-24", "staff"),
    ("T-2", "Door", "The side door opens at 7.", None, None, '["staff", "board"]'),
    ("T-3", "Pay", "The pay of the board.", None, None, "board"),
    ("T-4", "Odd", "Who may read this?", None, None, "board, staff"),
    ("T-5", "None", "Nobody said who may read this.", None, None, None),
]
COLUMNS = '["number", "title", "url", "day", "who"]'
ENTRY = f"""
[sources.desk]
kind = "reader"
place = "llama_index.readers.database.DatabaseReader"
arguments = {{uri = "sqlite:///FILE"}}
load = {{query = "SELECT * FROM tickets", metadata_cols = {COLUMNS}, excluded_text_cols = {COLUMNS}}}
fields = {{id = "number", title = "title", url = "url", published = "day", groups = "who"}}
prune_limit = "50%"
"""


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        yield assistant


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A database of tickets."""
    file = tmp_path / "desk.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE tickets (number, title, body, url, day, who)")
        database.executemany("INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?)", TICKETS)
    database.close()
    return file


def change(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as database:
        database.execute(statement)
    database.close()


def configured(assistant: LocalAssistant, text: str) -> Sources:
    (assistant.settings.data_dir / "sources.toml").write_text(text)
    return Sources(assistant.live, assistant.settings)


def ids(assistant: LocalAssistant, access: Access) -> list[str]:
    return [info.id for info in assistant.current_index.catalog.articles(access)]


def test_rows_of_a_database_become_articles_for_those_whom_they_name(assistant: LocalAssistant, desk: Path) -> None:
    sources = configured(assistant, ENTRY.replace("FILE", str(desk)))
    (record,) = sources.sync()
    assert record.error is None
    assert ids(assistant, STAFF) == ["desk/T-1", "desk/T-2"]
    assert ids(assistant, Access(frozenset({"board"}))) == ["desk/T-2", "desk/T-3"]
    assert ids(assistant, FOR_EVERYONE) == []
    info, text = assistant.current_index.catalog.article("desk/T-1", STAFF)
    assert (info.title, info.url, info.published) == ("Printer", "https://desk.example/1", date(2026, 4, 24))
    assert (info.published_from, text) == ("stated", "body: The printer on floor 3 needs paper.")
    problems = {problem.path: problem.error for problem in record.problems}
    assert "a group with a comma in it" in problems["desk:T-4.md"]
    assert "has no 'who' in its metadata" in problems["desk:T-5.md"]


def test_only_what_changed_is_read_again_and_restrictions_count_at_once(assistant: LocalAssistant, desk: Path) -> None:
    sources = configured(assistant, ENTRY.replace("FILE", str(desk)))
    sources.sync()
    (again,) = sources.sync()
    assert (again.counts["unchanged"], again.counts["added"], again.counts["updated"]) == (3, 0, 0)
    change(desk, "UPDATE tickets SET who = 'board' WHERE number = 'T-1'")
    change(desk, "UPDATE tickets SET who = NULL WHERE number = 'T-2'")
    change(desk, "DELETE FROM tickets WHERE number = 'T-3'")
    (changed,) = sources.sync()
    assert (changed.counts["updated"], changed.counts["deleted"]) == (1, 1)
    assert ids(assistant, STAFF) == []
    assert ids(assistant, Access(frozenset({"board"}))) == ["desk/T-1"]


def test_documents_of_one_id_become_one_article_for_those_who_may_read_all(
    assistant: LocalAssistant, desk: Path
) -> None:
    change(desk, "UPDATE tickets SET number = 'T-1' WHERE number IN ('T-2', 'T-3')")
    configured(assistant, ENTRY.replace("FILE", str(desk))).sync()
    everything = {one.info.id: one.info.groups for one in assistant.current_index.catalog.entries().values()}
    assert everything == {"desk/T-1": frozenset()}


def test_files_are_read_by_llama_index_s_own_reader(assistant: LocalAssistant, tmp_path: Path) -> None:
    folder = write(tmp_path / "notes", {"a.md": "# A\n\nAbout a.", "deep/b.md": "# B\n\nAbout b."})
    entry = (
        '[sources.notes]\nkind="reader"\nplace="llama_index.core.SimpleDirectoryReader"\ngroups=["staff"]\n'
        f'arguments={{input_dir="{folder}", recursive=true}}\n'
        'fields={id="file_name", published="last_modified_date"}\ncollections=["notes"]\n'
    )
    (record,) = configured(assistant, entry).sync()
    assert (record.error, record.counts["added"], ids(assistant, FOR_EVERYONE)) == (None, 2, [])
    info, _ = assistant.current_index.catalog.article("notes/a.md", STAFF)
    assert (info.title, info.collections, info.published) == ("A", frozenset({"notes"}), date.today())


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ('place="llama_index.readers.nothing.Reader"', "there is no llama_index.readers.nothing.Reader"),
        ('place="os.system"', "os.system is no reader of LlamaIndex"),
        ('place="llama_index.core.SimpleDirectoryReader"\narguments={input_dir="/nowhere/at/all"}', "does not exist"),
        (
            'place="llama_index.core.SimpleDirectoryReader"\nsecrets={input_dir="NOT_SET"}',
            "variable NOT_SET is not set",
        ),
    ],
)
def test_a_reader_that_fails_fails_its_source(assistant: LocalAssistant, entry: str, error: str) -> None:
    (record,) = configured(assistant, f'[sources.x]\nkind="reader"\n{entry}\n').sync()
    assert record.error is not None
    assert error in record.error


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('place="reader"', "place"),
        ('place="a.b; import os"', "place"),
        ('place="a.B"\narguments={token="x"}', "token is a secret"),
        ('place="a.B"\nfields={reader="x"}', "fields"),
        ('place="a.B"\nload={since=2026-04-24}', "dates cannot be used here"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(tmp_path: Path, entry: str, problem: str) -> None:
    settings = settings_for(tmp_path)
    (tmp_path / "sources.toml").write_text(f'[sources.x]\nkind="reader"\n{entry}\n')
    (read,) = read_sources(settings)
    assert isinstance(read, Unreadable)
    assert problem in read.problem
