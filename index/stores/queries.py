"""Queries of the catalogue: rows to records, and conditions for what a person may read."""

from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Sequence
from functools import lru_cache
from typing import Any, get_args

from sqlalchemy import Connection, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.sql.elements import ColumnElement

from index.errors import ArticleDeleted, ArticleUnknown
from index.ingest.chunking import Cut
from index.records import (
    NO_CONTEXT,
    NOBODY,
    Access,
    Article,
    ArticleInfo,
    Context,
    Filters,
    Original,
    Passage,
    Readers,
    RecognisedLine,
    SentenceSpan,
    TextFormat,
)
from index.stores.publishing import Prepared
from index.stores.schema import (
    article_collections,
    article_groups,
    articles,
    deleted,
    passages,
    recognised_pages,
    retired,
    texts,
)

# One string for all articles, of which there may be very many.
_FORMATS: dict[str, TextFormat] = {name: name for name in get_args(TextFormat)}


def info_of(row: Any) -> ArticleInfo:
    """Return the metadata of an article from its row."""
    return ArticleInfo(
        id=row["id"],
        version=row["version"],
        title=row["title"],
        format=_FORMATS[row["format"]],
        url=row["url"],
        publisher=row["publisher"],
        published=row["published"],
        authors=tuple(row["authors"]),
        language=row["language"],
        groups=None if row["groups"] is None else frozenset(row["groups"]),
        pages=_page_starts(row["pages"]),
        published_from=row["published_from"],
        collections=frozenset(row["collections"]),
        confidence=row["confidence"],
        original=Original(*row["original"]) if row["original"] else None,
    )


@lru_cache(maxsize=512)  # every passage of a book has the list of all its pages
def _page_starts(stored: str | None) -> tuple[int, ...]:
    return tuple(map(int, stored.split())) if stored else ()


def passage_of(row: Any, recognised: tuple[RecognisedLine, ...] = ()) -> Passage:
    """Return a passage from a row of `select_passages`."""
    spans = tuple(SentenceSpan(start, end, kind) for start, end, kind in row["sentences"])
    return Passage(
        id=row["passage_id"],
        article=info_of(row),
        ordinal=row["ordinal"],
        start=row["start"],
        end=row["end"],
        text=row["words"],
        sentences=spans,
        context=_context_of(row["context"]),
        recognised=recognised,
    )


def _context_of(stored: list[list[str]] | None) -> Context:
    return Context(*map(tuple, stored)) if stored else NO_CONTEXT


def select_passages() -> Any:
    """Select the passages in use with their text, once for each of their articles."""
    # SQL counts characters from 1; both SQLite and PostgreSQL count code points, as offsets do.
    words = func.substr(texts.c.text, passages.c.start + 1, passages.c.end - passages.c.start).label("words")
    columns = [passages.c.ordinal, passages.c.start, passages.c.end, passages.c.sentences, passages.c.context]
    joined = passages.join(articles, articles.c.key == passages.c.key).join(
        texts, texts.c.version == articles.c.version
    )
    return select(passages.c.id.label("passage_id"), *columns, words, articles).select_from(joined)


def recognised_on(connection: Connection, row: Any) -> tuple[RecognisedLine, ...]:
    """Return the lines that were recognised on the pages of the passage in a row of `select_passages`."""
    if row["confidence"] is None:
        return ()
    pages = _page_starts(row["pages"])
    first, last = bisect_right(pages, row["start"]), bisect_right(pages, max(row["end"] - 1, row["start"]))
    return recognised_lines(connection, row["id"], first, last)


def recognised_lines(connection: Connection, article_id: str, first: int, last: int) -> tuple[RecognisedLine, ...]:
    """Return the lines that were recognised on these pages of an article, both included."""
    columns = (recognised_pages.c.page, recognised_pages.c.lines)
    query = select(*columns).where(
        recognised_pages.c.article_id == article_id, recognised_pages.c.page.between(first, last)
    )
    return tuple(
        RecognisedLine(row.page, start, end, confidence, tuple((x, y) for x, y in corners))
        for row in connection.execute(query.order_by(recognised_pages.c.page))
        for start, end, confidence, corners in row.lines
    )


def readable(access: Access) -> list[ColumnElement[bool]]:
    """Return the condition that an article may be read with this access."""
    conditions: list[ColumnElement[bool]] = []
    if access.collections is not None:
        conditions.append(_in_collections(access.collections))
    if not access.everything:
        conditions.append(or_(articles.c.groups.is_(None), _in_groups(access)))
    return conditions


def unreadable(access: Access) -> ColumnElement[bool]:
    """Return the condition that an article may not be read with this access: the opposite of `readable`.

    Written so that the index of restricted articles serves it: most articles are for everyone.
    """
    conditions: list[ColumnElement[bool]] = []
    if access.collections is not None:
        conditions.append(not_(_in_collections(access.collections)))
    if not access.everything:
        conditions.append(and_(articles.c.groups.is_not(None), not_(_in_groups(access))))
    return or_(false(), *conditions)


