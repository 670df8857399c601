"""Makes the index equal to its sources, article by article.

A reader sees an article's old version or its new one, and the next run finishes a killed one. So the order of writing is:
stage in the catalogue, write Chroma and Tantivy, publish in one transaction of the catalogue, then sweep what is left over.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from index.errors import IndexingStopped, WrongUsage
from index.ingest.article_ids import Claim, claims_of, default_id, ids_for, longer_ids
from index.ingest.chunking import content_key
from index.ingest.pruning import NO_PRUNING, Pruning, articles_renamed, prunable
from index.ingest.run_control import OnProgress, Progress, RunControl
from index.ingest.sweeping import sweep
from index.ingest.withdrawing import closed_articles, file_of, withdrawn_articles
from index.ingest.writing import write
from index.records import EVERYTHING, Article
from index.sources.addresses import is_address
from index.sources.feeds import Listed
from index.sources.files import read_file
from index.sources.reading import count_articles, limits_from, politeness_from, read_articles, sources_from
from index.sources.source_types import (
    AnySource,
    Failed,
    Gone,
    Limits,
    Read,
    ReadResult,
    Skipped,
    Source,
    Withdrawn,
    unexpected,
)
from index.stores.catalog import Entry
from index.stores.publishing import Prepared
from index.stores.store import Index


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or article that was not indexed, or a warning about one that was."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The result of a run. `articles` and `passages` count what is in the index now."""

    added: int
    updated: int
    renamed: int
    unchanged: int
    deleted: int
    skipped: tuple[str, ...]
    failed: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    articles: int
    passages: int
    seconds: float


@dataclass(slots=True)
class _Tally:
    """The state of a run: what it has read and found so far."""

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
    unclear: dict[str, str] = field(default_factory=dict)  # file -> path, if it is unclear who may read its articles
    claims: dict[str, Claim] = field(default_factory=dict)
    ids_at: dict[str, list[str]] = field(default_factory=dict)  # path -> ids that it had before
    held: dict[str, set[str] | None] = field(default_factory=dict)  # file -> ids in it now, None: unknown


def sync(
    index: Index,
    paths: Iterable[Path | str | AnySource],
    *,
    pruning: Pruning = NO_PRUNING,
    dry_run: bool = False,
    on_progress: OnProgress | None = None,
    control: RunControl | None = None,
) -> SyncReport:
    """Make the index equal to these files, folders and addresses: add what is new, and update what changed.

    A bad file never stops the run: it is listed in `failed`, and its articles in the index stay. With `pruning`, articles
    that came from these same sources and no longer exist are deleted, up to its limit. Raises WrongUsage if a path does not
    exist, IndexMismatch if the index was made with another model or cutting, and IndexingStopped if `control` or Ctrl-C ends
    the run: its message says what was indexed by then.
    """
    if not 0 <= pruning.limit <= 1:
        raise WrongUsage("The prune limit is a share between 0% and 100%.")
    started = perf_counter()
    sources = sources_from(paths)
    control = control or RunControl()
    if not dry_run:
        with control.changing:
            index.prepare_for_writing()
            sweep(index)
    tally = _tally(index.catalog.entries(), sources)
    progress = Progress(count_articles(sources) if on_progress else 0, on_progress)
    try:
        _read_and_write(index, sources, tally, control=control, progress=progress, pruning=pruning, dry_run=dry_run)
    except (KeyboardInterrupt, IndexingStopped) as error:
        raise IndexingStopped(_stopped(progress.done)) from error
    withdrawn = withdrawn_articles(tally.known, tally.withdrawn, seen=tally.seen)
    renamed, deleted = _going(tally, sources, pruning, withdrawn=withdrawn)
    tally.failed.extend(_not_there(tally, deleted))
    closed = closed_articles(tally.known, tally.unclear, seen=tally.seen)
    tally.warnings.extend(Problem(tally.unclear[file_of(tally.known[one].path)], _closed(one)) for one in closed)
    if not dry_run:
        with control.changing:
            # Others may have deleted some of them meanwhile.
            there = index.catalog.readable([*renamed, *withdrawn, *deleted, *closed], EVERYTHING)
            gone = [*renamed, *withdrawn, *deleted]
            index.catalog.delete([article_id for article_id in gone if article_id in there])
            index.catalog.revoke_access([article_id for article_id in closed if article_id in there])
            sweep(index)
            index.catalog.set_fact("last_sync", datetime.now(UTC).isoformat(timespec="seconds"))
    return _report(index, tally, renamed=len(renamed), deleted=len(withdrawn) + len(deleted), started=started)


def _tally(known: dict[str, Entry], sources: Sequence[AnySource]) -> _Tally:
    ids_at: dict[str, list[str]] = {}
    for article_id, entry in known.items():
        ids_at.setdefault(entry.path, []).append(article_id)
    return _Tally(known, claims=claims_of(sources), ids_at=ids_at)


