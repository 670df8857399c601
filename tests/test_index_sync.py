"""A sync makes the index equal to its sources, costs nothing for what is unchanged, and deletes only what it was told to."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import func, select, update

from index.errors import ArticleDeleted, ArticleUnknown, WrongUsage
from index.pruning import Pruning
from index.records import EVERYTHING, FOR_EVERYONE, Access, Filters
from index.schema import retired, texts
from index.store import Index
from index.sync import SyncReport, delete, sync

PRUNE_ALL = Pruning(wanted=True, limit=1.0)
PRUNE = Pruning(wanted=True)
STAFF = Access(groups=frozenset({"staff"}))


class Contents(Protocol):
    @property
    def agree(self) -> bool: ...
    @property
    def catalog(self) -> list[str]: ...


ContentsOf = Callable[[Index], Contents]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def lines(*articles: dict[str, object]) -> str:
    return "\n".join(json.dumps(article) for article in articles)


def counts(report: SyncReport) -> dict[str, int]:
    names = ("added", "updated", "renamed", "unchanged", "deleted")
    return {name: getattr(report, name) for name in names if getattr(report, name)} | (
        {"failed": len(report.failed)} if report.failed else {}
    )


def text_of(index: Index, article_id: str, access: Access = EVERYTHING, version: str | None = None) -> str:
    return index.catalog.article(article_id, access, version=version)[1]


def ids(index: Index) -> list[str]:
    return sorted(index.catalog.entries())


# -- Adding, updating, leaving alone ------------------------------------------------------------------------------------


def test_articles_are_added_with_their_passages(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "# Rain\n\n" + "It rained in Rome all day. " * 60, "b.txt": "It shone.", "c.png": "x"})
    report = sync(index, [folder])
    assert counts(report) == {"added": 2}
    assert (report.articles, report.skipped) == (2, (str(folder / "c.png"),))
    assert report.passages == len(contents_of(index).catalog) > 2
    assert contents_of(index).agree
    assert text_of(index, "b") == "It shone."


def test_passages_are_exact_stretches_of_their_article(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "# 😀 Rain\n\n" + "It 𝔯ained in Rome. 日本語。\r\n\r\n\tIt rained in Rome. " * 80})
    sync(index, [folder])
    found = index.catalog.passages(index.catalog.passage_ids(EVERYTHING, Filters(), limit=99), EVERYTHING, Filters())
    text = text_of(index, "a")
    assert len(found) > 3
    for passage in found.values():
        assert text[passage.start : passage.end] == passage.text
        assert all(passage.words_of(span) == text[span.start : span.end] for span in passage.sentences)


def test_titles_and_publishers_can_be_found(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "---\ntitle: Weather\npublisher: The Times\n---\nIt rained."})
    sync(index, [folder])
    assert index.words.best("weather", 5).keys() == index.words.best("times", 5).keys() != set()


def test_what_is_unchanged_costs_no_embedding(index: Index, folder: Path, embedded: list[str]) -> None:
    write(folder, {"a.md": "One.", "b/c.txt": "Two.", "d.jsonl": lines({"text": "Three."}, {"text": "Four."})})
    sync(index, [folder])
    before = index.catalog.entries()
    embedded.clear()
    report = sync(index, [folder], pruning=PRUNE_ALL)
    assert counts(report) == {"unchanged": 4}
    assert (embedded, index.catalog.entries()) == ([], before)


def test_only_the_article_that_changed_is_embedded(
    index: Index, folder: Path, embedded: list[str], contents_of: ContentsOf
) -> None:
    write(folder, {"a.md": "It rained.", "b.md": "It shone."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    embedded.clear()
    write(folder, {"a.md": "It snowed."})
    assert counts(sync(index, [folder])) == {"updated": 1, "unchanged": 1}
    assert embedded == ["It snowed.\nIt snowed."]
    assert contents_of(index).agree
    assert (text_of(index, "a"), text_of(index, "a", version=old)) == ("It snowed.", "It rained.")
    assert index.words.best("rained", 5) == {}


def test_metadata_changes_in_place(index: Index, folder: Path, embedded: list[str]) -> None:
    write(folder, {"a.md": "---\ntitle: T\nurl: https://e.org/1\n---\nIt rained."})
    sync(index, [folder])
    before = index.catalog.entries()["a"].info
    embedded.clear()
    front = "title: T\nurl: https://e.org/2\npublished: 2026-04-24\nauthors: [Ann]\nlanguage: en\ngroups: [staff]"
    write(folder, {"a.md": f"---\n{front}\n---\nIt rained."})
    assert counts(sync(index, [folder])) == {"updated": 1}
    after = index.catalog.entries()["a"].info
    assert (after.url, str(after.published), after.authors, after.language) == (
        "https://e.org/2",
        "2026-04-24",
        ("Ann",),
        "en",
    )
    assert after.groups == frozenset({"staff"})
    assert (after.version, embedded) == (before.version, [])


@pytest.mark.parametrize(
    ("front", "texts"),
    [
        ("title: Other", ["Other\nIt rained."]),
        # The publisher can be found by words; the vector is as it was, and remembered.
        ("title: T\npublisher: The Times", []),
    ],
)
def test_a_new_title_or_publisher_is_written_and_is_no_new_version(
    index: Index, folder: Path, embedded: list[str], contents_of: ContentsOf, front: str, texts: list[str]
) -> None:
    write(folder, {"a.md": "---\ntitle: T\n---\nIt rained."})
    sync(index, [folder])
    version = index.catalog.entries()["a"].info.version
    embedded.clear()
    write(folder, {"a.md": f"---\n{front}\n---\nIt rained."})
    assert counts(sync(index, [folder])) == {"updated": 1}
    assert embedded == texts
    assert contents_of(index).agree
    assert index.words.best("times" if "Times" in front else "other", 5)
    assert index.catalog.entries()["a"].info.version == version


def test_the_same_text_under_two_names_is_one_set_of_passages(
    index: Index, folder: Path, embedded: list[str], contents_of: ContentsOf
) -> None:
    write(folder, {"a.md": "It rained.", "b.md": "It rained.", "c.md": "---\ngroups: [staff]\n---\nIt rained."})
    report = sync(index, [folder])
    assert (report.articles, report.passages, embedded) == (3, 1, ["It rained.\nIt rained."])
    delete(index, ["a"])
    assert contents_of(index).agree
    assert len(contents_of(index).catalog) == 1
    delete(index, ["b", "c"])
    assert contents_of(index).catalog == []


def test_a_text_that_comes_back_is_added_again(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two."})
    sync(index, [folder])
    write(folder, {"a.md": "Three."})
    sync(index, [folder])
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    delete(index, ["b"])
    assert counts(sync(index, [folder])) == {"added": 1, "unchanged": 1}
    assert (text_of(index, "a"), text_of(index, "b")) == ("One.", "Two.")
    assert contents_of(index).agree


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_articles_may_swap_their_texts(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch, contents_of: ContentsOf, at_once: int
) -> None:
    monkeypatch.setattr("index.writing._ARTICLES_AT_ONCE", at_once)
    write(folder, {"a.md": "One.", "b.md": "Two.", "c.md": "Three."})
    sync(index, [folder])
    write(folder, {"a.md": "Two.", "b.md": "Three.", "c.md": "One."})
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"updated": 3}
    assert [text_of(index, name) for name in "abc"] == ["Two.", "Three.", "One."]
    assert contents_of(index).agree


# -- Lines ----------------------------------------------------------------------------------------------------------------


def test_lines_are_updated_and_pruned_one_by_one(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    feed = folder / "feed.jsonl"
    write(folder, {"feed.jsonl": lines({"id": "x", "text": "One."}, {"text": "Two."}, {"id": "z", "text": "Three."})})
    sync(index, [feed])
    write(folder, {"feed.jsonl": lines({"id": "z", "text": "Three."}, {"id": "x", "text": "One, changed."})})
    assert counts(sync(index, [feed], pruning=PRUNE_ALL)) == {"updated": 1, "unchanged": 1, "deleted": 1}
    assert ids(index) == ["x", "z"]
    assert contents_of(index).agree


def test_a_bad_line_keeps_what_came_from_its_file(index: Index, folder: Path) -> None:
    feed = folder / "feed.jsonl"
    write(folder, {"feed.jsonl": lines({"text": "One."}, {"text": "Two."}, {"text": "Three."})})
    sync(index, [feed])
    feed.write_text(lines({"text": "One."}) + "\n{")
    assert counts(sync(index, [feed], pruning=PRUNE_ALL)) == {"unchanged": 1, "failed": 1}
    assert len(ids(index)) == 3


# -- Failing files --------------------------------------------------------------------------------------------------------


def test_a_failing_file_keeps_its_old_version(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "It rained.", "b.md": "It shone."})
    sync(index, [folder])
    for broken in (b"", b"\0", b"\xff", b"---\na: b: c\n---\nx", b"---\ngroups: x\n---\nx"):
        (folder / "a.md").write_bytes(broken)
        report = sync(index, [folder], pruning=PRUNE_ALL)
        assert counts(report) == {"unchanged": 1, "failed": 1}
        assert report.failed[0].path == str(folder / "a.md")
    assert text_of(index, "a") == "It rained."
    assert contents_of(index).agree


def test_a_broken_link_keeps_its_old_version(index: Index, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "target.md").write_text("It rained.")
    (folder / "a.md").symlink_to(tmp_path / "target.md")
    sync(index, [folder])
    (tmp_path / "target.md").unlink()
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"failed": 1}
    assert ids(index) == ["a"]


def test_a_folder_that_cannot_be_listed_keeps_its_articles(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"deep/er/a.md": "One.", "deep/feed.jsonl": lines({"text": "Two."}), "deeply.md": "Three."})
    sync(index, [folder])
    listing = os.scandir

    def refusing(path: str) -> "os._ScandirIterator[str]":
        if str(path) == str(folder / "deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", refusing)
    (folder / "deeply.md").unlink()
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"deleted": 1, "failed": 1}
    assert ids(index) == ["deep/er/a", "deep/feed.jsonl#1"]


def test_warnings_are_told_and_the_article_goes_in(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "---\npublished: soon\n---\nIt rained."})
    report = sync(index, [folder])
    assert counts(report) == {"added": 1}
    assert [warning.path for warning in report.warnings] == [str(folder / "a.md")]
    assert "'soon' is not an ISO date" in report.warnings[0].error


# -- One id, one article --------------------------------------------------------------------------------------------------


def test_a_collision_fails_the_later_one_and_names_both(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "One.", "a.txt": "Two.", "b.md": "---\nid: a\n---\nThree."})
    report = sync(index, [folder])
    assert counts(report) == {"added": 1, "failed": 2}
    assert [problem.path for problem in report.failed] == [str(folder / "a.txt"), str(folder / "b.md")]
    assert all(f"the id 'a', which {folder / 'a.md'} has" in problem.error for problem in report.failed)
    assert text_of(index, "a") == "One."
    assert contents_of(index).agree


def test_lines_with_one_id_collide(index: Index, folder: Path) -> None:
    write(folder, {"feed.jsonl": lines({"id": "a", "text": "One."}, {"id": "a", "text": "Two."})})
    report = sync(index, [folder])
    assert counts(report) == {"added": 1, "failed": 1}
    assert report.failed[0].path == f"{folder / 'feed.jsonl'}#2"
    assert f"{folder / 'feed.jsonl'}#1" in report.failed[0].error


def test_an_article_of_another_folder_is_never_overwritten(index: Index, folder: Path, tmp_path: Path) -> None:
    write(folder, {"a.md": "One."})
    write(tmp_path / "other", {"a.md": "Two.", "b.md": "Three."})
    sync(index, [folder])
    report = sync(index, [tmp_path / "other"], pruning=PRUNE_ALL)
    assert counts(report) == {"added": 1, "failed": 1}
    assert str(folder / "a.md") in report.failed[0].error
    assert str(tmp_path / "other" / "a.md") == report.failed[0].path
    assert text_of(index, "a") == "One."
    (folder / "a.md").unlink()
    assert counts(sync(index, [tmp_path / "other"])) == {"updated": 1, "unchanged": 1}
    assert text_of(index, "a") == "Two."


def test_a_collision_keeps_what_its_file_held_before(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "C# and F#"
    write(folder, {"a.md": "One.", "b #2.md": "---\nid: b\n---\nTwo."})
    sync(index, [folder])
    write(folder, {"b #2.md": "---\nid: a\n---\nTwo."})
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"unchanged": 1, "failed": 1}
    assert ids(index) == ["a", "b"]


def test_articles_may_swap_their_ids(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"1.md": "---\nid: a\n---\nOne.", "2.md": "---\nid: b\n---\nTwo."})
    sync(index, [folder])
    write(folder, {"1.md": "---\nid: b\n---\nOne.", "2.md": "---\nid: a\n---\nTwo."})
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"updated": 2}
    assert (text_of(index, "a"), text_of(index, "b")) == ("Two.", "One.")
    assert contents_of(index).agree


def test_an_id_may_move_to_another_file(index: Index, folder: Path) -> None:
    write(folder, {"old.jsonl": lines({"id": "a", "text": "One."}, {"id": "b", "text": "Two."})})
    sync(index, [folder])
    write(folder, {"old.jsonl": lines({"id": "b", "text": "Two."}), "new.md": "---\nid: a\n---\nOne, changed."})
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"updated": 1, "unchanged": 1}
    assert text_of(index, "a") == "One, changed."


def test_an_id_whose_file_cannot_be_read_is_not_given_away(index: Index, folder: Path) -> None:
    write(folder, {"1.md": "---\nid: a\n---\nOne."})
    sync(index, [folder])
    write(folder, {"1.md": "\0", "0.md": "---\nid: a\n---\nTwo."})
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"failed": 2}
    assert text_of(index, "a") == "One."


def test_a_file_named_twice_goes_in_once(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "One.", "b.jsonl": lines({"text": "Two."})})
    paths = [folder, folder / "a.md", folder, folder / "b.jsonl"]
    assert counts(sync(index, paths)) == {"added": 2}
    assert counts(sync(index, paths)) == {"unchanged": 2}
    write(folder, {"a.md": "One, changed."})
    assert counts(sync(index, paths)) == {"updated": 1, "unchanged": 1}
    assert contents_of(index).agree
    (folder / "b.jsonl").unlink()
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"unchanged": 1, "deleted": 1}


# -- Renaming and moving --------------------------------------------------------------------------------------------------


def test_a_renamed_file_costs_no_embedding(
    index: Index, folder: Path, embedded: list[str], contents_of: ContentsOf
) -> None:
    write(folder, {"a.md": "It rained.", "b.md": "It shone."})
    sync(index, [folder])
    embedded.clear()
    (folder / "a.md").rename(folder / "z.md")
    assert counts(sync(index, [folder], pruning=Pruning(wanted=True, limit=0.0))) == {"renamed": 1, "unchanged": 1}
    assert (ids(index), embedded) == (["b", "z"], [])
    assert contents_of(index).agree
    with pytest.raises(ArticleDeleted):
        text_of(index, "a")


def test_without_prune_a_renamed_file_is_there_under_both_names(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "It rained."})
    sync(index, [folder])
    (folder / "a.md").rename(folder / "z.md")
    assert counts(sync(index, [folder])) == {"added": 1}
    assert ids(index) == ["a", "z"]


def test_of_two_copies_gone_and_one_come_one_was_renamed(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "It rained.", "b.md": "It rained.", "c.md": "It shone."})
    sync(index, [folder])
    (folder / "a.md").unlink()
    (folder / "b.md").rename(folder / "z.md")
    report = sync(index, [folder], pruning=PRUNE_ALL)
    assert counts(report) == {"renamed": 1, "deleted": 1, "unchanged": 1}
    assert ids(index) == ["c", "z"]


def test_a_moved_folder_is_unchanged(index: Index, folder: Path, tmp_path: Path, embedded: list[str]) -> None:
    write(folder, {"a.md": "One.", "b/c.md": "Two.", "d.jsonl": lines({"text": "Three."})})
    sync(index, [folder])
    embedded.clear()
    moved = tmp_path / "moved"
    folder.rename(moved)
    assert counts(sync(index, [moved], pruning=PRUNE_ALL)) == {"unchanged": 3}
    assert embedded == []
    (moved / "a.md").unlink()
    assert counts(sync(index, [moved], pruning=PRUNE_ALL)) == {"unchanged": 2, "deleted": 1}
    assert {entry.source for entry in index.catalog.entries().values()} == {str(moved)}


def test_a_copied_folder_collides_with_the_first(index: Index, folder: Path, tmp_path: Path) -> None:
    write(folder, {"a.md": "One.", "d.jsonl": lines({"text": "Two."}, {"text": "Three."})})
    sync(index, [folder])
    shutil.copytree(folder, tmp_path / "copy")
    assert counts(sync(index, [tmp_path / "copy"])) == {"failed": 3}
    assert {entry.source for entry in index.catalog.entries().values()} == {str(folder)}


def test_another_ending_is_an_update(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "*One.*"})
    sync(index, [folder])
    (folder / "a.md").rename(folder / "a.txt")
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"updated": 1}
    assert index.catalog.entries()["a"].info.format == "text"


# -- Deleting -------------------------------------------------------------------------------------------------------------


def test_without_prune_nothing_is_deleted(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two."})
    sync(index, [folder])
    (folder / "a.md").unlink()
    assert counts(sync(index, [folder])) == {"unchanged": 1}
    assert ids(index) == ["a", "b"]


def test_beyond_the_limit_nothing_is_deleted_and_it_is_told(index: Index, folder: Path) -> None:
    write(folder, {f"{n:02}.md": "It rained." for n in range(10)})
    sync(index, [folder])
    for n in range(3):
        (folder / f"{n:02}.md").unlink()
    report = sync(index, [folder], pruning=PRUNE)
    assert counts(report) == {"unchanged": 7, "failed": 1}
    assert report.failed[0].path == str(folder)
    assert "3 of its 10 articles are gone (30%), over the limit of 20%; none was deleted: 00, 01, 02." in (
        report.failed[0].error
    )
    assert "run again with --prune-limit 30%" in report.failed[0].error
    assert len(ids(index)) == 10
    assert counts(sync(index, [folder], pruning=Pruning(wanted=True, limit=0.3))) == {"unchanged": 7, "deleted": 3}


def test_the_limit_that_is_advised_is_enough(index: Index, folder: Path) -> None:
    for gone in (1, 14, 29, 33, 50):
        write(folder, {f"{n:02}.md": "It rained." for n in range(50)})
        sync(index, [folder])
        for n in range(gone):
            (folder / f"{n:02}.md").unlink()
        (refusal,) = sync(index, [folder], pruning=Pruning(wanted=True, limit=0.0)).failed
        advised = refusal.error.rpartition("--prune-limit ")[2].removesuffix("%.")
        report = sync(index, [folder], pruning=Pruning(wanted=True, limit=float(advised) / 100))
        assert (report.deleted, report.failed) == (gone, ())


def test_a_long_list_of_what_is_gone_is_shortened(index: Index, folder: Path) -> None:
    write(folder, {f"{n:02}.md": "It rained." for n in range(13)})
    sync(index, [folder])
    shutil.rmtree(folder)
    folder.mkdir()
    (refusal,) = sync(index, [folder], pruning=PRUNE).failed
    assert "08, 09 and 3 more. If that is right, run again with --prune-limit 100%." in refusal.error
    assert sync(index, [folder], pruning=PRUNE_ALL).articles == 0


def test_prune_touches_only_the_sources_that_are_named(index: Index, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "articles-2"
    write(folder, {"a.md": "One.", "b.md": "Two."})
    write(other, {"c.md": "Three.", "d.md": "Four."})
    write(tmp_path, {"single.md": "Five."})
    sync(index, [folder, other, tmp_path / "single.md"])
    (folder / "a.md").unlink()
    (other / "c.md").unlink()
    assert counts(sync(index, [folder], pruning=PRUNE_ALL)) == {"unchanged": 1, "deleted": 1}
    assert ids(index) == ["b", "c", "d", "single"]


def test_the_limit_is_of_each_source(index: Index, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(folder, {f"{n}.md": "It rained." for n in range(10)})
    write(other, {"x.md": "One.", "y.md": "Two."})
    sync(index, [folder, other])
    (folder / "0.md").unlink()
    (other / "x.md").unlink()
    report = sync(index, [folder, other], pruning=PRUNE)
    assert counts(report) == {"unchanged": 10, "deleted": 1, "failed": 1}
    assert report.failed[0].path == str(other)
    assert "x" in ids(index)


def test_what_is_no_longer_read_is_pruned(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two."})
    sync(index, [folder])
    (folder / "a.md").rename(folder / "a.png")
    report = sync(index, [folder], pruning=PRUNE_ALL)
    assert counts(report) == {"unchanged": 1, "deleted": 1}
    assert report.skipped == (str(folder / "a.png"),)


def test_deleted_articles_are_gone_from_every_store(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two.", "c.md": "Three."})
    sync(index, [folder])
    delete(index, ["a", "c", "a"])
    assert ids(index) == ["b"]
    assert len(contents_of(index).catalog) == 1
    assert contents_of(index).agree
    with pytest.raises(ArticleDeleted, match="'a' was deleted"):
        text_of(index, "a")


def test_deleting_what_is_not_there_deletes_nothing(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    with pytest.raises(ArticleUnknown, match="no article 'b'"):
        delete(index, ["a", "b"])
    assert ids(index) == ["a"]


def test_a_deleted_article_that_is_added_again_is_no_longer_deleted(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    delete(index, ["a"])
    sync(index, [folder])
    assert text_of(index, "a") == "One."


# -- Asking for the wrong thing, and for nothing to be done ---------------------------------------------------------------


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_a_limit_that_is_no_share_is_wrong_usage(index: Index, folder: Path, limit: float) -> None:
    with pytest.raises(WrongUsage, match="a share between 0% and 100%"):
        sync(index, [folder], pruning=Pruning(wanted=True, limit=limit))


def test_one_wrong_path_changes_nothing(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    with pytest.raises(WrongUsage, match="does not exist"):
        sync(index, [folder, folder / "nowhere"])
    assert ids(index) == []


def test_a_dry_run_tells_everything_and_changes_nothing(
    index: Index, folder: Path, embedded: list[str], contents_of: ContentsOf
) -> None:
    write(folder, {"a.md": "One.", "b.md": "Two.", "c.md": "Three.", "d.md": "Four.", "e.md": "Five."})
    sync(index, [folder])
    facts = [index.catalog.fact(name) for name in ("fingerprint", "last_sync")]
    before = (index.catalog.entries(), contents_of(index), facts)
    embedded.clear()
    write(folder, {"a.md": "One, changed.", "f.md": "Six.", "g.md": "\0"})
    (folder / "b.md").unlink()
    (folder / "c.md").rename(folder / "z.md")
    told = sync(index, [folder], pruning=PRUNE_ALL, dry_run=True)
    assert (index.catalog.entries(), contents_of(index), facts) == before
    assert (embedded, told.articles, told.passages) == ([], 5, 5)
    assert counts(told) == counts(sync(index, [folder], pruning=PRUNE_ALL))
    assert counts(told) == {"added": 1, "updated": 1, "renamed": 1, "unchanged": 2, "deleted": 1, "failed": 1}


def test_a_dry_run_on_an_empty_index_leaves_it_nobodys(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    assert counts(sync(index, [folder], dry_run=True)) == {"added": 1}
    assert index.catalog.fact("fingerprint") is None
    assert index.catalog.fact("last_sync") is None


def test_the_time_of_the_last_sync_is_remembered(index: Index, folder: Path) -> None:
    sync(index, [folder])
    last = index.catalog.fact("last_sync")
    assert last is not None
    assert abs(datetime.fromisoformat(last) - datetime.now(UTC)) < timedelta(minutes=1)


def test_progress_goes_up_to_the_number_of_files(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.png": "", "c.md": "\0", "d.jsonl": lines({"text": "Two."}, {"text": "Three."})})
    steps: list[tuple[int, int]] = []
    sync(index, [folder], on_progress=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == [1, 2, 3, 4, 4]
    assert {total for _, total in steps} == {4}


# -- Old versions ---------------------------------------------------------------------------------------------------------


def aged(index: Index, days: float) -> None:
    with index.catalog._engine.begin() as connection:
        connection.execute(update(retired).values(retired_at=datetime.now(UTC) - timedelta(days=days)))


def test_old_versions_can_be_opened_for_as_many_days_as_set(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    write(folder, {"a.md": "Two."})
    sync(index, [folder])
    aged(index, 29.9)
    sync(index, [folder])
    assert text_of(index, "a", version=old) == "One."
    aged(index, 30.1)
    sync(index, [folder])
    with pytest.raises(ArticleUnknown, match=r"has no version .* that is still kept"):
        text_of(index, "a", version=old)
    with index.catalog._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(texts)) == 1


def test_old_versions_of_what_was_deleted_are_gone_at_once(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    write(folder, {"a.md": "Two."})
    sync(index, [folder])
    delete(index, ["a"])
    with pytest.raises(ArticleDeleted):
        text_of(index, "a", version=old)
    with index.catalog._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(texts)) == 0


def test_a_version_of_one_article_is_not_opened_as_one_of_another(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.md": "---\ngroups: [staff]\n---\nTwo."})
    sync(index, [folder])
    old = index.catalog.entries()["b"].info.version
    write(folder, {"b.md": "---\ngroups: [staff]\n---\nThree."})
    sync(index, [folder])
    for secret in (old, index.catalog.entries()["b"].info.version):
        assert text_of(index, "b", STAFF, version=secret) in {"Two.", "Three."}
        with pytest.raises(ArticleUnknown):
            text_of(index, "a", FOR_EVERYONE, version=secret)


def test_an_old_version_is_read_under_todays_groups(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One."})
    sync(index, [folder])
    old = index.catalog.entries()["a"].info.version
    write(folder, {"a.md": "---\ngroups: [staff]\n---\nTwo."})
    sync(index, [folder])
    assert text_of(index, "a", STAFF, version=old) == "One."
    with pytest.raises(ArticleUnknown, match="no article 'a' that you may read"):
        text_of(index, "a", FOR_EVERYONE, version=old)


def test_a_folder_is_the_same_source_by_whatever_link_it_is_named(index: Index, folder: Path, tmp_path: Path) -> None:
    (folder / "a.md").write_text("The harbour of Aldwick opened in 1998.")
    (tmp_path / "link").symlink_to(folder)
    assert sync(index, [tmp_path / "link"]).added == 1
    report = sync(index, [folder])
    assert (report.unchanged, report.failed) == (1, ())


def test_an_empty_file_of_lines_is_told(index: Index, folder: Path) -> None:
    write(folder, {"a.jsonl": "\n \n", "b.md": "It rained."})
    report = sync(index, [folder])
    assert counts(report) == {"added": 1}
    assert report.skipped == (str(folder / "a.jsonl"),)
    (warning,) = report.warnings
    assert (warning.path, warning.error) == (str(folder / "a.jsonl"), "it is empty: no line holds an article")
