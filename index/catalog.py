"""The catalogue: which articles there are, in which version, cut into which passages. It decides; Chroma and Tantivy follow.

Everything a reader sees is decided in one transaction here. A passage that is in Chroma or Tantivy but not in the catalogue
does not exist; one that is in the catalogue was written to both before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from index import schema
from index.chunking import Cut, passage_id
from index.copies import signature_of
from index.errors import ArticleDeleted, ArticleUnknown
from index.records import Access, Article, ArticleInfo, Filters, Passage, SentenceSpan, Span
from index.schema import article_groups, articles, contents, deleted, facts, passages, retired, texts, unsettled

# SQLite takes at most 32,766 parameters in a statement.
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as it stands in the catalogue."""

    info: ArticleInfo
    key: str
    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article that is ready to be published. `cuts` is None where an article with the same content is there already."""

    article: Article
    key: str
    source: str
    cuts: tuple[Cut, ...] | None


class Catalog:
    """One database of articles, versions and passages. Safe to read from many threads; one writer at a time."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        with self._engine.begin() as connection:
            schema.upgrade(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # -- What is there ---------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        """Return a remembered value, such as the fingerprint of the index."""
        with self._engine.connect() as connection:
            value: str | None = connection.scalar(select(facts.c.value).where(facts.c.name == name))
            return value

    def remember(self, name: str, value: str) -> None:
        """Remember a value."""
        with self._engine.begin() as connection:
            connection.execute(delete(facts).where(facts.c.name == name))
            connection.execute(insert(facts).values(name=name, value=value))

    def count(self, access: Access) -> int:
        """Return how many articles may be read."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(articles).where(*_readable(access))) or 0

    def count_passages(self) -> int:
        """Return how many passages are in use."""
        used = select(articles.c.key).distinct()
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(passages).where(passages.c.key.in_(used))) or 0

    def entries(self) -> dict[str, Entry]:
        """Return every article by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(articles)).mappings()
            return {row["id"]: Entry(_info(row), row["key"], row["source"], row["path"]) for row in rows}

    def articles(self, access: Access, *, after: str | None = None, limit: int = 100) -> list[ArticleInfo]:
        """Return the articles that may be read, in order of id, from the one after `after`."""
        query = select(articles).where(*_readable(access)).order_by(articles.c.id).limit(limit)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(articles.c.id > after) if after is not None else query).mappings()
            return [_info(row) for row in rows]

    def article(self, article_id: str, access: Access, *, version: str | None = None) -> tuple[ArticleInfo, str]:
        """Return an article with the text of this version of it, or of the present one.

        Raises ArticleDeleted, or ArticleUnknown also where it exists but may not be read, so that nobody learns of it.
        """
        with self._engine.connect() as connection:
            query = select(articles).where(articles.c.id == article_id, *_readable(access))
            row = connection.execute(query).mappings().first()
            if row is None:
                raise _why_missing(connection, article_id, access)
            info = _info(row)
            text = _text_of(connection, info, version or info.version)
            return info, text

    def same_text(self, info: ArticleInfo, access: Access) -> list[ArticleInfo]:
        """Return the other articles that have the same text and may be read, in order of id."""
        others = select(articles).where(
            articles.c.version == info.version, articles.c.id != info.id, *_readable(access)
        )
        with self._engine.connect() as connection:
            return [_info(row) for row in connection.execute(others.order_by(articles.c.id).limit(100)).mappings()]

    def passages(self, ids: Sequence[str], access: Access, filters: Filters) -> dict[str, Passage]:
        """Return those of these passages that are in use, may be read, and match the filters.

        Up to 5,000 of them are looked up at one moment: no article is seen in two versions.

        Where several articles share a passage, it is shown as one of those that the asker may read.
        """
        found: dict[str, Passage] = {}
        with self._engine.connect() as connection:
            for part in _parts(ids):
                query = _select_passages().where(passages.c.id.in_(part), *_readable(access), *_matching(filters))
                for row in connection.execute(query.order_by(articles.c.id)).mappings():
                    found.setdefault(row["passage_id"], _passage(row))
        return found

    def stretch(self, version: str, span: Span) -> str | None:
        """Return the words of a stretch of this version of a text, or None when it has gone in the meantime."""
        words = func.substr(texts.c.text, span.start + 1, span.end - span.start)
        with self._engine.connect() as connection:
            found: str | None = connection.scalar(select(words).where(texts.c.version == version))
            return found

    def last_sentence_before(self, passage: Passage) -> SentenceSpan | None:
        """Return the last sentence of the passage before this one, or None where it is the first."""
        key, _, _ = passage.id.rpartition("-")
        query = select(passages.c.sentences).where(passages.c.id == passage_id(key, passage.ordinal - 1))
        with self._engine.connect() as connection:
            sentences = connection.scalar(query)
        return SentenceSpan(*sentences[-1]) if sentences else None

    def passage_ids(self, access: Access, filters: Filters, *, limit: int) -> list[str]:
        """Return the ids of the passages that may be read and match the filters, at most `limit`."""
        joined = passages.join(articles, articles.c.key == passages.c.key)
        query = select(passages.c.id).select_from(joined).where(*_readable(access), *_matching(filters))
        with self._engine.connect() as connection:
            return list(connection.scalars(query.distinct().limit(limit)))

    def signatures(self, versions: Iterable[str]) -> dict[str, bytes]:
        """Return the signatures of these texts, as far as they have any (`index.copies`)."""
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for part in _parts(sorted(set(versions))):
                query = select(texts.c.version, texts.c.signature).where(texts.c.version.in_(part))
                found |= {version: signature for version, signature in connection.execute(query) if signature}
        return found

    def contents_known(self, keys: Iterable[str]) -> set[str]:
        """Return which of these contents are in use by an article, so that they need not be embedded again."""
        with self._engine.connect() as connection:
            return {
                key
                for part in _parts(sorted(set(keys)))
                for key in connection.scalars(select(articles.c.key).where(articles.c.key.in_(part)))
            }

    # -- What changes ----------------------------------------------------------------------------------------------

    def stage(self, batch: Sequence[Prepared]) -> None:
        """Note which passages are about to be written to Chroma and Tantivy. Readers see nothing of it yet."""
        with self._engine.begin() as connection:
            _add_texts(connection, batch)
            _add_contents(connection, batch)
            _note_unsettled(connection, (prepared.key for prepared in batch if prepared.cuts is not None))

    def publish(self, batch: Sequence[Prepared]) -> None:
        """Make these articles, staged before, the ones that readers see, in one transaction.

        Contents that no article uses any more stay noted as unsettled until `forget`.
        """
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            before = _versions(connection, [prepared.article.id for prepared in batch])
            for prepared in batch:
                _put_article(connection, prepared, before.get(prepared.article.id), now)
            connection.execute(delete(unsettled).where(unsettled.c.key.in_(select(articles.c.key))))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete articles for readers, in one transaction. Raises ArticleUnknown, and deletes none, if one is not there."""
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            rows = {
                row["id"]: row
                for part in _parts(ids)
                for row in connection.execute(select(articles).where(articles.c.id.in_(part))).mappings()
            }
            if missing := [article_id for article_id in ids if article_id not in rows]:
                raise ArticleUnknown(
                    f"There is no article {missing[0]!r}. `footnote search` shows the ids of what there is."
                )
            _note_unsettled(connection, {row["key"] for row in rows.values()})
            for article_id, row in rows.items():
                _remove_article(connection, article_id)
                connection.execute(insert(deleted).values(article_id=article_id, groups=row["groups"], deleted_at=now))
            connection.execute(delete(unsettled).where(unsettled.c.key.in_(select(articles.c.key))))

    def leftovers(self) -> list[str]:
        """Return the contents that may be in Chroma or Tantivy and that no article uses."""
        with self._engine.connect() as connection:
            return list(connection.scalars(select(unsettled.c.key).order_by(unsettled.c.key)))

    def passage_ids_of(self, keys: Sequence[str]) -> list[str]:
        """Return the ids of the passages of these contents, published or only staged."""
        with self._engine.connect() as connection:
            query = select(passages.c.id)
            return [i for part in _parts(keys) for i in connection.scalars(query.where(passages.c.key.in_(part)))]

    def forget(self, keys: Sequence[str], *, older_than: timedelta) -> None:
        """Forget contents that are gone from Chroma and Tantivy, and versions that nobody can open any more."""
        with self._engine.begin() as connection:
            for part in _parts(keys):
                connection.execute(delete(passages).where(passages.c.key.in_(part)))
                connection.execute(delete(contents).where(contents.c.key.in_(part)))
                connection.execute(delete(unsettled).where(unsettled.c.key.in_(part)))
            connection.execute(delete(retired).where(retired.c.retired_at < datetime.now(UTC) - older_than))
            used = [select(table.c.version) for table in (articles, contents, retired)]
            connection.execute(delete(texts).where(*(texts.c.version.not_in(query) for query in used)))


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver itself begins a transaction only to write; reading has to see one moment, too (`_begin`).
    connection.isolation_level = None
    # WAL lets people read while articles are written; FULL keeps a commit through a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own knows the letters of ASCII alone.
    connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)


def _parts(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))


def _info(row: Any) -> ArticleInfo:
    return ArticleInfo(
        id=row["id"],
        version=row["version"],
        title=row["title"],
        format=row["format"],
        url=row["url"],
        publisher=row["publisher"],
        published=row["published"],
        authors=tuple(row["authors"]),
        language=row["language"],
        groups=None if row["groups"] is None else frozenset(row["groups"]),
        pages=_page_starts(row["pages"]),
    )


@lru_cache(maxsize=512)  # every passage of a book brings the list of all its pages
def _page_starts(stored: str | None) -> tuple[int, ...]:
    return tuple(map(int, stored.split())) if stored else ()


def _passage(row: Any) -> Passage:
    spans = tuple(SentenceSpan(start, end, kind) for start, end, kind in row["sentences"])
    return Passage(row["passage_id"], _info(row), row["ordinal"], row["start"], row["end"], row["words"], spans)


def _select_passages() -> Any:
    # SQL counts characters from 1; both SQLite and PostgreSQL count code points, as offsets do.
    words = func.substr(texts.c.text, passages.c.start + 1, passages.c.end - passages.c.start).label("words")
    columns = [passages.c.ordinal, passages.c.start, passages.c.end, passages.c.sentences]
    joined = passages.join(articles, articles.c.key == passages.c.key).join(
        texts, texts.c.version == articles.c.version
    )
    return select(passages.c.id.label("passage_id"), *columns, words, articles).select_from(joined)


def _readable(access: Access) -> list[ColumnElement[bool]]:
    if access.everything:
        return []
    theirs = select(article_groups.c.article_id).where(article_groups.c.name.in_(access.groups))
    return [or_(articles.c.groups.is_(None), articles.c.id.in_(theirs))]


def _matching(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.published_after:
        conditions.append(articles.c.published >= filters.published_after)
    if filters.published_before:
        conditions.append(articles.c.published <= filters.published_before)
    if filters.publishers:
        conditions.append(func.lower(articles.c.publisher).in_([name.lower() for name in filters.publishers]))
    if filters.article_ids:
        conditions.append(articles.c.id.in_(filters.article_ids))
    return conditions


def _why_missing(connection: Connection, article_id: str, access: Access) -> ArticleDeleted | ArticleUnknown:
    row = connection.execute(select(deleted.c.groups).where(deleted.c.article_id == article_id)).first()
    if row is not None and access.allows(None if row.groups is None else frozenset(row.groups)):
        return ArticleDeleted(f"The article {article_id!r} was deleted.")
    return ArticleUnknown(f"There is no article {article_id!r} that you may read.")


def _text_of(connection: Connection, info: ArticleInfo, version: str) -> str:
    known = select(retired.c.version).where(retired.c.article_id == info.id, retired.c.version == version)
    if version != info.version and connection.scalar(known) is None:
        raise ArticleUnknown(f"The article {info.id!r} has no version {version!r} that is still kept.")
    text: str = connection.execute(select(texts.c.text).where(texts.c.version == version)).scalar_one()
    return text


def _note_unsettled(connection: Connection, keys: Iterable[str]) -> None:
    noted = set(connection.scalars(select(unsettled.c.key)))
    if new := sorted(set(keys) - noted):
        connection.execute(insert(unsettled), [{"key": key} for key in new])


def _add_texts(connection: Connection, batch: Sequence[Prepared]) -> None:
    wanted = {prepared.article.info.version: prepared.article.text for prepared in batch}
    there = set(connection.scalars(select(texts.c.version).where(texts.c.version.in_(wanted))))
    new = [(version, text) for version, text in wanted.items() if version not in there]
    if new:
        rows = [{"version": version, "text": text, "signature": signature_of(text)} for version, text in new]
        connection.execute(insert(texts), rows)


def _add_contents(connection: Connection, batch: Sequence[Prepared]) -> None:
    wanted = {prepared.key: prepared for prepared in batch if prepared.cuts is not None}
    there = set(connection.scalars(select(contents.c.key).where(contents.c.key.in_(wanted))))
    new = [prepared for key, prepared in wanted.items() if key not in there]
    if new:
        connection.execute(insert(contents), [{"key": p.key, "version": p.article.info.version} for p in new])
        connection.execute(insert(passages), [_passage_row(p.key, cut) for p in new for cut in p.cuts or ()])


def _passage_row(key: str, cut: Cut) -> dict[str, object]:
    return {
        "id": passage_id(key, cut.ordinal),
        "key": key,
        "ordinal": cut.ordinal,
        "start": cut.start,
        "end": cut.end,
        "sentences": [[s.start, s.end, s.kind] for s in cut.sentences],
    }


def _versions(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    rows = connection.execute(select(articles.c.id, articles.c.version, articles.c.key).where(articles.c.id.in_(ids)))
    return {article_id: (version, key) for article_id, version, key in rows}


def _put_article(connection: Connection, prepared: Prepared, before: tuple[str, str] | None, now: datetime) -> None:
    info = prepared.article.info
    row = _article_row(prepared, now)
    if before is None:
        connection.execute(delete(deleted).where(deleted.c.article_id == info.id))
        connection.execute(insert(articles).values(row))
    else:
        old_version, old_key = before
        connection.execute(update(articles).where(articles.c.id == info.id).values(row))
        connection.execute(delete(article_groups).where(article_groups.c.article_id == info.id))
        if old_key != prepared.key:
            _note_unsettled(connection, [old_key])
        if old_version != info.version:
            _retire(connection, info, old_version, now)
    if info.groups:
        connection.execute(insert(article_groups), [{"article_id": info.id, "name": name} for name in info.groups])


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
        "published": info.published,
        "authors": list(info.authors),
        "language": info.language,
        "groups": None if info.groups is None else sorted(info.groups),
        "pages": " ".join(map(str, info.pages)) or None,
        "source": prepared.source,
        "path": prepared.article.path,
        "indexed_at": now,
    }


def _retire(connection: Connection, info: ArticleInfo, old_version: str, now: datetime) -> None:
    # The version that is now present again, or was retired before, is not listed twice.
    for version in (info.version, old_version):
        same = (retired.c.article_id == info.id) & (retired.c.version == version)
        connection.execute(delete(retired).where(same))
    connection.execute(insert(retired).values(article_id=info.id, version=old_version, retired_at=now))


def _remove_article(connection: Connection, article_id: str) -> None:
    connection.execute(delete(retired).where(retired.c.article_id == article_id))
    connection.execute(delete(article_groups).where(article_groups.c.article_id == article_id))
    connection.execute(delete(articles).where(articles.c.id == article_id))
