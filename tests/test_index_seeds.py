"""The real articles that the work is judged by, where they are at hand."""

import os
from pathlib import Path

import pytest

from index.ingest.sync import sync
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.sources.reading import read_articles
from index.sources.source_types import Limits, Source
from index.stores.store import Index

SEEDS = Path(os.environ.get("FOOTNOTE_TEST_SEEDS") or Path(__file__).parent.parent.parent / "shared" / "seeds")


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"there are no seed articles in {SEEDS} (FOOTNOTE_TEST_SEEDS)")
def test_all_seeds_go_in_with_exact_offsets(index: Index) -> None:
    report = sync(index, [SEEDS])
    assert (report.failed, report.warnings) == ((), ())
    assert report.added == len(list(SEEDS.glob("*.txt"))) == 5
    texts = {path.stem: path.read_text(encoding="utf-8-sig") for path in SEEDS.glob("*.txt")}
    found = index.catalog.passages(
        index.catalog.passage_ids(EVERYTHING, Filters(), limit=10_000), EVERYTHING, Filters()
    )
    assert len(found) == report.passages >= 5
    for passage in found.values():
        assert texts[passage.article.id][passage.start : passage.end] == passage.text
        for span in passage.sentences:
            assert texts[passage.article.id][span.start : span.end] == passage.words_of(span)
    hits = retrieve(index, "How much does Amazon invest in Anthropic now?", access=EVERYTHING, filters=Filters()).hits
    assert "billion" in hits[0].passage.text


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"there are no seed articles in {SEEDS} (FOOTNOTE_TEST_SEEDS)")
def test_seeds_have_titles_that_say_something() -> None:
    for reading in read_articles([Source(SEEDS)], limits=Limits()):
        assert hasattr(reading, "article")
        assert 10 <= len(reading.article.info.title) <= 120
