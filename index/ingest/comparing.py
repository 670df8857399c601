"""What each thing that was read from a source means for the index: an article to write, to leave as it is, or a problem.

Nothing is written here. A run keeps what it has found so far in a `Tally`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.errors import ArticleError
from index.ingest.article_ids import Claim, claims_of, default_id, ids_for, longer_ids
from index.ingest.chunking import content_key
from index.ingest.sync_report import Problem
from index.records import Article
from index.sources.addresses import is_address
from index.sources.entries import file_of
from index.sources.files import read_file
from index.sources.source_types import (
    AnySource,
    Failed,
    Gone,
    Limits,
    Noted,
    Read,
    ReadResult,
    Recognising,
    Skipped,
    Source,
    Unchanged,
    Withdrawn,
    has_owner,
    unexpected,
)
from index.sources.taking import Groups
from index.stores.catalog_reader import Entry
from index.stores.publishing import Prepared


@dataclass(slots=True)
class Tally:
    """What a run has read and found so far, and what it found in the index at its start (`known`)."""

    known: dict[str, Entry]
    seen: dict[str, str] = field(default_factory=dict)  # article id -> path
    added: dict[str, str] = field(default_factory=dict)  # article id -> content key
    updated: int = 0
    unchanged: int = 0
    skipped: list[str] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    failed_files: set[str] = field(default_factory=set)
    gone: dict[str, str] = field(default_factory=dict)  # address -> its error
    warnings: list[Problem] = field(default_factory=list)
    withdrawn: dict[str, str] = field(default_factory=dict)  # article id -> path
    unclear: set[str] = field(default_factory=set)  # files and paths, if it is unclear who may read what they held
    readers: dict[str, Groups] = field(default_factory=dict)  # file that failed -> to whom its place restricts it
    claims: dict[str, Claim] = field(default_factory=dict)
    ids_at: dict[str, list[str]] = field(default_factory=dict)  # path -> ids that it had before
    held: dict[str, set[str] | None] = field(default_factory=dict)  # file -> ids in it now, None: unknown


def tally_of(known: dict[str, Entry], sources: Sequence[AnySource]) -> Tally:
    ids_at: dict[str, list[str]] = {}
    for article_id, entry in known.items():
        ids_at.setdefault(entry.path, []).append(article_id)
    return Tally(known, claims=claims_of(sources), ids_at=ids_at)


def note_unwritten(tally: Tally, article: Article, error: Exception) -> None:
    """Record that an article could not be indexed after all."""
    if tally.added.pop(article.id, None) is None:
        tally.updated -= 1
    why = str(error) if isinstance(error, ArticleError) else unexpected(error)
    tally.failed.append(Problem(article.path, why))
    tally.failed_files.add(file_of(article.path))


def compare(reading: ReadResult, tally: Tally, limits: Limits) -> Prepared | None:
    """Return the article that was read if it has to be written, and record everything else in the tally."""
    match reading:
        case Skipped(path, reason):
            tally.skipped.append(path)
            if reason and all(reason != warning.error for warning in tally.warnings):
                tally.warnings.append(Problem(path, reason))  # once: a folder may hold thousands of a kind
        case Recognising():
            pass  # its text is not known yet
        case Noted(path, warning):
            tally.warnings.append(Problem(path, warning))
        case Unchanged(path):
            _note_unchanged(path, tally)
        case Gone(path, error):
            tally.gone[path] = error
        case Withdrawn(path, _, article_id, reason):
            tally.skipped.append(path)
            tally.warnings.append(Problem(path, reason))
            tally.withdrawn[article_id] = path
        case Failed(path, file, error, access_unclear, readers):
            tally.failed.append(Problem(path, error))
            tally.failed_files.add(file)
            if access_unclear:
                tally.unclear.add(file)
            if readers is not None:
                tally.readers[file] = readers
        case Read(article, source, warnings):
            tally.warnings.extend(Problem(article.path, warning) for warning in warnings)
            return _compared(article, source, tally, limits)
    return None


def _note_unchanged(path: str, tally: Tally) -> None:
    for article_id in tally.ids_at.get(path, ()):
        if article_id in tally.seen:  # another file of the source has its id now
            what = f"has the id {article_id!r}, which {tally.seen[article_id]} has. Give one another id."
            tally.failed.append(Problem(path, what))
        else:
            tally.seen[article_id] = path
            tally.unchanged += 1


def _compared(article: Article, source: AnySource, tally: Tally, limits: Limits) -> Prepared | None:
    """Return the article if it has to be written, None if it is unchanged, another source's, or collides with another."""
    ids_before = tally.ids_at.get(article.path, ())
    sources_before = (tally.known[one].source for one in ids_before)
    if owner := next((one for one in sources_before if has_owner(one) and one != source.name), None):
        what = f"belongs to the source {owner!r}, which reads it too, and stays as it is there. Leave it out of one of them."
        tally.warnings.append(Problem(article.path, what))
        return None
    ids = ids_for(article, source, claims=tally.claims, before=ids_before)
    if any(tally.seen.get(one) == article.path for one in ids):
        return None  # it is in two sources: by itself and in its folder
    others = {one: _collision(one, article.path, source.name, tally, limits) for one in ids}
    free = next((one for one in ids if others[one] is None), None)
    other = others.get(article.id)
    among_its_own = other is not None and isinstance(source, Source) and source.holds(other)
    if free is None or (among_its_own and free not in ids_before):
        _note_collision(article, other or next(filter(None, others.values())), tally)
        return None
    article = replace(article, info=replace(article.info, id=free))
    tally.seen[article.id] = article.path
    if article.info.groups is not None:
        tally.unclear.add(article.path)  # what it held under another id may be open to more people
    entry, key = tally.known.get(article.id), content_key(article)
    if entry == Entry(article.info, key, source.name, article.path, article.token):
        tally.unchanged += 1
        return None
    if entry is None:
        tally.added[article.id] = key
    elif entry.info == article.info:
        tally.unchanged += 1  # only its path changed
    else:
        tally.updated += 1
    return Prepared(article, key, source.name, None if entry and entry.key == key else ())


