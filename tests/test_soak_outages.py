"""Servers that are killed while an index on them is written: the next run goes on, and nothing is lost."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.servers import running_chroma, running_postgresql
from tests.test_soak_kill import assert_equal, check_while_unfinished, running, versions_in, write_articles

pytestmark = pytest.mark.soak

OUTAGES = 8


def test_servers_that_are_killed_while_indexing_lose_nothing(place: Path, opened_in: Callable[..., Any]) -> None:
    chance = random.Random(13)
    articles, data = place / "articles", place / "data"
    articles.mkdir()
    write_articles(articles, chance)
    with running_postgresql() as postgresql, running_chroma() as chroma, ThreadPoolExecutor(1) as apart:
        settings = {"database_url": postgresql.database("killed"), "chroma_url": chroma.url}
        with running(lambda data_dir: settings) as run:
            assert run(data, articles) == 0
        written: dict[str, set[str]] = {}
        failed = 0
        with running(lambda data_dir: settings) as run:
            for outage in range(OUTAGES):
                for article_id, version in versions_in(articles, opened_in).items():
                    written.setdefault(article_id, set()).add(version)
                write_articles(articles, chance)
                for article_id, version in versions_in(articles, opened_in).items():
                    written.setdefault(article_id, set()).add(version)
                code = apart.submit(run, data, articles, rebuild=outage % 4 == 3)
                time.sleep(chance.uniform(0, 1.5))
                if outage % 2:
                    postgresql.stop()
                    postgresql.start()
                else:
                    chroma.kill()
                    chroma.start()
                failed += code.result(timeout=120)
                with opened_in(data, **settings) as index:
                    check_while_unfinished(index, written, set())
            assert failed > 0
            assert run(data, articles) == 0
        with running(lambda data_dir: {}) as run:
            assert run(place / "clean", articles) == 0
        with opened_in(data, **settings) as survived, opened_in(place / "clean") as clean:
            assert_equal(survived, clean)
