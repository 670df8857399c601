"""Writes articles into the catalogue, within the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, delete, insert, select, update

from index.ingest.chunking import Cut, passage_id
from index.ingest.near_duplicates import signature_of
from index.records import NO_CONTEXT, Article, ArticleInfo, Context
from index.stores.schema import (
    article_collections,
    article_groups,
    articles,
    contents,
    deleted,
    passages,
    recognised_pages,
    retired,
    texts,
    unsettled,
)


@dataclass(frozen=True, slots=True)
class CurrentArticle:
    """The current state of an article: its version, the key of its content, who may read it, and its collections."""

    version: str
    key: str
    groups: list[str] | None
    collections: list[str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article that is ready to be published. `cuts` is None if an article with the same content exists already."""

    article: Article
    key: str
    source: str
    cuts: tuple[Cut, ...] | None


def note_unsettled(connection: Connection, keys: Iterable[str]) -> None:
    """Record that the passages of these contents may be in Chroma and Tantivy without being in use."""
    noted = set(connection.scalars(select(unsettled.c.key)))
    if new := sorted(set(keys) - noted):
        connection.execute(insert(unsettled), [{"key": key} for key in new])


def add_texts(connection: Connection, batch: Sequence[Prepared]) -> None:
    """Add the texts that are not stored yet."""
    wanted = {prepared.article.info.version: prepared.article.text for prepared in batch}
    there = set(connection.scalars(select(texts.c.version).where(texts.c.version.in_(wanted))))
    new = [(version, text) for version, text in wanted.items() if version not in there]
    if new:
        rows = [{"version": version, "text": text, "signature": signature_of(text)} for version, text in new]
        connection.execute(insert(texts), rows)


def add_contents(connection: Connection, batch: Sequence[Prepared]) -> None:
    """Add the contents that are not stored yet, with their passages."""
    wanted = {prepared.key: prepared for prepared in batch if prepared.cuts is not None}
    there = set(connection.scalars(select(contents.c.key).where(contents.c.key.in_(wanted))))
    new = [prepared for key, prepared in wanted.items() if key not in there]
    if new:
        connection.execute(insert(contents), [{"key": p.key, "version": p.article.info.version} for p in new])
        if rows := passage_rows(new):
            connection.execute(insert(passages), rows)


def passage_rows(batch: Sequence[Prepared]) -> list[dict[str, object]]:
    """Return the rows of the passages that these articles are cut into."""
    return [_passage_row(prepared.key, cut) for prepared in batch for cut in prepared.cuts or ()]


def _passage_row(key: str, cut: Cut) -> dict[str, object]:
    return {
        "id": passage_id(key, cut.ordinal),
        "key": key,
        "ordinal": cut.ordinal,
        "start": cut.start,
        "end": cut.end,
        "sentences": [[s.start, s.end, s.kind] for s in cut.sentences],
        "context": _context_row(cut.context),
    }


def _context_row(context: Context) -> list[list[str]] | None:
    return [list(context.headings), list(context.introductions)] if context != NO_CONTEXT else None


def current_articles(connection: Connection, ids: Sequence[str]) -> dict[str, CurrentArticle]:
    """Return the current state of those of these articles that exist, by id."""
    columns = (articles.c.id, articles.c.version, articles.c.key, articles.c.groups, articles.c.collections)
    rows = connection.execute(select(*columns).where(articles.c.id.in_(ids)))
    return {row.id: CurrentArticle(row.version, row.key, row.groups, row.collections) for row in rows}


def put_article(connection: Connection, prepared: Prepared, before: CurrentArticle | None, now: datetime) -> None:
    """Make this version of an article visible to readers. `before` is its state until now, if it existed."""
    info = prepared.article.info
    row = _article_row(prepared, now)
    if before is None:
        connection.execute(delete(deleted).where(deleted.c.article_id == info.id))
        connection.execute(insert(articles).values(row))
    else:
        connection.execute(update(articles).where(articles.c.id == info.id).values(row))
        for table in (article_groups, article_collections, recognised_pages):
            connection.execute(delete(table).where(table.c.article_id == info.id))
        if before.key != prepared.key:
            note_unsettled(connection, [before.key])
        if before.version != info.version:
            _retire(connection, info, before, now)
    for names, given in ((article_groups, info.groups), (article_collections, info.collections)):
        if given:
            connection.execute(insert(names), [{"article_id": info.id, "name": name} for name in given])
    if rows := _recognised_rows(prepared.article):
        connection.execute(insert(recognised_pages), rows)


def _recognised_rows(article: Article) -> list[dict[str, object]]:
    return [
        {
            "article_id": article.id,
            "page": page,
            "lines": [[line.start, line.end, line.confidence, line.corners] for line in lines],
        }
        for page, lines in groupby(article.recognised, key=lambda line: line.page)
    ]


def _article_row(prepared: Prepared, now: datetime) -> dict[str, object]:
    info = prepared.article.info
    return {
        "id": info.id,
        "version": info.version,
        "key": prepared.key,
        "title": info.title,
        "format": info.format,
        "url": info.url,
        "publisher": info.publisher,
        "publisher_folded": info.publisher and info.publisher.casefold(),
        "published": info.published,
        "published_from": info.published_from,
        "authors": list(info.authors),
        "language": info.language,
        "groups": None if info.groups is None else sorted(info.groups),
        "pages": " ".join(map(str, info.pages)) or None,
        "source": prepared.source,
        "path": prepared.article.path,
        "token": prepared.article.token,
        "indexed_at": now,
        "collections": sorted(info.collections),
        "confidence": info.confidence,
        "original": info.original and [info.original.digest, info.original.media_type],
    }


def _retire(connection: Connection, info: ArticleInfo, before: CurrentArticle, now: datetime) -> None:
    # A version that is current again, or that was retired before, must not be listed twice.
    for version in (info.version, before.version):
        same = (retired.c.article_id == info.id) & (retired.c.version == version)
        connection.execute(delete(retired).where(same))
    row = {"article_id": info.id, "version": before.version, "retired_at": now}
    connection.execute(insert(retired).values(row | {"groups": before.groups, "collections": before.collections}))


def remove_article(connection: Connection, article_id: str) -> None:
    """Remove an article with its groups, collections and old versions."""
    for table in (retired, article_groups, article_collections, recognised_pages):
        connection.execute(delete(table).where(table.c.article_id == article_id))
    connection.execute(delete(articles).where(articles.c.id == article_id))
