"""What stored answers quote, and which of them are stale: their quoted words have changed since, or are gone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, exists, insert, or_, select, update

from index.errors import WrongUsage
from index.records import Span
from service.history.schema import answers, citations

_NAMES = ("number", "article_id", "article_version", "start", "end", "quote")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A stretch of a version of an article that answers quote."""

    article_id: str
    article_version: str
    start: int
    end: int
    quote: str


def add(connection: Connection, answer_id: str, cited: Sequence[dict[str, Any]]) -> None:
    """Store what an answer quotes. `cited` are its citations as they are in the response."""
    rows = [
        {"answer_id": answer_id, "compared": one["article_version"], **{name: one[name] for name in _NAMES}}
        for one in cited
    ]
    if rows:
        connection.execute(insert(citations), rows)


def compared_versions(connection: Connection, *, after: str, limit: int) -> dict[str, set[str]]:
    """Return the articles that answers quote, in order of id from `after` on, with the versions last compared with."""
    article = citations.c.article_id
    ids = list(connection.scalars(select(article).where(article > after).distinct().order_by(article).limit(limit)))
    versions: dict[str, set[str]] = {article_id: set() for article_id in ids}
    if ids:
        between = article.between(ids[0], ids[-1])
        for article_id, version in connection.execute(select(article, citations.c.compared).where(between).distinct()):
            versions[article_id].add(version)
    return versions


def outdated(connection: Connection, article_id: str, version: str) -> list[Quoted]:
    """Return what answers quote of an article and was not compared with this version yet, each stretch once."""
    columns = [citations.c[name] for name in Quoted.__slots__]
    query = select(*columns).where(citations.c.article_id == article_id, citations.c.compared != version)
    ordered = query.distinct().order_by(citations.c.article_version, citations.c.start, citations.c.end)
    return [Quoted(**row) for row in connection.execute(ordered).mappings()]


def mark(
    connection: Connection, quoted: Quoted, *, compared: str, changed: datetime | None, now: Span | None = None
) -> None:
    """Store how a stretch stands in the version that it was compared with. The time of an earlier change is kept."""
    same = [citations.c[name] == getattr(quoted, name) for name in ("article_id", "article_version", "start", "end")]
    places = {"now_start": now and now.start, "now_end": now and now.end}
    change = update(citations).where(*same)
    connection.execute(change.values(compared=compared, **places))
    if changed is None:
        connection.execute(change.values(changed=None))
    else:
        connection.execute(change.where(citations.c.changed.is_(None)).values(changed=changed))


def mark_answers(connection: Connection, article_id: str, now: datetime) -> None:
    """Mark the answers that quote this article as stale or not, by how their quotes stand."""
    quoting = select(citations.c.answer_id).where(citations.c.article_id == article_id)
    changed = exists().where(citations.c.answer_id == answers.c.id, citations.c.changed.is_not(None))
    theirs = update(answers).where(answers.c.id.in_(quoting))
    connection.execute(theirs.where(answers.c.stale_since.is_(None), changed).values(stale_since=now))
    connection.execute(theirs.where(answers.c.stale_since.is_not(None), ~changed).values(stale_since=None))


def changed_of(connection: Connection, answer_ids: Iterable[str]) -> dict[str, list[RowMapping]]:
    """Return the citations of these answers whose words have changed, by answer, in order of number."""
    query = select(citations).where(citations.c.answer_id.in_(list(answer_ids)), citations.c.changed.is_not(None))
    found: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query.order_by(citations.c.number)).mappings():
        found[row["answer_id"]].append(row)
    return found


def stale_answers(connection: Connection, *, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return the stale answers, most read first. Raises WrongUsage if `after` is not a `cursor` of this list."""
    query = select(answers).where(answers.c.stale_since.is_not(None))
    if after is not None:
        reads, _, last = after.partition("~")
        if not (reads.isascii() and reads.isdecimal() and len(reads) < 10):
            raise WrongUsage(f"{after[:80]!r} names no page. Use the `next_after` of the page before.")
        least = int(reads)
        query = query.where(or_(answers.c.reads < least, and_(answers.c.reads == least, answers.c.id < last)))
    latest = query.order_by(answers.c.reads.desc(), answers.c.id.desc()).limit(limit)
    return connection.execute(latest).mappings().all()


def not_sent(connection: Connection, *, limit: int) -> Sequence[RowMapping]:
    """Return the stale answers that the webhook was not told of since they are, in order of time."""
    due = or_(answers.c.stale_sent.is_(None), answers.c.stale_sent < answers.c.stale_since)
    query = select(answers.c.id, answers.c.stale_since, answers.c.reads).where(answers.c.stale_since.is_not(None), due)
    return connection.execute(query.order_by(answers.c.stale_since, answers.c.id).limit(limit)).mappings().all()


def note_sent(connection: Connection, answer_ids: Sequence[str], now: datetime) -> None:
    """Store that the webhook was told of these answers."""
    connection.execute(update(answers).where(answers.c.id.in_(answer_ids)).values(stale_sent=now))


def cursor(row: RowMapping) -> str:
    """Return the cursor of a row of `stale_answers`."""
    return f"{row['reads']}~{row['id']}"


def count_reads(connection: Connection, answer_ids: Sequence[str]) -> None:
    """Count that these answers were read once more."""
    read = update(answers).where(answers.c.id.in_(answer_ids))
    connection.execute(read.values(reads=answers.c.reads + 1))
