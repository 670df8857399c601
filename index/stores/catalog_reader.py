"""Reading the catalogue: what exists, what may be read, and the texts and passages of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from sys import intern

from sqlalchemy import Engine, func, select

from index.ingest.chunking import passage_id
from index.ingest.hidden import may_hide
from index.records import (
    EVERYTHING,
    Access,
    ArticleInfo,
    Filters,
    Original,
    Passage,
    Readers,
    RecognisedLine,
    SentenceSpan,
    Span,
)
from index.stores import passage_lookup, queries
from index.stores.passage_lookup import PassageLocation, in_parts
from index.stores.publishing import Prepared
from index.stores.schema import article_collections, articles, facts, passages, texts, unsettled


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in the catalogue."""

    info: ArticleInfo
    key: str
    source: str
    path: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The source and file of an article, and when the index last took it up or changed it."""

    source: str
    path: str
    indexed: datetime


class CatalogReader:
    """What can be read from a catalogue, from many threads at once.

    Each method raises IndexDamaged if the database cannot be read.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fact(self, name: str) -> str | None:
        """Return a stored value, such as the fingerprint of the index."""
        with self._engine.connect() as connection:
            value: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == name))
            return value

    def count(self, access: Access, *, titled: str = "", collection: str | None = None) -> int:
        """Return how many articles may be read, have these words in their titles, and are in this collection, if given."""
        listed = queries.listed(access, titled, collection)
        query = select(func.count()).select_from(articles).where(*listed)
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def is_empty(self) -> bool:
        """Return whether there is no article. Costs the same however many there are."""
        with self._engine.connect() as connection:
            return connection.execute(select(articles.c.id).limit(1)).first() is None

    def reads_all(self, access: Access) -> bool:
        """Return whether all articles may be read."""
        if access == EVERYTHING:
            return True
        other = select(articles.c.id).where(queries.unreadable(access))
        with self._engine.connect() as connection:
            return connection.execute(other.limit(1)).first() is None

    def count_passages(self) -> int:
        """Return how many passages are in use."""
        used = select(articles.c.key).distinct()
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(passages).where(passages.c.key.in_(used))) or 0

    def entries(self) -> dict[str, Entry]:
        """Return every article by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(articles)).mappings()
            return {
                row["id"]: Entry(queries.info_of(row), row["key"], intern(row["source"]), row["path"], row["token"])
                for row in rows
            }

    def articles(
        self,
        access: Access,
        *,
        after: str | None = None,
        limit: int = 100,
        titled: str = "",
        collection: str | None = None,
    ) -> list[ArticleInfo]:
        """Return the articles that may be read, in order of id, starting after `after`. The rest as for `count`."""
        query = select(articles).where(*queries.listed(access, titled, collection))
        query = query.order_by(articles.c.id).limit(limit)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(articles.c.id > after) if after is not None else query).mappings()
            return [queries.info_of(row) for row in rows]

    def spread(self, access: Access, count: int) -> list[ArticleInfo]:
        """Return so many of the articles that may be read, or all there are, evenly from the first id to the last."""
        readable = select(articles).where(*queries.readable(access)).order_by(articles.c.id)
        with self._engine.connect() as connection:
            total = connection.scalar(select(func.count()).select_from(readable.subquery())) or 0
            places = sorted({number * total // count for number in range(count)}) if total else []
            rows = [connection.execute(readable.offset(at).limit(1)).mappings().first() for at in places]
            return [queries.info_of(row) for row in rows if row]

    def count_by_source(self) -> dict[str, int]:
        """Return the number of articles of each source."""
        query = select(articles.c.source, func.count().label("articles")).group_by(articles.c.source)
        with self._engine.connect() as connection:
            return {row.source: row.articles for row in connection.execute(query)}

    def ids_of_source(self, source: str) -> list[str]:
        """Return the ids of all articles of a source."""
        with self._engine.connect() as connection:
            return list(connection.scalars(select(articles.c.id).where(articles.c.source == source)))

    def paths_of_source(self, source: str) -> dict[str, str]:
        """Return the path of each article of a source, by id."""
        query = select(articles.c.id, articles.c.path).where(articles.c.source == source).order_by(articles.c.id)
        with self._engine.connect() as connection:
            return {row.id: row.path for row in connection.execute(query)}

    def origins(self, ids: Sequence[str]) -> dict[str, Origin]:
        """Return where these articles come from. Raises ArticleUnknown if one does not exist."""
        columns = (articles.c.id, articles.c.source, articles.c.path, articles.c.indexed_at)
        with self._engine.connect() as connection:
            found = {
                row.id: Origin(row.source, row.path, row.indexed_at.replace(tzinfo=UTC))
                for part in in_parts(ids)
                for row in connection.execute(select(*columns).where(articles.c.id.in_(part)))
            }
        queries.check_found(ids, found)
        return found

    def originals(self) -> set[Original]:
        """Return the files of all articles that can be shown as they are."""
        query = select(articles.c.original).where(articles.c.original.is_not(None))
        with self._engine.connect() as connection:
            return {Original(*original) for original in connection.scalars(query)}

    def passages_of_article(self, article_id: str, *, limit: int) -> list[Passage]:
        """Return the first passages of an article, in their order."""
        query = queries.select_passages().where(articles.c.id == article_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(passages.c.ordinal).limit(limit)).mappings()
            return [queries.passage_of(row) for row in rows]

    def publishers(self, access: Access) -> dict[str, int]:
        """Return the number of articles of each publisher that may be read, in order of name."""
        name = articles.c.publisher
        query = (
            select(name, func.count().label("articles"))
            .where(name.is_not(None), *queries.readable(access))
            .group_by(name)
            .order_by(name)
        )
        with self._engine.connect() as connection:
            return {row.publisher: row.articles for row in connection.execute(query)}

    def collections(self, access: Access) -> dict[str, int]:
        """Return the number of articles of each collection that may be read, in order of name."""
        name = article_collections.c.name
        within = [] if access.collections is None else [name.in_(access.collections)]
        query = (
            select(name, func.count().label("articles"))
            .join(articles, articles.c.id == article_collections.c.article_id)
            .where(*queries.readable(access), *within)
            .group_by(name)
            .order_by(name)
        )
        with self._engine.connect() as connection:
            return {row.name: row.articles for row in connection.execute(query)}

    def has_matching(self, access: Access, filters: Filters) -> bool:
        """Return whether any article may be read and matches these filters, which name no articles."""
        query = select(articles.c.id).where(*queries.readable(access), *queries.matching(filters)).limit(1)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def published_between(self, access: Access) -> tuple[date, date] | None:
        """Return the first and last day of publication of the articles that may be read. None if no day is known."""
        days = articles.c.published
        with self._engine.connect() as connection:
            first, last = connection.execute(
                select(func.min(days), func.max(days)).where(*queries.readable(access))
            ).one()
        return (first, last) if first else None

    def article(self, article_id: str, access: Access, *, version: str | None = None) -> tuple[ArticleInfo, str]:
        """Return an article with the text of this version, or of the current one.

        To read an old version, a person must have been allowed to read it then, and be allowed to read the article now.
        Raises ArticleDeleted, or ArticleUnknown. The latter is also raised if the article may not be read, so that nobody
        learns that it exists.
        """
        with self._engine.connect() as connection:
            query = select(articles).where(articles.c.id == article_id, *queries.readable(access))
            row = connection.execute(query).mappings().first()
            if row is None:
                raise queries.why_missing(connection, article_id, access)
            info = queries.info_of(row)
            text = queries.text_of(connection, info, version or info.version, access)
            return info, text

    def recognised(self, article_id: str, first: int, last: int) -> tuple[RecognisedLine, ...]:
        """Return the lines that text recognition read on these pages of an article, from 1, both included."""
        with self._engine.connect() as connection:
            return queries.recognised_lines(connection, article_id, first, last)

    def readable(self, ids: Iterable[str], access: Access) -> set[str]:
        """Return which of these articles exist and may be read."""
        query = select(articles.c.id).where(*queries.readable(access))
        with self._engine.connect() as connection:
            parts = in_parts(sorted(set(ids)))
            return {found for part in parts for found in connection.scalars(query.where(articles.c.id.in_(part)))}

    def versions_of(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the current versions of those of these articles that exist."""
        query = select(articles.c.id, articles.c.version)
        with self._engine.connect() as connection:
            parts = in_parts(sorted(set(ids)))
            return {
                row.id: row.version
                for part in parts
                for row in connection.execute(query.where(articles.c.id.in_(part)))
            }

    def readers_of(self, article_id: str, version: str | None = None) -> Readers:
        """Return who may read an article, or who could read this version when it was the current one.

        A version that is no longer stored has no readers, as its groups are unknown.
        """
        with self._engine.connect() as connection:
            return queries.readers_of(connection, article_id, version)

    def same_text(self, info: ArticleInfo, access: Access) -> list[ArticleInfo]:
        """Return the other articles that have the same text and may be read, in order of id."""
        others = select(articles).where(
            articles.c.version == info.version, articles.c.id != info.id, *queries.readable(access)
        )
        with self._engine.connect() as connection:
            return [
                queries.info_of(row) for row in connection.execute(others.order_by(articles.c.id).limit(100)).mappings()
            ]

    def passages(self, ids: Sequence[str], access: Access, filters: Filters) -> dict[str, Passage]:
        """Return those of these passages that are in use, may be read, and match the filters.

        Up to 5,000 of them are read in one snapshot: no article is seen in two versions. If several articles share a passage,
        it is returned with one of those that the asker may read.
        """
        with self._engine.connect() as connection:
            return passage_lookup.passages_of(connection, ids, access, filters)

    def locations(self, ids: Sequence[str], access: Access, filters: Filters) -> dict[str, PassageLocation]:
        """Return the locations of those of these passages that are in use, may be read, and match the filters.

        Much cheaper than `passages`, as no text is read.
        """
        with self._engine.connect() as connection:
            return passage_lookup.locations_of(connection, ids, access, filters)

    def stretch(self, version: str, span: Span) -> str | None:
        """Return a span of this version of a text, or None if the version was removed in the meantime."""
        words = func.substr(texts.c.text, span.start + 1, span.end - span.start)
        with self._engine.connect() as connection:
            found: str | None = connection.scalar(select(words).where(texts.c.version == version))
            return found

    def last_sentence_before(self, passage: Passage) -> SentenceSpan | None:
        """Return the last sentence of the previous passage. None if there is none, or if a comment is in between."""
        key, _, _ = passage.id.rpartition("-")
        query = select(passages.c.sentences).where(passages.c.id == passage_id(key, passage.ordinal - 1))
        with self._engine.connect() as connection:
            sentences = connection.scalar(query)
        if not sentences:
            return None
        before = SentenceSpan(*sentences[-1])
        between = self.stretch(passage.article.version, Span(before.end, passage.start)) or ""
        return None if may_hide(between) else before

    def passage_ids(self, access: Access, filters: Filters, *, limit: int) -> list[str]:
        """Return the ids of the passages that may be read and match the filters, at most `limit`."""
        with self._engine.connect() as connection:
            return passage_lookup.passage_ids(connection, access, filters, limit=limit)

    def signatures(self, versions: Iterable[str]) -> dict[str, bytes]:
        """Return the signatures of those of these texts that have one (`index.ingest.near_duplicates`)."""
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for part in in_parts(sorted(set(versions))):
                query = select(texts.c.version, texts.c.signature).where(texts.c.version.in_(part))
                found |= {version: signature for version, signature in connection.execute(query) if signature}
        return found

    def contents_in_use(self, keys: Iterable[str]) -> set[str]:
        """Return which of these contents an article uses, so that they need not be embedded again."""
        with self._engine.connect() as connection:
            return {
                key
                for part in in_parts(sorted(set(keys)))
                for key in connection.scalars(select(articles.c.key).where(articles.c.key.in_(part)))
            }

    def has_passages(self) -> bool:
        """Return whether any passage is in use."""
        used = select(passages.c.id).join(articles, articles.c.key == passages.c.key).limit(1)
        with self._engine.connect() as connection:
            return connection.scalar(used) is not None

    def contents(self, *, at_once: int) -> Iterator[list[Prepared]]:
        """Yield the contents in use in order of key, each with one of its articles and its cuts."""
        after = ""
        while True:
            with self._engine.connect() as connection:
                batch = queries.contents_after(connection, after, at_once)
            if not batch:
                return
            yield batch
            after = batch[-1].key

    def contents_of(self, keys: Iterable[str]) -> list[Prepared]:
        """Return those of these contents that are in use, as `contents` does."""
        with self._engine.connect() as connection:
            return [one for part in in_parts(sorted(set(keys))) for one in queries.contents_of(connection, part)]

    def count_contents(self) -> int:
        """Return how many contents are in use."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count(articles.c.key.distinct()))) or 0

    def leftovers(self) -> list[str]:
        """Return the contents that no article uses and that may still be in Chroma or Tantivy."""
        with self._engine.connect() as connection:
            return list(connection.scalars(select(unsettled.c.key).order_by(unsettled.c.key)))

    def passage_ids_of(self, keys: Sequence[str]) -> list[str]:
        """Return the ids of the passages of these contents, published or staged."""
        with self._engine.connect() as connection:
            query = select(passages.c.id)
            return [i for part in in_parts(keys) for i in connection.scalars(query.where(passages.c.key.in_(part)))]
