"""One id is one article: collisions, swaps, renamed files and moved folders."""

import shutil
from pathlib import Path

import pytest

from index.errors import ArticleDeleted
from index.ingest.pruning import Pruning
from index.ingest.sync import sync
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK
from tests.sync_steps import PRUNE_ALL, ContentsOf, counts, ids, lines, text_of, write

BACKENDS = BOTH_IN_SOAK


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
    assert counts(sync(index, [tmp_path / "other"], pruning=PRUNE_ALL)) == {"added": 2}
    assert (text_of(index, "a"), text_of(index, "other/a")) == ("One.", "Two.")
    (folder / "a.md").unlink()
    assert counts(sync(index, [tmp_path / "other"])) == {"unchanged": 2}
    assert ids(index) == ["a", "b", "other/a"]


@pytest.mark.parametrize("order", [["one", "two"], ["two", "one"]])
def test_the_same_name_in_two_folders_named_together_goes_in_twice(
    index: Index, tmp_path: Path, order: list[str]
) -> None:
    for name in order:
        write(tmp_path / name, {"README.md": f"Of {name}.", "f.jsonl": lines({"text": f"In {name}."})})
    folders = [tmp_path / name for name in order]
    assert counts(sync(index, folders)) == {"added": 4}
    expected = ["README", "f.jsonl#1", "two/README", "two/f.jsonl#1"]
    assert ids(index) == expected
    assert (text_of(index, "README"), text_of(index, "two/README")) == ("Of one.", "Of two.")
    for again in (folders, folders[::-1], folders[:1], folders[1:]):
        report = sync(index, again, pruning=PRUNE_ALL)
        assert counts(report) == {"unchanged": 2 * len(again)}
    assert ids(index) == expected
    write(tmp_path / "two", {"README.md": "Of two, changed."})
    (tmp_path / "one" / "README.md").unlink()
    assert counts(sync(index, folders, pruning=PRUNE_ALL)) == {"updated": 1, "unchanged": 2, "deleted": 1}
    assert ids(index) == expected[1:]


def test_three_folders_of_the_same_name_are_told_apart(index: Index, tmp_path: Path) -> None:
    folders = [tmp_path / name / "docs" for name in "abc"]
    for folder in folders:
        write(folder, {"x.md": f"In {folder}."})
    assert counts(sync(index, folders)) == {"added": 3}
    assert ids(index) == ["b/docs/x", "docs/x", "x"] or ids(index) == ["c/docs/x", "docs/x", "x"]
    assert counts(sync(index, folders[::-1])) == {"unchanged": 3}


def test_files_of_the_same_name_that_are_named_themselves_are_told_apart(index: Index, tmp_path: Path) -> None:
    files = [tmp_path / "one" / "x.md", tmp_path / "two" / "x.md"]
    for file in files:
        write(file.parent, {file.name: f"In {file}."})
    assert counts(sync(index, files)) == {"added": 2}
    assert ids(index) == ["two/x", "x"]
    assert counts(sync(index, files[::-1])) == {"unchanged": 2}


def test_an_id_that_was_given_is_never_changed(index: Index, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, {"x.md": "---\nid: same\n---\nText."})
    report = sync(index, [tmp_path / "one", tmp_path / "two"])
    assert counts(report) == {"added": 1, "failed": 1}
    assert f"the id 'same', which {tmp_path / 'one' / 'x.md'} has" in report.failed[0].error


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
    assert counts(sync(index, [folder], pruning=Pruning(enabled=True, limit=0.0))) == {"renamed": 1, "unchanged": 1}
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


def test_a_copied_folder_goes_in_under_ids_of_its_own(index: Index, folder: Path, tmp_path: Path) -> None:
    write(folder, {"a.md": "One.", "d.jsonl": lines({"text": "Two."}, {"text": "Three."})})
    sync(index, [folder])
    shutil.copytree(folder, tmp_path / "copy")
    assert counts(sync(index, [tmp_path / "copy"])) == {"added": 3}
    assert ids(index) == ["a", "copy/a", "copy/d.jsonl#1", "copy/d.jsonl#2", "d.jsonl#1", "d.jsonl#2"]


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
