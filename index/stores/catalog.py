"""The catalogue: which articles exist, in which versions, and how they are cut into passages.

The catalogue is authoritative. What readers see changes in one transaction here. A passage that is in Chroma or Tantivy but
not in the catalogue does not exist. A passage that is in the catalogue was written to both before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import LargeBinary, and_, cast, delete, func, insert, not_, select, update

from index.errors import ArticleUnknown, IndexDamaged
from index.ingest.chunking import passage_id
from index.ingest.hidden import may_hide
from index.records import Access, ArticleInfo, Filters, Passage, SentenceSpan, Span, version_of
from index.stores import passage_lookup, publishing, queries, schema
from index.stores.database import Purpose, check_intact, copy_database, damaged, engine_for
from index.stores.passage_lookup import PassageLocation, in_parts
from index.stores.publishing import Prepared
from index.stores.schema import article_groups, articles, contents, deleted, facts, passages, retired, texts, unsettled

_PURPOSE = Purpose(
    name="The catalogue",
    when_damaged="It holds what the other stores are made from: restore the data folder from a backup, or remove the folder "
    "that it lies in and index the articles again.",
    when_unusable="Mend that and run again; what was indexed before is intact.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in the catalogue."""

    info: ArticleInfo
    key: str
    source: str
    path: str