def _in_groups(access: Access) -> ColumnElement[bool]:
    # Looked up for each article in question. A list of all that they may read would be made anew for each query.
    theirs = and_(article_groups.c.article_id == articles.c.id, article_groups.c.name.in_(access.groups))
    return exists().where(theirs).correlate(articles)


def _in_collections(names: Collection[str]) -> ColumnElement[bool]:
    return articles.c.id.in_(select(article_collections.c.article_id).where(article_collections.c.name.in_(names)))


def listed(access: Access, words: str, collection: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions that an article may be read, has these words in its title, and is in this collection.

    Case is ignored. Empty words match every title, and None every article.
    """
    conditions = [*readable(access)]
    if words:
        conditions.append(articles.c.title.icontains(words, autoescape=True))
    if collection is not None:
        conditions.append(_in_collections([collection]))
    return conditions


def matching(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on articles, except for `article_ids`, which may be too many for one statement.

    A scope has none.
    """
    conditions: list[ColumnElement[bool]] = []
    if filters.published_after:
        conditions.append(articles.c.published >= filters.published_after)
    if filters.published_before:
        conditions.append(articles.c.published <= filters.published_before)
    if filters.publishers:
        conditions.append(articles.c.publisher_folded.in_([name.casefold() for name in filters.publishers]))
    if filters.collections:
        conditions.append(_in_collections(filters.collections))
    return conditions + (matching(filters.scope) if filters.scope else [])


def check_found(ids: Iterable[str], found: Container[str]) -> None:
    """Raise ArticleUnknown for the first of these articles that was not found."""
    if (missing := next((article_id for article_id in ids if article_id not in found), None)) is not None:
        raise ArticleUnknown(f"There is no article {missing!r}. `footnote search` shows the ids of what there is.")


def why_missing(connection: Connection, article_id: str, access: Access) -> ArticleDeleted | ArticleUnknown:
    """Return the error for an article that does not exist for this person."""
    columns = (deleted.c.groups, deleted.c.collections)
    row = connection.execute(select(*columns).where(deleted.c.article_id == article_id)).first()
    if row is not None and access.allows(_readers_in(row)):
        return ArticleDeleted(f"The article {article_id!r} was deleted.")
    return ArticleUnknown(f"There is no article {article_id!r} that you may read.")


def text_of(connection: Connection, info: ArticleInfo, version: str, access: Access) -> str:
    """Return the text of this version of an article. Raises ArticleUnknown if it may not be read or is not stored."""
    readers = info.readers if version == info.version else readers_of(connection, info.id, version)
    text: str | None = connection.scalar(select(texts.c.text).where(texts.c.version == version))
    if text is None or not access.allows(readers):
        raise ArticleUnknown(f"The article {info.id!r} has no version {version!r} that is still kept.")
    return text


def readers_of(connection: Connection, article_id: str, version: str | None) -> Readers:
    """Return who may, or could, read a version of an article. Nobody if it is not stored."""
    for table, name in ((articles, articles.c.id), (retired, retired.c.article_id)):
        is_version = true() if version is None else table.c.version == version
        columns = (table.c.groups, table.c.collections)
        row = connection.execute(select(*columns).where(name == article_id, is_version)).first()
        if row is not None:
            return _readers_in(row)
    return NOBODY


def _readers_in(row: Any) -> Readers:
    return Readers(None if row.groups is None else frozenset(row.groups), frozenset(row.collections))


def contents_after(connection: Connection, key: str, limit: int) -> list[Prepared]:
    """Return the contents in use after this key, in order, as `contents_of` returns them."""
    query = select(articles.c.key).where(articles.c.key > key).distinct().order_by(articles.c.key).limit(limit)
    return contents_of(connection, list(connection.scalars(query)))


def contents_of(connection: Connection, keys: Sequence[str]) -> list[Prepared]:
    """Return these contents in order of key, each with the first of its articles and its cuts."""
    first = select(func.min(articles.c.id)).where(articles.c.key.in_(keys)).group_by(articles.c.key)
    joined = articles.join(texts, texts.c.version == articles.c.version)
    query = select(articles, texts.c.text).select_from(joined).where(articles.c.id.in_(first)).order_by(articles.c.key)
    cuts = _cuts_of(connection, keys)
    return [
        Prepared(Article(info_of(row), row["text"], row["path"]), row["key"], row["source"], cuts.get(row["key"], ()))
        for row in connection.execute(query).mappings()
    ]


def _cuts_of(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[Cut, ...]]:
    rows = connection.execute(select(passages).where(passages.c.key.in_(keys)).order_by(passages.c.ordinal)).mappings()
    cuts: dict[str, list[Cut]] = {}
    for row in rows:
        spans = tuple(SentenceSpan(*span) for span in row["sentences"])
        cut = Cut(row["ordinal"], row["start"], row["end"], spans, _context_of(row["context"]))
        cuts.setdefault(row["key"], []).append(cut)
    return {key: tuple(found) for key, found in cuts.items()}