def _read_and_write(
    index: Index,
    sources: Sequence[AnySource],
    tally: _Tally,
    *,
    control: RunControl,
    progress: Progress,
    pruning: Pruning,
    dry_run: bool,
) -> None:
    limits, politeness = limits_from(index.settings), politeness_from(index.settings)
    known = _known_pages(tally) if pruning.enabled else {}
    readings = read_articles(sources, limits=limits, politeness=politeness, known=known, stopped=control.stopped)
    prepared = _prepared(index, readings, tally, control=control, progress=progress)
    if dry_run:
        deque(prepared, maxlen=0)  # reading fills the tally
        return
    failed: list[tuple[Article, Exception]] = []

    def on_failed(one: Prepared, error: Exception) -> None:
        failed.append((one.article, error))
        progress.finish()

    def on_stored(batch: Sequence[Prepared]) -> None:
        progress.finish(len(batch))

    write(index, prepared, control=control, on_stored=on_stored, on_failed=on_failed)
    for article, error in failed:
        _note_uncut(tally, article, error)


def _note_uncut(tally: _Tally, article: Article, error: Exception) -> None:
    """Record that an article could not be indexed after all."""
    if tally.added.pop(article.id, None) is None:
        tally.updated -= 1
    tally.failed.append(Problem(article.path, unexpected(error)))
    tally.failed_files.add(file_of(article.path))


def _stopped(done: int) -> str:
    return (
        f"Stopped. {done:,} articles and files were done by then, and what was indexed of them is kept. Run the same command "
        "again: it goes on from there."
    )


def combined(reports: Sequence[SyncReport]) -> SyncReport:
    """Return one report for several runs, one after the other."""
    first, *rest = reports
    for report in rest:
        first = replace(
            report,
            added=first.added + report.added,
            updated=first.updated + report.updated,
            renamed=first.renamed + report.renamed,
            unchanged=first.unchanged + report.unchanged,
            deleted=first.deleted + report.deleted,
            skipped=first.skipped + report.skipped,
            failed=first.failed + report.failed,
            warnings=first.warnings + report.warnings,
            seconds=round(first.seconds + report.seconds, 3),
        )
    return first


def delete(index: Index, article_ids: Sequence[str]) -> None:
    """Delete articles from the index. If one does not exist, deletes none and raises ArticleUnknown."""
    index.catalog.delete(list(dict.fromkeys(article_ids)))
    sweep(index)


def _report(index: Index, tally: _Tally, *, renamed: int, deleted: int, started: float) -> SyncReport:
    return SyncReport(
        added=len(tally.added) - renamed,
        updated=tally.updated,
        renamed=renamed,
        unchanged=tally.unchanged,
        deleted=deleted,
        skipped=tuple(tally.skipped),
        failed=tuple(tally.failed),
        warnings=tuple(tally.warnings),
        articles=index.catalog.count(EVERYTHING),
        passages=index.catalog.count_passages(),
        seconds=round(perf_counter() - started, 3),
    )


def _closed(article_id: str) -> str:
    return f"the article {article_id!r} was indexed before; nobody may read it until it is clear again who may."


