"""Indexing that is killed at any moment is finished by running it again, and nothing that was deleted comes back."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from index.ingest.check import check
from index.records import EVERYTHING, Filters, Hit, version_of
from index.retrieval import retrieve
from index.stores.store import Index
from tests.servers import BOTH, SettingsOf

pytestmark = pytest.mark.soak

BACKENDS = BOTH
KILLS = 40
ARTICLES = 24
QUESTIONS = [f"What did the {who} number {n} find?" for n in range(25) for who in ("survey", "harbour office")]


class Runs:
    """The process that forks the runs of indexing (`tests/kill_child.py`)."""

    def __init__(self, process: "subprocess.Popen[str]", servers_of: SettingsOf) -> None:
        self._process = process
        self._servers_of = servers_of

    def __call__(
        self,
        data: Path,
        articles: Path,
        *,
        rebuild: bool = False,
        die_at: int | None = None,
        die_after: float | None = None,
    ) -> int:
        """Run to the end, to this step, or for so many seconds. Returns the exit code, negative for a signal."""
        order: dict[str, object] = {"data": str(data), "articles": str(articles), "rebuild": rebuild}
        order |= {"die_at": die_at, "die_after": die_after, "servers": _plain(self._servers_of(data))}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def _plain(settings: dict[str, Any]) -> dict[str, str]:
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in settings.items()
    }


@pytest.fixture(scope="module")
def run(backend: SettingsOf) -> Iterator[Runs]:
    with running(backend) as run:
        yield run


@contextmanager
def running(servers_of: SettingsOf) -> Iterator[Runs]:
    command = [sys.executable, "-m", "tests.kill_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Runs(process, servers_of)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def write_articles(folder: Path, chance: random.Random) -> None:
    """Change a third of the articles, delete a few, add a few: what a night of editing does."""
    for n in range(ARTICLES):
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


def hits(opened: Index, question: str) -> tuple[Hit, ...]:
    return retrieve(opened, question, access=EVERYTHING, filters=Filters(), count=1_000).hits


def check_while_unfinished(index: Index, written: dict[str, set[str]], deleted: set[str]) -> None:
    """Questions are answered, from whole versions of articles that are there."""
    entries = index.catalog.entries()
    assert not entries.keys() & deleted
    if not entries:
        return
    for question in QUESTIONS[:3]:
        for hit in hits(index, question):
            info, text = index.catalog.article(hit.passage.article.id, EVERYTHING)
            assert info == hit.passage.article
            assert info.version in written[info.id]
            assert text[hit.passage.start : hit.passage.end] == hit.passage.text


def texts_in(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text().split("---\n", 2)[2] for path in folder.glob("*.md")}


def versions_in(folder: Path) -> dict[str, str]:
    return {article_id: version_of(text) for article_id, text in texts_in(folder).items()}


def test_an_index_that_was_killed_at_random_equals_one_made_in_a_single_go(
    place: Path, run: Runs, opened_in: Callable[..., Any]
) -> None:
    chance = random.Random(7)
    articles, data = place / "articles", place / "data"
    articles.mkdir()
    write_articles(articles, chance)
    assert run(place / "first", articles) == 0
    began = time.monotonic()
    assert run(place / "second", articles) == 0
    whole_run = time.monotonic() - began
    written: dict[str, set[str]] = {}
    killed = 0
    for kill in range(KILLS):
        for article_id, version in versions_in(articles).items():
            written.setdefault(article_id, set()).add(version)
        rebuild = kill % 4 == 3
        # Half of the kills at a step of writing, half at any moment.
        if kill % 2:
            code = run(data, articles, rebuild=rebuild, die_at=chance.randrange(80 if rebuild else 60))
        else:
            code = run(data, articles, rebuild=rebuild, die_after=chance.uniform(0, whole_run * (1.5 + rebuild)))
        assert code in (0, -signal.SIGKILL)
        killed += code != 0
        with opened_in(data) as index:
            check_while_unfinished(index, written, set())
        if kill % 5 == 4:
            # A run in between: what it deletes must stay deleted through all later kills.
            assert run(data, articles) == 0
        write_articles(articles, chance)
    assert killed > KILLS / 2
    assert run(data, articles) == 0
    assert run(place / "clean", articles) == 0
    with opened_in(data) as survived, opened_in(place / "clean") as clean:
        assert_equal(survived, clean)
        assert survived.catalog.entries().keys() == {path.stem for path in articles.iterdir()}
    assert len([path for path in data.iterdir() if path.is_dir()]) == 1


def assert_equal(survived: Index, clean: Index) -> None:
    """The same articles, passages, words and vectors, and the same hits in the same order with the same scores."""
    assert survived.catalog.entries() == clean.catalog.entries()
    assert check(survived).agree
    assert check(clean).agree
    ids = clean.vectors.ids()
    assert sorted(survived.vectors.ids()) == sorted(ids)
    ours, theirs = survived.vectors.get(ids), clean.vectors.get(ids)
    assert min(float(np.dot(ours[id_], theirs[id_])) for id_ in ids) > 0.999
    for question in QUESTIONS:
        found, wanted = hits(survived, question), hits(clean, question)
        assert [hit.passage for hit in found] == [hit.passage for hit in wanted]
        assert [hit.lexical for hit in found] == pytest.approx([hit.lexical for hit in wanted], abs=1e-4)


def test_what_was_deleted_stays_deleted_through_kills(place: Path, run: Runs, opened_in: Callable[..., Any]) -> None:
    chance = random.Random(11)
    articles, data = place / "articles", place / "data"
    articles.mkdir()
    write_articles(articles, chance)
    assert run(data, articles) == 0
    gone: set[str] = set()
    for kill in range(8):
        leaving = sorted(articles.glob("*.md"))[0]
        leaving.unlink()
        run(data, articles, rebuild=kill % 2 == 1, die_at=chance.randrange(4, 60))
        with opened_in(data) as index:
            entries = index.catalog.entries().keys()
            gone |= {f"article-{n:02}" for n in range(ARTICLES)} - entries - {path.stem for path in articles.iterdir()}
            assert not entries & gone
            for question in QUESTIONS[:3]:
                assert not {hit.passage.article.id for hit in hits(index, question)} & gone
    assert gone
