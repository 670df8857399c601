"""Deleting and adding the same articles again and again does not fill the disk."""

import os
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.ingest.check import check
from index.ingest.upkeep import delete_articles, update
from index.models.embedding import Embedder
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.stores.live import LiveIndex
from index.stores.store import Index, opened

pytestmark = pytest.mark.soak

ROUNDS = int(os.environ.get("FOOTNOTE_TEST_ROUNDS", "40"))
ARTICLES = 1_000
WORDS = "harbour survey found boats office counted ships crews storm cargo north quay season permit inspector".split()


def disk_use(folder: Path) -> int:
    """Return the bytes of disk that the files under a folder take, as `du` counts them."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def write_articles(folder: Path) -> None:
    chance = random.Random(3)
    folder.mkdir()
    for n in range(ARTICLES):
        words = " ".join(chance.choices(WORDS, k=60))
        (folder / f"article-{n:04}.txt").write_text(f"Report {n}\n\nThe {words} number {n}.")


def test_deleting_and_adding_again_keeps_to_the_disk_of_a_clean_build(
    place: Path, embedder: Embedder, embedded: list[str], record_property: Callable[[str, Any], None]
) -> None:
    articles, data = place / "articles", place / "data"
    write_articles(articles)
    settings = IndexSettings(_env_file=None, data_dir=data)
    with closing(LiveIndex(replace(opened(settings), embedder=embedder))) as live:
        assert update(live, [articles]).report.added == ARTICLES
        clean, first_hits = disk_use(data), hits(live.current)
        most = clean
        embedded.clear()
        # All but a few go each time, so that Chroma never finds itself empty.
        going = sorted(live.current.catalog.entries())[20:]
        for _ in range(ROUNDS):
            delete_articles(live, going)
            report = update(live, [articles]).report
            assert (report.added, report.unchanged) == (len(going), 20)
            most = max(most, disk_use(data))
        assert embedded == []
        assert check(live.current).agree
        assert hits(live.current) == pytest.approx(first_hits, abs=1e-3)
    record_property("disk", f"clean {clean:,} bytes, most {most:,}, ratio {most / clean:.2f}")
    print(f"\ndisk: clean {clean:,} bytes, most in {ROUNDS} rounds {most:,}, ratio {most / clean:.2f}")
    assert most <= 1.5 * clean


def hits(index: Index) -> dict[str, float]:
    found = retrieve(index, "Which storm did the survey count?", access=EVERYTHING, filters=Filters(), count=10).hits
    return {hit.passage.id: hit.score for hit in found}