class Catalog:
    """One database of articles, versions and passages. Safe to read from many threads; one writer at a time."""

    def __init__(self, url: str) -> None:
        """Open or create the database, and migrate its schema.

        This and every method raises IndexDamaged if it cannot be read, DataFolderUnusable if it cannot be written.
        """
        self._engine = engine_for(url, _PURPOSE)
        with self._engine.begin() as connection:
            schema.upgrade(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # -- Reading ---------------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        """Return a stored value, such as the fingerprint of the index."""
        with self._engine.connect() as connection:
            value: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == name))
            return value

    def set_fact(self, name: str, value: str) -> None:
        """Store a value."""
        with self._engine.begin() as connection:
            connection.execute(delete(facts).where(facts.c.name == name))
            connection.execute(insert(facts).values(name=name, value=value))

    def count(self, access: Access, *, titled: str = "") -> int:
        """Return how many articles may be read and have these words in their titles."""
        query = select(func.count()).select_from(articles).where(*queries.readable(access), queries.titled(titled))
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def reads_all(self, access: Access) -> bool:
        """Return whether all articles may be read."""
        if access.everything:
            return True
        other = select(articles.c.id).where(not_(and_(*queries.readable(access))))
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
            return {row["id"]: Entry(queries.info_of(row), row["key"], row["source"], row["path"]) for row in rows}

    def articles(
        self, access: Access, *, after: str | None = None, limit: int = 100, titled: str = ""
    ) -> list[ArticleInfo]:
        """Return the articles that may be read, in order of id, starting after `after`. `titled` as for `count`."""
        query = select(articles).where(*queries.readable(access), queries.titled(titled))
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

    def readable(self, ids: Iterable[str], access: Access) -> set[str]:
        """Return which of these articles exist and may be read."""
        query = select(articles.c.id).where(*queries.readable(access))
        with self._engine.connect() as connection:
            parts = in_parts(sorted(set(ids)))
            return {found for part in parts for found in connection.scalars(query.where(articles.c.id.in_(part)))}

    def readers_of(self, article_id: str, version: str | None = None) -> frozenset[str] | None:
        """Return the groups that may read an article, or that could read this version when it was the current one.

        None means everyone. A version that is no longer stored has no readers, as its groups are unknown.
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

    def check_intact(self) -> None:
        """Read the whole database, and compare each text with the hash in its version. Raises IndexDamaged."""
        check_intact(self._engine, _PURPOSE)
        # As bytes: damaged data may not be valid text.
        query = select(texts.c.version, cast(texts.c.text, LargeBinary)).execution_options(yield_per=100)
        with self._engine.connect() as connection:
            for version, raw in connection.execute(query):
                if version_of(raw) != version:
                    what = f"a text is not the one of its version {version}"
                    raise IndexDamaged(damaged(self._engine, what, _PURPOSE))

    def copy_to(self, path: Path) -> None:
        """Copy the whole database, as one consistent snapshot, into a new file."""
        copy_database(self._engine, path, _PURPOSE)

    # -- Writing ---------------------------------------------------------------------------------------------------

    def stage(self, batch: Sequence[Prepared]) -> None:
        """Store the passages that will be written to Chroma and Tantivy next. Readers do not see them yet."""
        with self._engine.begin() as connection:
            publishing.add_texts(connection, batch)
            publishing.add_contents(connection, batch)
            publishing.note_unsettled(connection, (prepared.key for prepared in batch if prepared.cuts is not None))

    def publish(self, batch: Sequence[Prepared]) -> None:
        """Make these articles, which were staged before, visible to readers, in one transaction.

        Contents that no article uses any more stay listed as unsettled until `forget`.
        """
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            before = publishing.current_articles(connection, [prepared.article.id for prepared in batch])
            for prepared in batch:
                publishing.put_article(connection, prepared, before.get(prepared.article.id), now)
            connection.execute(delete(unsettled).where(unsettled.c.key.in_(select(articles.c.key))))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete articles for readers, in one transaction. If one does not exist, deletes none and raises ArticleUnknown."""
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            rows = {
                row["id"]: row
                for part in in_parts(ids)
                for row in connection.execute(select(articles).where(articles.c.id.in_(part))).mappings()
            }
            if missing := [article_id for article_id in ids if article_id not in rows]:
                raise ArticleUnknown(
                    f"There is no article {missing[0]!r}. `footnote search` shows the ids of what there is."
                )
            publishing.note_unsettled(connection, {row["key"] for row in rows.values()})
            for article_id, row in rows.items():
                publishing.remove_article(connection, article_id)
                connection.execute(insert(deleted).values(article_id=article_id, groups=row["groups"], deleted_at=now))
            connection.execute(delete(unsettled).where(unsettled.c.key.in_(select(articles.c.key))))

    def revoke_access(self, ids: Sequence[str]) -> None:
        """Make these articles unreadable for everybody, in one transaction, until they are published again."""
        with self._engine.begin() as connection:
            for part in in_parts(ids):
                connection.execute(delete(article_groups).where(article_groups.c.article_id.in_(part)))
                connection.execute(update(articles).where(articles.c.id.in_(part)).values(groups=[]))

    def leftovers(self) -> list[str]:
        """Return the contents that no article uses and that may still be in Chroma or Tantivy."""
        with self._engine.connect() as connection:
            return list(connection.scalars(select(unsettled.c.key).order_by(unsettled.c.key)))

    def passage_ids_of(self, keys: Sequence[str]) -> list[str]:
        """Return the ids of the passages of these contents, published or staged."""
        with self._engine.connect() as connection:
            query = select(passages.c.id)
            return [i for part in in_parts(keys) for i in connection.scalars(query.where(passages.c.key.in_(part)))]

    def forget_cuts(self) -> None:
        """Remove the cuts of all articles, and the contents that no article uses. For a copy that is cut again."""
        with self._engine.begin() as connection:
            connection.execute(delete(passages))
            connection.execute(delete(unsettled))
            connection.execute(delete(contents).where(contents.c.key.not_in(select(articles.c.key))))

    def put_cuts(self, batch: Sequence[Prepared]) -> None:
        """Store the new cuts of these existing contents."""
        rows = publishing.passage_rows(batch)
        with self._engine.begin() as connection:
            if rows:
                connection.execute(insert(passages), rows)

    def forget(self, keys: Sequence[str], *, older_than: timedelta) -> None:
        """Remove contents that are no longer in Chroma and Tantivy, and versions that nobody can open any more."""
        with self._engine.begin() as connection:
            for part in in_parts(keys):
                connection.execute(delete(passages).where(passages.c.key.in_(part)))
                connection.execute(delete(contents).where(contents.c.key.in_(part)))
                connection.execute(delete(unsettled).where(unsettled.c.key.in_(part)))
            connection.execute(delete(retired).where(retired.c.retired_at < datetime.now(UTC) - older_than))
            used = [select(table.c.version) for table in (articles, contents, retired)]
            connection.execute(delete(texts).where(*(texts.c.version.not_in(query) for query in used)))
