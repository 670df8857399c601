"""Finds what kept answers quote that has changed: by the versions of articles, so that no change is missed.

What an answer quotes is compared again when the version of the article differs from the one that it was compared with last.
So it does not matter who changed the article, or whether the service ran at that time. Articles are compared one after the
other, and each in a transaction of its own: a check that is stopped goes on from there.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import Engine

from index.errors import ArticleDeleted, ArticleUnknown
from index.records import EVERYTHING, Span
from index.stores.catalog_reader import CatalogReader
from index.stores.live import LiveIndex
from service.history import citations
from service.history.citations import Quoted
from service.stale.comparing import Comparison, Version, compare_stretch

_AT_ONCE = 500  # articles
_GONE = Comparison(unchanged=False)


def check_answers(engine: Engine, live: LiveIndex, *, stopped: Callable[[], bool] = lambda: False) -> None:
    """Compare what answers quote with the current articles, and mark the answers as stale or not."""
    after = ""
    while not stopped():
        with engine.connect() as connection:
            compared = citations.compared_versions(connection, after=after, limit=_AT_ONCE)
        if not compared:
            return
        after = max(compared)
        with live.pinned() as index:
            current = index.catalog.versions_of(compared)
            for article_id, versions in compared.items():
                if stopped():
                    return
                if versions != {current.get(article_id, "")}:
                    _check_article(engine, index.catalog, article_id, current.get(article_id, ""))


def _check_article(engine: Engine, catalog: CatalogReader, article_id: str, version: str) -> None:
    with engine.connect() as connection:
        quoted = citations.outdated(connection, article_id, version)
    compared = _compared(catalog, article_id, version, quoted)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        for one, comparison in compared:
            changed = None if comparison.unchanged else now
            citations.mark(connection, one, compared=version, changed=changed, now=comparison.now)
        citations.mark_answers(connection, article_id, now)


def _compared(
    catalog: CatalogReader, article_id: str, version: str, quoted: list[Quoted]
) -> list[tuple[Quoted, Comparison]]:
    new = _version(catalog, article_id, version) if version else None
    if new is None:  # deleted, or changed again meanwhile and compared then
        return [(one, _GONE) for one in quoted] if not version else []
    found = []
    for old_version, stretches in groupby(quoted, key=lambda one: one.article_version):
        if old_version == version:
            found += [(one, Comparison(unchanged=True)) for one in stretches]
            continue
        old = _version(catalog, article_id, old_version)
        for one in stretches:
            # Of a version that is no longer stored, there is only the quote.
            before = old or Version(one.quote, new.format)
            span = Span(one.start, one.end) if old else Span(0, len(one.quote))
            found.append((one, compare_stretch(before, span, new)))
    return found


def _version(catalog: CatalogReader, article_id: str, version: str) -> Version | None:
    try:
        info, text = catalog.article(article_id, EVERYTHING, version=version)
    except (ArticleUnknown, ArticleDeleted):
        return None
    return Version(text, info.format)
