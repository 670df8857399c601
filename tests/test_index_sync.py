"""A sync makes the index equal to its sources, costs nothing for what is unchanged, and deletes only what it was told to."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.errors import IndexingStopped, WrongUsage
from index.ingest.pruning import Pruning
from index.ingest.sync import delete, sync
from index.records import EVERYTHING, Article, Filters
from index.sources.reading import limits_from
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK
from tests.sync_steps import PRUNE_ALL, ContentsOf, counts, ids, lines, text_of, write

BACKENDS = BOTH_IN_SOAK

# -- Adding, updating, leaving alone ------------------------------------------------------------------------------------


def test_articles_are_added_with_their_passages(index: Index, folder: Path, contents_of: ContentsOf) -> None:
    write(folder, {"a.md": "# Rain\n\n" + "It rained in Rome all day. " * 60, "b.txt": "It shone.", "c.gif": "x"})
    report = sync(index, [folder])
    assert counts(report) == {"added": 2}
    assert (report.articles, report.skipped) == (2, (str(folder / "c.gif"),))
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


def test_a_text_that_takes_too_much_to_divide_fails_alone(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heading a line takes a thousand times its size; in the process of the service, it would end that."""
    limits = replace(limits_from(index.settings), memory_bytes=300_000_000)
    monkeypatch.setattr("index.ingest.cutting.limits_from", lambda _: limits)
    write(folder, {"a.md": "It rained.", "b.md": "#\n" * 500_000, "c.md": "It shone."})
    report = sync(index, [folder])
    assert counts(report) == {"added": 2, "failed": 1}
    [failed] = report.failed
    assert failed.path.endswith("b.md")
    assert "takes more than 300,000,000 bytes of memory to read" in failed.error
    assert ids(index) == ["a", "c"]


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
    monkeypatch.setattr("index.ingest.writing._ARTICLES_AT_ONCE", at_once)
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


def test_a_broken_link_keeps_its_old_version(index: Index, folder: Path) -> None:
    write(folder, {".hidden/target.md": "It rained."})
    (folder / "a.md").symlink_to(folder / ".hidden" / "target.md")
    sync(index, [folder])
    (folder / ".hidden" / "target.md").unlink()
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


# -- Asking for the wrong thing, and for nothing to be done ---------------------------------------------------------------


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_a_limit_that_is_no_share_is_wrong_usage(index: Index, folder: Path, limit: float) -> None:
    with pytest.raises(WrongUsage, match="a share between 0% and 100%"):
        sync(index, [folder], pruning=Pruning(enabled=True, limit=limit))


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


def test_progress_counts_what_is_in_the_index_or_cannot_go_in(index: Index, folder: Path) -> None:
    write(folder, {"a.md": "One.", "b.gif": "", "c.md": "\0", "d.jsonl": lines({"text": "Two."}, {"text": "Three."})})
    steps: list[tuple[int, int]] = []
    sync(index, [folder], on_progress=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == [
        1,
        2,
        5,
    ]  # what cannot go in is done at once, the rest when it is in the index
    assert steps[-1] == (5, 5)


def test_an_empty_file_of_lines_is_told(index: Index, folder: Path) -> None:
    write(folder, {"a.jsonl": "\n \n", "b.md": "It rained."})
    report = sync(index, [folder])
    assert counts(report) == {"added": 1}
    assert report.skipped == (str(folder / "a.jsonl"),)
    (warning,) = report.warnings
    assert (warning.path, warning.error) == (str(folder / "a.jsonl"), "it is empty: no line is an article")


def test_a_run_that_is_interrupted_keeps_what_is_done_and_tells_it(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest.writing._ARTICLES_AT_ONCE", 2)
    write(folder, {f"{number}.md": f"It rained for {number} hours." for number in range(20)})

    def interrupt(done: int, total: int) -> None:
        assert index.catalog.count(EVERYTHING) == done
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(
        IndexingStopped, match="4 articles and files were done by then, and what was indexed of them is kept"
    ):
        sync(index, [folder], on_progress=interrupt)
    assert index.catalog.count(EVERYTHING) == 4
    assert counts(sync(index, [folder])) == {"added": 16, "unchanged": 4}


def test_an_article_that_cannot_be_cut_fails_alone(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from index.ingest import cutting

    cuts_of = cutting.cuts_of

    def failing(index: Index, article: Article) -> object:
        if article.id == "odd":
            raise RecursionError("odd")
        return cuts_of(index, article)

    monkeypatch.setattr(cutting, "cuts_of", failing)
    write(folder, {"a.md": "It rained.", "odd.md": "It snowed.", "z.md": "It shone."})
    report = sync(index, [folder])
    assert sorted(index.catalog.entries()) == ["a", "z"]
    assert report.added == 2
    assert [(Path(failed.path).name, "RecursionError" in failed.error) for failed in report.failed] == [
        ("odd.md", True)
    ]
