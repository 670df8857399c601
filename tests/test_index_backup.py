"""A copy of an index that answers: it holds what the index held at one moment, and its stores agree."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.errors import ArticleUnknown
from index.ingest.backup import CopyResult, copy_index
from index.ingest.rebuild import fill, rebuild
from index.ingest.upkeep import delete_articles, update
from index.models.embedding import Embedder
from index.records import EVERYTHING, FOR_EVERYONE, Access
from index.stores.live import LiveIndex
from index.stores.store import Index
from tests.conftest import OpenedIn
from tests.servers import BOTH_IN_SOAK
from tests.sync_steps import write
from tests.test_index_rebuild import TEXTS, ContentsOf, hits
from tests.test_index_store import ShortVectors

BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def articles(folder: Path) -> Path:
    for name, text in TEXTS.items():
        (folder / f"{name}.md").write_text(text)
    return folder


def copied(live: LiveIndex, place: Path) -> CopyResult:
    """Copy an index to where a data folder keeps it."""
    target = place / "copy" / "index"
    target.mkdir(parents=True)
    return copy_index(live, target)


def test_the_copy_holds_all_that_the_index_held_and_answers_alike(
    place: Path, articles: Path, opened_in: OpenedIn, opened_in_folder: OpenedIn, contents_of: ContentsOf
) -> None:
    with opened_in(place / "data") as index:
        live = LiveIndex(index)
        update(live, [articles])
        (articles / "rome.md").write_text("It snowed in Rome.")
        old_version = index.catalog.entries()["rome"].info.version
        update(live, [articles])
        delete_articles(live, ["copy"])
        done = copied(live, place)
        entries, found = index.catalog.entries(), hits(index)
        assert (done.articles, done.differences.agree) == (2, True)
        update(live, [articles])  # and the index goes its own way
        assert len(index.catalog.entries()) == 3
    with opened_in_folder(place / "copy") as index:
        assert (index.catalog.entries(), hits(index)) == (entries, found)
        assert contents_of(index).agree
        assert index.catalog.article("rome", EVERYTHING, version=old_version)[1] == TEXTS["rome"]


def test_nothing_is_embedded_for_a_copy(place: Path, articles: Path, opened_in: OpenedIn, embedded: list[str]) -> None:
    with opened_in(place / "data") as index:
        live = LiveIndex(index)
        update(live, [articles])
        embedded.clear()
        copied(live, place)
    assert embedded == []


@pytest.mark.parametrize("gone", ["rome", "bank"])
def test_what_is_deleted_while_it_is_copied_is_not_in_the_copy(
    place: Path,
    articles: Path,
    opened_in: OpenedIn,
    opened_in_folder: OpenedIn,
    monkeypatch: pytest.MonkeyPatch,
    gone: str,
) -> None:
    with opened_in(place / "data") as index:
        live = LiveIndex(index)
        update(live, [articles])

        def delete_then_fill(*given: Any, **named: Any) -> None:
            delete_articles(live, [gone])
            fill(*given, **named)

        monkeypatch.setattr("index.ingest.backup.fill", delete_then_fill)
        assert copied(live, place).differences.agree
        entries = index.catalog.entries()
    assert gone not in entries
    with opened_in_folder(place / "copy") as index:
        assert index.catalog.entries() == entries


def test_an_index_that_has_to_be_made_again_is_copied_as_it_is(
    place: Path, articles: Path, opened_in: OpenedIn, opened_in_folder: OpenedIn
) -> None:
    with opened_in(place / "data") as index:
        update(LiveIndex(index), [articles])
        found = hits(index)
    with opened_in(place / "data", passage_tokens=20) as index:
        outdated = index.outdated()
        assert outdated
        assert copied(LiveIndex(index), place).differences.agree
    with opened_in_folder(place / "copy", passage_tokens=20) as index:
        assert (index.outdated(), hits(index)) == (outdated, found)


def test_a_copy_with_wrong_vectors_says_so(
    place: Path, articles: Path, opened_in: OpenedIn, embedder: Embedder
) -> None:
    with opened_in(place / "data") as index:
        update(LiveIndex(replace(index, embedder=ShortVectors(embedder))), [articles])
        found = copied(LiveIndex(index), place).differences
    assert not found.agree
    assert len(found.wrong_vectors) == found.passages


def test_who_may_read_is_the_same_after_a_rebuild_and_in_a_copy(
    place: Path, folder: Path, opened_in: OpenedIn, opened_in_folder: OpenedIn
) -> None:
    def may_read(index: Index) -> dict[str, list[str]]:
        """Return what everyone, the board and the local command line find, and the board's old words that each may open."""
        askers = {"everyone": FOR_EVERYONE, "board": Access(groups=frozenset({"board"})), "command line": EVERYTHING}
        return {
            name: [*sorted(index.catalog.readable(ids, access)), *old(index, access)] for name, access in askers.items()
        }

    def old(index: Index, access: Access) -> list[str]:
        try:
            return [index.catalog.article("cleaned", access, version=restricted)[1]]
        except ArticleUnknown:
            return []

    ids = ["board", "cleaned", "open", "unclear"]
    board = "---\ngroups: [board]\n---\n"
    write(
        folder, {"open.md": "One.", "board.md": f"{board}Two.", "unclear.md": "Three.", "cleaned.md": f"{board}Four."}
    )
    with opened_in(place / "data") as index:
        live = LiveIndex(index)
        update(live, [folder])
        restricted = index.catalog.entries()["cleaned"].info.version
        write(folder, {"unclear.md": "---\ngroups: board\n---\nThree.", "cleaned.md": "Five."})
        update(live, [folder])
        before = may_read(index)
        assert before == {
            "everyone": ["cleaned", "open"],
            "board": ["board", "cleaned", "open", "Four."],
            "command line": ["board", "cleaned", "open", "unclear", "Four."],
        }
        rebuild(live)
        assert may_read(live.current) == before
        copied(live, place)
        live.close()
    with opened_in_folder(place / "copy") as index:
        assert may_read(index) == before