def _going(
    tally: _Tally, sources: Sequence[AnySource], pruning: Pruning, *, withdrawn: Sequence[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the articles that were renamed, and those to delete. Sources over the limit are recorded as failed."""
    if not pruning.enabled:
        return [], ()
    gone = {one: entry for one, entry in _gone(tally, sources).items() if one not in withdrawn}
    renamed = articles_renamed(gone, tally.added.values())
    found = prunable(tally.known, gone.keys() - set(renamed), sources=sources, limit=pruning.limit)
    tally.failed.extend(Problem(source, why) for source, why in found.refused)
    return renamed, found.ids


def _known_pages(tally: _Tally) -> dict[str, list[Listed]]:
    """Return the pages that were fetched before, by the name of their source, with their metadata."""
    pages: dict[str, list[Listed]] = {}
    for entry in tally.known.values():
        if is_address(entry.path):
            listed = Listed(entry.path, entry.info.title, entry.info.published)
            pages.setdefault(entry.source, []).append(listed)
    return pages


def _not_there(tally: _Tally, deleted: Sequence[str]) -> list[Problem]:
    """Return a problem for each address that is gone, except for those whose articles were deleted because of it."""
    explained = {tally.known[article_id].path for article_id in deleted}
    return [Problem(path, error) for path, error in tally.gone.items() if path not in explained]


def _gone(tally: _Tally, sources: Sequence[AnySource]) -> dict[str, Entry]:
    """Return the articles that came from these sources and no longer exist.

    Articles of a file or folder that could not be read, or only in part, count as existing. A page is gone only if its
    address says so: feeds list only recent pages, so a page that is no longer listed may still exist.
    """
    names = {source.name for source in sources}
    return {
        article_id: entry
        for article_id, entry in tally.known.items()
        if entry.source in names
        and article_id not in tally.seen
        and (entry.path in tally.gone if is_address(entry.path) else _is_gone(tally, entry))
    }


def _is_gone(tally: _Tally, entry: Entry) -> bool:
    return tally.failed_files.isdisjoint([file_of(entry.path), *map(str, Path(entry.path).parents)])


def _prepared(
    index: Index, readings: Iterable[ReadResult], tally: _Tally, *, control: RunControl, progress: Progress
) -> Iterator[Prepared]:
    """Yield the articles that have to be written, in order of reading, and record the rest in the tally."""
    for reading in readings:
        control.check()
        progress.meet()
        if (prepared := _process(index, reading, tally)) is None:
            progress.finish()
        else:
            yield prepared


def _process(index: Index, reading: ReadResult, tally: _Tally) -> Prepared | None:
    match reading:
        case Skipped(path, reason):
            tally.skipped.append(path)
            if reason and all(reason != warning.error for warning in tally.warnings):
                tally.warnings.append(Problem(path, reason))  # once: a folder may hold thousands of a kind
        case Gone(path, error):
            tally.gone[path] = error
        case Withdrawn(path, _, article_id, reason):
            tally.skipped.append(path)
            tally.warnings.append(Problem(path, reason))
            tally.withdrawn[article_id] = path
        case Failed(path, file, error, access_unclear):
            tally.failed.append(Problem(path, error))
            tally.failed_files.add(file)
            if access_unclear:
                tally.unclear[file] = path
        case Read(article, source, warnings):
            tally.warnings.extend(Problem(article.path, warning) for warning in warnings)
            return _compared(index, article, source, tally)
    return None


def _compared(index: Index, article: Article, source: AnySource, tally: _Tally) -> Prepared | None:
    """Return the article if it has to be written, None if it is unchanged or collides with another."""
    ids_before = tally.ids_at.get(article.path, ())
    ids = ids_for(article, source, claims=tally.claims, before=ids_before)
    if any(tally.seen.get(one) == article.path for one in ids):
        return None  # it is in two sources: by itself and in its folder
    others = {one: _collision(index, one, article.path, tally) for one in ids}
    free = next((one for one in ids if others[one] is None), None)
    other = others.get(article.id)
    among_its_own = other is not None and isinstance(source, Source) and source.holds(other)
    if free is None or (among_its_own and free not in ids_before):
        _note_collision(article, other or next(filter(None, others.values())), tally)
        return None
    article = replace(article, info=replace(article.info, id=free))
    tally.seen[article.id] = article.path
    entry, key = tally.known.get(article.id), content_key(article)
    if entry == Entry(article.info, key, source.name, article.path):
        tally.unchanged += 1
        return None
    if entry is None:
        tally.added[article.id] = key
    elif entry.info == article.info:
        tally.unchanged += 1  # only its path changed
    else:
        tally.updated += 1
    return Prepared(article, key, source.name, None if entry and entry.key == key else ())


def _note_collision(article: Article, other: str, tally: _Tally) -> None:
    error = f"has the id {article.id!r}, which {other} has. Give one another id."
    tally.failed.append(Problem(article.path, error))
    tally.failed_files.add(file_of(article.path))
    if article.info.groups is not None:
        tally.unclear[file_of(article.path)] = (
            article.path
        )  # the articles of this file in the index may have other readers now


def _collision(index: Index, article_id: str, path: str, tally: _Tally) -> str | None:
    """Return the path of another article that still has this id, if there is one."""
    if article_id in tally.seen:
        return tally.seen[article_id]
    entry = tally.known.get(article_id)
    if entry is None or entry.path == path:
        return None
    if is_address(entry.path):
        return entry.path  # the id of a page is its address, so this article uses it on purpose or by mistake
    file = file_of(entry.path)
    if file == file_of(path):
        return None  # a line that moved in its file
    source = Source(Path(entry.source))
    if file not in tally.held:
        tally.held[file] = _ids_in(Path(file), source, limits_from(index.settings))
    held, plain = tally.held[file], default_id(entry.path, source)
    if plain and plain != article_id and article_id in longer_ids(plain, entry.path, source):
        article_id = plain  # its file states no id
    return entry.path if held is None or article_id in held else None


def _ids_in(file: Path, source: Source, limits: Limits) -> set[str] | None:
    readings = list(read_file(file, source, limits=limits)) if file.exists() else []
    if any(isinstance(reading, Failed) for reading in readings):
        return None
    return {reading.article.id for reading in readings if isinstance(reading, Read)}
