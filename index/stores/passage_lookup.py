"""Queries for the passages that a person may see, and for their locations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from index.records import Access, Filters, Passage
from index.stores import queries
from index.stores.schema import articles, passages

# SQLite takes at most 32,766 parameters in a statement.
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class PassageLocation:
    """Where the text of a passage is. Passages of different contents with the same text have the same location."""

    version: str
    start: int


def passages_of(connection: Connection, ids: Sequence[str], access: Access, filters: Filters) -> dict[str, Passage]:
    """Return those of these passages that are in use, may be read, and match the filters."""
    found: dict[str, Passage] = {}
    named = set(filters.article_ids)
    conditions = (*queries.readable(access), *queries.matching(filters))
    for part in in_parts(ids):
        query = queries.select_passages().where(passages.c.id.in_(part), *conditions)
        for row in connection.execute(query.order_by(articles.c.id, passages.c.ordinal)).mappings().all():
            if row["passage_id"] not in found and (not named or row["id"] in named):
                found[row["passage_id"]] = queries.passage_of(row, queries.recognised_on(connection, row))
    return found


def locations_of(
    connection: Connection, ids: Sequence[str], access: Access, filters: Filters
) -> dict[str, PassageLocation]:
    """Return the locations of those of these passages that are in use, may be read, and match the filters."""
    named = set(filters.article_ids)
    columns = (passages.c.id, articles.c.version, passages.c.start, articles.c.id)
    query = select(*columns).join_from(passages, articles, articles.c.key == passages.c.key)
    query = query.where(*queries.readable(access), *queries.matching(filters))
    return {
        passage: PassageLocation(version, start)
        for part in in_parts(ids)
        for passage, version, start, article in connection.execute(query.where(passages.c.id.in_(part)))
        if not named or article in named
    }


def passage_ids(connection: Connection, access: Access, filters: Filters, *, limit: int) -> list[str]:
    """Return the ids of the passages that may be read and match the filters, at most `limit`."""
    # From the matching articles to their passages: the other way round, SQLite scanned all passages.
    keys = select(articles.c.key).where(*queries.readable(access), *queries.matching(filters))
    query = select(passages.c.id).limit(limit)
    if not filters.article_ids:
        return list(connection.scalars(query.where(passages.c.key.in_(keys))))
    found: dict[str, None] = {}
    for part in in_parts(filters.article_ids):
        if len(found) < limit:
            among = passages.c.key.in_(keys.where(articles.c.id.in_(part)))
            found |= dict.fromkeys(connection.scalars(query.where(among)))
    return list(found)[:limit]


def in_parts(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield batches that are small enough for the parameters of one statement."""
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))
