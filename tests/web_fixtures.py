"""What the tests of the web as a source share: a site on this machine, and reading from it. A plugin of `conftest.py`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from index.sources.feeds import Listed
from index.sources.fetching import Politeness
from index.sources.reading import read_articles, sources_from
from index.sources.source_types import Failed, Gone, Limits, Read, ReadResult
from tests.web_server import Reply, WebServer, serving

RAIN = "It rained in Rome all day long, and nobody went out of the house. The river rose by two metres."
SNOW = "It snowed in Oslo all night, and the trains stood still until noon. Nobody was hurt on the roads."
FAST = Politeness(private=True, pause_seconds=0, timeout_seconds=60)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A site on this machine."""
    with serving() as web:
        yield web


def read(
    *named: str | Path, politeness: Politeness = FAST, known: dict[str, list[Listed]] | None = None
) -> list[ReadResult]:
    return list(read_articles(sources_from(named), limits=Limits(), politeness=politeness, known=known))


def ids(readings: Sequence[ReadResult]) -> list[str]:
    return [reading.article.id for reading in readings if isinstance(reading, Read)]


def errors(readings: Sequence[ReadResult]) -> dict[str, str]:
    return {reading.path: reading.error for reading in readings if isinstance(reading, (Failed, Gone))}


def rss(*items: str) -> Reply:
    channel = f"<channel><title>Feed</title><link>/</link>{''.join(items)}</channel>"
    body = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'
    return Reply(body.encode(), "application/rss+xml")


def item(link: str, more: str = "") -> str:
    return f"<item><title>From the feed</title><link>{link}</link>{more}</item>"
