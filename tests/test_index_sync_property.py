"""Whatever happens to a folder, after a sync the catalogue equals it, and Chroma and Tantivy equal the catalogue."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.ingest.pruning import Pruning
from index.ingest.sync import sync
from index.ingest.sync_report import SyncReport
from index.records import EVERYTHING
from index.sources.reading import read_articles
from index.sources.source_types import Limits, Read, Source
from index.stores.catalog_reader import Entry
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK

TEXTS = ("It rained.", "It shone.", "# Rain\n\nIt rained. It rained.\n\nIt rained.", "😀", "word " * 300)
FRONTS = ("", "---\ntitle: T\n---\n", "---\ngroups: [staff]\n---\n", "---\nurl: https://e.org\n---\n")
IDS = ("x", "y", "z")
NAMES = ("a.md", "b.txt", "deep/a.md", "deep/er/c.md")
FEEDS = ("feed.jsonl", "deep/feed.jsonl")


@dataclass(frozen=True)
class Write:
    name: str
    content: str


@dataclass(frozen=True)
class Remove:
    name: str


@dataclass(frozen=True)
class Rename:
    old: str
    new: str


Change = Write | Remove | Rename

files = st.builds(
    Write, st.sampled_from(NAMES), st.builds(str.__add__, st.sampled_from(FRONTS), st.sampled_from(TEXTS))
)
named = st.builds(
    lambda name, id_, text: Write(name, f"---\nid: {id_}\n---\n{text}"),
    st.sampled_from(NAMES),
    st.sampled_from(IDS),
    st.sampled_from(TEXTS),
)
feeds = st.builds(
    lambda name, texts: Write(name, "\n".join(json.dumps({"text": text}) for text in texts)),
    st.sampled_from(FEEDS),
    st.lists(st.sampled_from(TEXTS), max_size=3),
)
broken = st.builds(Write, st.sampled_from([*NAMES, *FEEDS]), st.sampled_from(["", "\0", "---\na: b: c\n---\nx"]))
removals = st.builds(Remove, st.sampled_from([*NAMES, *FEEDS, "deep"]))
renames = st.builds(Rename, st.sampled_from(NAMES), st.sampled_from(NAMES))


def rounds(*changes: st.SearchStrategy[Change]) -> st.SearchStrategy[list[list[Change]]]:
    return st.lists(st.lists(st.one_of(*changes), min_size=1, max_size=5), min_size=1, max_size=4)


def apply(folder: Path, change: Change) -> None:
    match change:
        case Write(name, content):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        case Remove(name) if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        case Remove(name):
            (folder / name).unlink(missing_ok=True)
        case Rename(old, new) if (folder / old).is_file() and (folder / new).parent.is_dir():
            (folder / old).rename(folder / new)


class Contents(Protocol):
    @property
    def agree(self) -> bool: ...


OpenedIn = Callable[..., AbstractContextManager[Index]]
ContentsOf = Callable[[Index], Contents]
NewPlace = Callable[[], AbstractContextManager[Path]]


def readable(folder: Path) -> list[Read]:
    readings = read_articles([Source(folder)], limits=Limits())
    return [reading for reading in readings if isinstance(reading, Read)]


def synced(index: Index, folder: Path, changes: list[Change]) -> SyncReport:
    for change in changes:
        apply(folder, change)
    before = set(index.catalog.entries())
    report = sync(index, [folder], pruning=Pruning(enabled=True, limit=1.0))
    after = set(index.catalog.entries())
    assert min(report.added, report.updated, report.renamed, report.unchanged, report.deleted) >= 0
    assert report.added + report.renamed == len(after - before)
    assert report.deleted + report.renamed == len(before - after)
    assert report.articles == len(after) == index.catalog.count(EVERYTHING)
    return report


def assert_equal_to_folder(index: Index, folder: Path) -> None:
    expected = {read.article.id: (read.article.info, read.article.text, read.article.path) for read in readable(folder)}
    found = {
        article_id: (*index.catalog.article(article_id, EVERYTHING), entry.path)
        for article_id, entry in index.catalog.entries().items()
    }
    assert found == expected


@settings(max_examples=12)
@given(steps=rounds(files, feeds, removals, renames), at_once=st.sampled_from([1, 2, 500]))
@example(
    steps=[[Write("a.md", "One"), Write("b.txt", "Two")], [Write("a.md", "Two"), Write("b.txt", "One")]], at_once=1
)
def test_the_catalogue_equals_the_folder(
    opened_in: OpenedIn,
    contents_of: ContentsOf,
    new_place: NewPlace,
    steps: list[list[Change]],
    at_once: int,
) -> None:
    with new_place() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.ingest.writing._ARTICLES_AT_ONCE", at_once)
        folder = place / "articles"
        folder.mkdir()
        with opened_in(place / "data") as index:
            for changes in steps:
                report = synced(index, folder, changes)
                assert report.failed == ()
                assert_equal_to_folder(index, folder)
                assert contents_of(index).agree


def closed(entry: Entry) -> Entry:
    """Return an entry as it is while its file does not say who may read it."""
    return replace(entry, info=replace(entry.info, groups=frozenset()))


@settings(max_examples=12)
@given(steps=rounds(files, named, feeds, broken, removals, renames))
@example(steps=[[Write("a.md", "---\nid: x\n---\n1"), Write("b.txt", "2")], [Write("b.txt", "---\nid: x\n---\n2")]])
def test_what_cannot_be_read_or_collides_keeps_its_place_until_it_is_mended(
    opened_in: OpenedIn,
    contents_of: ContentsOf,
    new_place: NewPlace,
    steps: list[list[Change]],
) -> None:
    with new_place() as place:
        folder = place / "articles"
        folder.mkdir()
        with opened_in(place / "data") as index:
            for changes in steps:
                before = index.catalog.entries()
                report = synced(index, folder, changes)
                assert contents_of(index).agree
                if report.failed:
                    texts = {read.article.text for read in readable(folder)}
                    for article_id, entry in index.catalog.entries().items():
                        text = index.catalog.article(article_id, EVERYTHING)[1]
                        assert text in texts or entry in (before[article_id], closed(before[article_id]))
                else:
                    assert_equal_to_folder(index, folder)
            mended = [Write(name, f"{name} is mended.") for name in NAMES]
            synced(index, folder, [*(Remove(feed) for feed in FEEDS), *mended])
            assert synced(index, folder, []).failed == ()
            assert_equal_to_folder(index, folder)
            assert contents_of(index).agree
