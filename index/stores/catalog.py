"""The catalogue: which articles exist, in which versions, and how they are cut into passages.

The catalogue is authoritative. What readers see changes in one transaction here. A passage that is in Chroma or Tantivy but
not in the catalogue does not exist. A passage that is in the catalogue was written to both before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, LargeBinary, cast, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from index.errors import IndexDamaged
from index.records import version_of
from index.stores import publishing, queries, schema
from index.stores.catalog_reader import CatalogReader
from index.stores.copying import copy_rows
from index.stores.database import Purpose, check_intact, copy_database, damaged, engine_for
from index.stores.passage_lookup import in_parts
from index.stores.publishing import Prepared
from index.stores.schema import article_groups, articles, contents, deleted, facts, passages, retired, texts, unsettled

_PURPOSE = Purpose(
    name="The catalogue",
    when_damaged="It holds what the other stores are made from: restore the data folder from a backup, or remove the folder "
    "that contains it and index the articles again.",
    when_unusable="Correct that and run again; what was indexed before is intact.",
)


class Catalog(CatalogReader):
    """One database of articles, versions and passages. Safe to read from many threads; one writer at a time."""

    def __init__(self, url: str) -> None:
        """Open or create the database, and migrate its schema.

        This and every method raises IndexDamaged if it cannot be read, DataFolderUnusable if it cannot be written.
        """
        super().__init__(engine_for(url, _PURPOSE))
        with self._writing() as connection:
            schema.upgrade(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def set_fact(self, name: str, value: str) -> None:
        """Store a value."""
        with self._writing() as connection:
            connection.execute(delete(facts).where(facts.c.name == name))
            connection.execute(insert(facts).values(name=name, value=value))

    def settled_fact(self, name: str, value: str) -> str:
        """Return a stored value. If there is none, store this one, unless another process does at the same moment."""
        if (found := self.fact(name)) is None:
            with suppress(IntegrityError), self._writing() as connection:
                connection.execute(insert(facts).values(name=name, value=value))
            found = self.fact(name)
        return found or value

    def remove_fact(self, name: str) -> None:
        """Remove a stored value, if there is one."""
        with self._writing() as connection:
            connection.execute(delete(facts).where(facts.c.name == name))

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

    def stage(self, batch: Sequence[Prepared]) -> None:
        """Store the passages that will be written to Chroma and Tantivy next. Readers do not see them yet."""
        with self._writing() as connection:
            publishing.add_texts(connection, batch)
            publishing.add_contents(connection, batch)
            publishing.note_unsettled(connection, (prepared.key for prepared in batch if prepared.cuts is not None))

    def publish(self, batch: Sequence[Prepared]) -> None:
        """Make these articles, which were staged before, visible to readers, in one transaction.

        Contents that no article uses any more stay listed as unsettled until `forget`.
        """
        now = datetime.now(UTC)
        with self._writing() as connection:
            before = publishing.current_articles(connection, [prepared.article.id for prepared in batch])
            for prepared in batch:
                publishing.put_article(connection, prepared, before.get(prepared.article.id), now)
            old, new = {one.key for one in before.values()}, {prepared.key for prepared in batch}
            self._log(connection, old ^ new)
            connection.execute(delete(unsettled).where(unsettled.c.key.in_(select(articles.c.key))))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete articles for readers, in one transaction. If one does not exist, deletes none and raises ArticleUnknown."""
        now = datetime.now(UTC)
        with self._writing() as connection:
            rows = {
                row["id"]: row
                for part in in_parts(ids)
                for row in connection.execute(select(articles).where(articles.c.id.in_(part))).mappings()
            }
            queries.check_found(ids, rows)
            keys = {row["key"] for row in rows.values()}
            publishing.note_unsettled(connection, keys)
            self._log(connection, keys)
            for article_id, row in rows.items():
                publishing.remove_article(connection, article_id)
                readers = {"groups": row["groups"], "collections": row["collections"]}
                connection.execute(insert(deleted).values(article_id=article_id, deleted_at=now, **readers))
            connection.execute(delete(unsettled).where(unsettled.c.key.in_(select(articles.c.key))))

    def restrict(self, readers: Mapping[str, frozenset[str]]) -> None:
        """Let only these groups read these articles, in one transaction, until they are published again."""
        with self._writing() as connection:
            for article_id, groups in readers.items():
                connection.execute(delete(article_groups).where(article_groups.c.article_id == article_id))
                if rows := [{"article_id": article_id, "name": name} for name in sorted(groups)]:
                    connection.execute(insert(article_groups), rows)
                values = {"groups": sorted(groups), "token": None}
                connection.execute(update(articles).where(articles.c.id == article_id).values(values))

    def forget_tokens(self, ids: Sequence[str]) -> None:
        """Have the files of these articles read in the next sync, whether they changed or not."""
        with self._writing() as connection:
            for part in in_parts(ids):
                connection.execute(update(articles).where(articles.c.id.in_(part)).values(token=None))

    def forget_cuts(self) -> None:
        """Remove the cuts of all articles, and the contents that no article uses. For a copy that is cut again."""
        with self._writing() as connection:
            connection.execute(delete(passages))
            connection.execute(delete(unsettled))
            connection.execute(delete(contents).where(contents.c.key.not_in(select(articles.c.key))))

    def put_cuts(self, batch: Sequence[Prepared]) -> None:
        """Store the new cuts of these existing contents."""
        rows = publishing.passage_rows(batch)
        with self._writing() as connection:
            if rows:
                connection.execute(insert(passages), rows)

    def forget(self, keys: Sequence[str], *, older_than: timedelta) -> None:
        """Remove contents that are no longer in Chroma and Tantivy, and versions that nobody can open any more."""
        with self._writing() as connection:
            for part in in_parts(keys):
                connection.execute(delete(passages).where(passages.c.key.in_(part)))
                connection.execute(delete(contents).where(contents.c.key.in_(part)))
                connection.execute(delete(unsettled).where(unsettled.c.key.in_(part)))
            connection.execute(delete(retired).where(retired.c.retired_at < datetime.now(UTC) - older_than))
            used = [select(table.c.version) for table in (articles, contents, retired)]
            connection.execute(delete(texts).where(*(texts.c.version.not_in(query) for query in used)))
            self._forget_log(connection, older_than)

    def copy_into(self, other: "Catalog") -> None:
        """Copy everything but the log of changes, as one consistent snapshot, into an empty catalogue."""
        with self._engine.connect() as source, other._writing() as target:
            copy_rows(source, target, [table for table in schema.metadata.sorted_tables if table is not schema.changes])

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Begin a transaction that changes the catalogue."""
        with self._engine.begin() as connection:
            yield connection

    def _log(self, connection: Connection, keys: Iterable[str]) -> None:
        """Note that these contents came into use or went out of use. Only others need that, so not in a file."""

    def _forget_log(self, connection: Connection, older_than: timedelta) -> None:
        """Remove old entries of the log."""
