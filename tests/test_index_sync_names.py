"""One id is one article: collisions, swaps, renamed files and moved folders."""

import shutil
from pathlib import Path

import pytest

from index.errors import ArticleDeleted
from index.pruning import Pruning
from index.store import Index
from index.sync import sync
from tests.sync_steps import PRUNE_ALL, ContentsOf, counts, ids, lines, text_of, write


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


def test_a_folder_is_the_same_source_by_whatever_link_it_is_named(index: Index, folder: Path, tmp_path: Path) -> None:
    (folder / "a.md").write_text("The harbour of Aldwick opened in 1998.")
    (tmp_path / "link").symlink_to(folder)
    assert sync(index, [tmp_path / "link"]).added == 1
    report = sync(index, [folder])
    assert (report.unchanged, report.failed) == (1, ())