def _note_collision(article: Article, other: str, tally: Tally) -> None:
    error = f"has the id {article.id!r}, which {other} has. Give one another id."
    tally.failed.append(Problem(article.path, error))
    tally.failed_files.add(file_of(article.path))
    if article.info.groups is not None:
        # The articles of this file in the index may have other readers now.
        tally.unclear.add(file_of(article.path))


def _collision(article_id: str, path: str, source_name: str, tally: Tally, limits: Limits) -> str | None:
    """Return the path of another article that still has this id, if there is one."""
    if article_id in tally.seen:
        return tally.seen[article_id]
    entry = tally.known.get(article_id)
    if entry is None or entry.path == path:
        return None
    if is_address(entry.path):
        return entry.path  # the id of a page is its address, so this article uses it on purpose or by mistake
    if has_owner(entry.source):
        return None if entry.source == source_name else entry.path  # in its own source, it may have moved
    file = file_of(entry.path)
    if file == file_of(path):
        return None  # a line that moved in its file
    source = Source(Path(entry.source))
    if file not in tally.held:
        tally.held[file] = _ids_in(Path(file), source, limits)
    held, plain = tally.held[file], default_id(entry.path, source)
    if plain and plain != article_id and article_id in longer_ids(plain, entry.path, source):
        article_id = plain  # its file states no id
    return entry.path if held is None or article_id in held else None


def _ids_in(file: Path, source: Source, limits: Limits) -> set[str] | None:
    readings = list(read_file(file, source, limits=limits)) if file.exists() else []
    if any(isinstance(reading, Failed) for reading in readings):
        return None
    return {reading.article.id for reading in readings if isinstance(reading, Read)}
