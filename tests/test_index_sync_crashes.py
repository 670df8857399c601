"""A run that is cut off anywhere is finished by running it again, and readers never see half of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from index.errors import ArticleDeleted
from index.ingest.following import follows
from index.ingest.pruning import Pruning
from index.ingest.sync import sync
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.stores.catalog_reader import Entry
from index.stores.store import Index
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK

PRUNE_ALL = Pruning(enabled=True, limit=1.0)

BEFORE = {
    "changed.md": "# Amazon\n\nAmazon had invested four billion dollars.",
    "gone.md": "# Gone\n\nAnthropic uses chips of another maker.",
    "renamed.md": "# Chips\n\nTrainium is a chip.",
    "kept.md": "# HistoryStore\n\nThe companies have worked together since 2023.",
    "retitled.md": "---\ntitle: Before\n---\nThe sum is not known.",
}
AFTER = {
    "changed.md": "# Amazon\n\nAmazon had invested eight billion dollars.",
    "new-name.md": BEFORE["renamed.md"],
    "kept.md": BEFORE["kept.md"],
    "retitled.md": "---\ntitle: After\n---\nThe sum is not known.",
    "added.md": "# Added\n\nFive billion dollars come at once.",
    "copy.md": BEFORE["kept.md"],
}
QUESTIONS = ("How much had Amazon invested in Anthropic?", "Which chip does Anthropic use?")

# Everything that writes, in the order of a run.
STEPS = [
    ("catalog", "stage"),
    ("embedder", "embed_passages"),
    ("vectors", "add"),
    ("words", "add"),
    ("catalog", "publish"),
    ("catalog", "delete"),
    ("vectors", "delete"),
    ("words", "delete"),
    ("catalog", "forget"),
]


class CutOff(BaseException):
    """What a killed process would not even raise."""


class Contents(Protocol):
    agree: bool


OpenedIn = Callable[..., Any]
ContentsOf = Callable[[Index], Contents]


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)


@contextmanager
def around(
    index: Index, step: tuple[str, str], *, before: Callable[[], None], after: Callable[[], None]
) -> Iterator[None]:
    """Call something before and after each time that this step is taken."""
    part = getattr(index, step[0])
    original = getattr(part, step[1])

    def watched(*args: Any, **named: Any) -> Any:
        before()
        result = original(*args, **named)
        after()
        return result

    setattr(part, step[1], watched)
    try:
        yield
    finally:
        delattr(part, step[1])


def assert_readers_see_whole_articles(index: Index, allowed: set[str]) -> None:
    """Every hit is a stretch of the article as it can be opened now, in one of the versions that were ever written."""
    for question in QUESTIONS:
        hits = retrieve(index, question, access=EVERYTHING, filters=Filters()).hits
        assert hits
        for hit in hits:
            info, text = index.catalog.article(hit.passage.article.id, EVERYTHING)
            assert info == hit.passage.article
            assert text[hit.passage.start : hit.passage.end] == hit.passage.text
            assert any(text in written for written in allowed)
    for article_id in index.catalog.entries():
        assert index.catalog.article(article_id, EVERYTHING)


def assert_as_if_never_cut_off(
    index: Index, folder: Path, opened_in: OpenedIn, contents_of: ContentsOf, **settings: int
) -> None:
    with opened_in(folder.parent / "clean", **settings) as clean:
        sync(clean, [folder])
        expected: dict[str, Entry] = clean.catalog.entries()
        assert index.catalog.entries() == expected
        assert contents_of(index) == contents_of(clean)
        assert contents_of(index).agree
        for question in QUESTIONS:
            found, wanted = (
                retrieve(one, question, access=EVERYTHING, filters=Filters()).hits for one in (index, clean)
            )
            # Scores may differ a little: words of what was deleted count in BM25 until Tantivy merges its segments.
            assert {hit.passage for hit in found} == {hit.passage for hit in wanted}
            assert {hit.passage.id for hit in found if hit.lexical} == {hit.passage.id for hit in wanted if hit.lexical}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=".".join)
def test_a_run_that_is_cut_off_is_finished_by_the_next(
    place: Path, opened_in: OpenedIn, contents_of: ContentsOf, step: tuple[str, str], when: str
) -> None:
    folder = place / "articles"
    write(folder, BEFORE)
    with opened_in(place / "data") as index:
        sync(index, [folder])
    write(folder, AFTER)

    def cut_off() -> None:
        raise CutOff

    def go_on() -> None:
        pass

    with opened_in(place / "data") as index:
        act = {"before": go_on, "after": go_on, when: cut_off}
        if follows(index) and step == ("words", "delete"):
            step = ("vectors", "notice_changes")  # words of old and new contents are written at once before it
        # The sweep at the start finds nothing: what is cut off is the run's own step.
        with around(index, step, **act), pytest.raises(CutOff):
            sync(index, [folder], pruning=PRUNE_ALL)
        assert_readers_see_whole_articles(index, {*BEFORE.values(), *AFTER.values()})
    with opened_in(place / "data") as index:
        assert_readers_see_whole_articles(index, {*BEFORE.values(), *AFTER.values()})
        report = sync(index, [folder], pruning=PRUNE_ALL)
        assert report.failed == ()
        assert_as_if_never_cut_off(index, folder, opened_in, contents_of)


def test_readers_see_whole_articles_at_every_step(place: Path, opened_in: OpenedIn) -> None:
    folder = place / "articles"
    write(folder, BEFORE)
    with opened_in(place / "data") as index:
        sync(index, [folder])
        write(folder, AFTER)
        looked = 0
        deleted: list[str] = []

        def look() -> None:
            nonlocal looked
            looked += 1
            assert_readers_see_whole_articles(index, {*BEFORE.values(), *AFTER.values()})
            for question in QUESTIONS:
                hits = retrieve(index, question, access=EVERYTHING, filters=Filters()).hits
                assert not {hit.passage.article.id for hit in hits} & set(deleted)

        def note_what_is_deleted() -> None:
            look()
            deleted.extend(["gone", "renamed"])

        def sync_watched(steps: list[tuple[str, str]]) -> None:
            if not steps:
                sync(index, [folder], pruning=PRUNE_ALL)
                return
            after = note_what_is_deleted if steps[0] == ("catalog", "delete") else look
            with around(index, steps[0], before=look, after=after):
                sync_watched(steps[1:])

        sync_watched([step for step in STEPS if step[0] != "embedder"])
        assert looked >= 2 * (len(STEPS) - 1)
        with pytest.raises(ArticleDeleted):
            index.catalog.article("gone", EVERYTHING)


def test_what_is_left_over_of_a_delete_is_swept(place: Path, opened_in: OpenedIn, contents_of: ContentsOf) -> None:
    folder = place / "articles"
    write(folder, BEFORE)
    with opened_in(place / "data") as index:
        sync(index, [folder])
        index.catalog.delete(["gone"])  # and nothing after it
        assert not contents_of(index).agree
        assert_readers_see_whole_articles(index, set(BEFORE.values()) - {BEFORE["gone.md"]})
    with opened_in(place / "data") as index:
        write(folder, AFTER)
        sync(index, [folder], pruning=PRUNE_ALL)
        assert_as_if_never_cut_off(index, folder, opened_in, contents_of)


def test_the_first_run_of_all_may_be_cut_off_and_another_way_of_cutting_set(
    place: Path, opened_in: OpenedIn, contents_of: ContentsOf
) -> None:
    folder = place / "articles"
    write(folder, {**AFTER, "long.md": "It rained in Rome all day. " * 40})

    def cut_off() -> None:
        raise CutOff

    with opened_in(place / "data") as index:
        with around(index, ("catalog", "publish"), before=cut_off, after=lambda: None), pytest.raises(CutOff):
            sync(index, [folder])
        assert index.catalog.entries() == {}
    with opened_in(place / "data", passage_tokens=16) as index:
        sync(index, [folder])
        assert_as_if_never_cut_off(index, folder, opened_in, contents_of, passage_tokens=16)
