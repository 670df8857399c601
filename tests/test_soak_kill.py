"""Indexing that is killed at any moment is finished by running it again, and nothing that was deleted comes back."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.records import EVERYTHING, Filters, Hit
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.store import Index, open_index

pytestmark = pytest.mark.soak

KILLS = 12
CHILD = """
import sys
from pathlib import Path
import index.sync
import index.writing
from index.settings import IndexSettings
from index.store import open_index
index.writing._ARTICLES_AT_ONCE = 3  # many small steps, so that a kill falls between any two of them
with open_index(IndexSettings(data_dir=Path(sys.argv[1]))) as opened:
    opened.embedder.load()
    print("go", flush=True)
    index.sync.sync(opened, [Path(sys.argv[2])], pruning=index.sync.Pruning(True, 1.0))
"""
QUESTIONS = [
    f"What did the {thing} number {n} find?" for n in range(0, 40, 4) for thing in ("survey", "harbour office")
]


def write_articles(folder: Path, chance: random.Random) -> None:
    """Change a third of the articles, delete a few, add a few: what a night of editing does."""
    for n in range(40):
        path = folder / f"article-{n:02}.md"
        if chance.random() < 0.1:
            path.unlink(missing_ok=True)
        elif not path.exists() or chance.random() < 0.35:
            found = chance.randrange(10_000)
            body = (
                f"The survey number {n} found {found} boats. " * 3
                + f"The harbour office number {n} counted {found}.\n\n"
            )
            path.write_text(f"---\ntitle: Survey {n}\n---\n" + body * chance.randrange(1, 6))


def start(data: Path, articles: Path) -> "subprocess.Popen[str]":
    child = subprocess.Popen([sys.executable, "-c", CHILD, data, articles], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "go\n"
    return child


def run_to_end(data: Path, articles: Path) -> float:
    child = start(data, articles)
    began = time.monotonic()
    assert child.wait(timeout=120) == 0
    assert child.stdout is not None
    child.stdout.close()
    return time.monotonic() - began


def contents(opened: Index) -> tuple[dict[str, str], set[str], int, int, list[str]]:
    """Return what the three stores hold, in a form that two indexes can be compared by."""
    entries = {article_id: entry.info.version for article_id, entry in opened.catalog.entries().items()}
    ids = set(opened.catalog.passage_ids(EVERYTHING, Filters(), limit=100_000))
    return entries, ids, opened.vectors.count(), opened.words.count(), opened.catalog.leftovers()


def test_an_index_that_was_killed_at_random_equals_one_made_in_a_single_go(tmp_path: Path) -> None:
    chance = random.Random(7)
    articles, data = tmp_path / "articles", tmp_path / "data"
    articles.mkdir()
    write_articles(articles, chance)
    whole_run = run_to_end(tmp_path / "first", articles)
    for _ in range(KILLS):
        child = start(data, articles)
        time.sleep(chance.uniform(0, whole_run))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert child.stdout is not None
        child.stdout.close()
        with open_index(IndexSettings(data_dir=data)) as opened:
            if opened.catalog.count(EVERYTHING):
                served = {h.passage.article for q in QUESTIONS[:2] for h in hits(opened, q)}
                assert {info.id for info in served} <= opened.catalog.entries().keys()
        write_articles(articles, chance)
    run_to_end(data, articles)
    run_to_end(tmp_path / "clean", articles)
    with (
        # By vectors alone: BM25 counts deleted passages until Tantivy merges them away, and its scores drift with them.
        open_index(IndexSettings(data_dir=data, fusion="dense")) as survived,
        open_index(IndexSettings(data_dir=tmp_path / "clean", fusion="dense")) as clean,
    ):
        assert contents(survived) == contents(clean)
        assert contents(survived)[0].keys() == {path.stem for path in articles.iterdir()}
        for question in QUESTIONS:
            ours, theirs = (hits(opened, question) for opened in (survived, clean))
            assert {h.passage.id for h in ours} == {h.passage.id for h in theirs}
            # Vectors vary a little with the batch that they were made in.
            best = [max(h.dense for h in found) for found in (ours, theirs)]
            assert best[0] == pytest.approx(best[1], abs=0.005)
            assert {h.passage.id for h in ours if h.dense > best[0] - 0.01} & {theirs[0].passage.id}


def hits(opened: Index, question: str) -> tuple[Hit, ...]:
    return retrieve(opened, question, access=EVERYTHING, filters=Filters(), count=1_000).hits
