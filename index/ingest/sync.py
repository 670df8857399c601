"""Makes the index equal to its sources, article by article.

A reader sees an article's old version or its new one, and the next run finishes a killed one. So the order of writing is:
stage in the catalogue, write Chroma and Tantivy, publish in one transaction of the catalogue, then sweep what is left over.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from index.errors import IndexingStopped, WrongUsage
from index.ingest.comparing import Tally, compare, note_unwritten, tally_of
from index.ingest.pruning import NO_PRUNING, Pruning, articles_renamed, prunable
from index.ingest.run_control import OnProgress, Progress, RunControl
from index.ingest.sweeping import sweep
from index.ingest.sync_report import Problem, SyncReport
from index.ingest.withdrawing import restricted_articles, withdrawn_articles
from index.ingest.workers import Workers, workers_for
from index.ingest.writing import write
from index.records import EVERYTHING, Article
from index.sources.addresses import is_address, path_of
from index.sources.entries import file_of
from index.sources.feeds import Listed
from index.sources.originals import ORIGINALS_FOLDER, sweep_originals
from index.sources.reading import count_articles, limits_from, politeness_from, read_articles, sources_from
from index.sources.source_types import AnySource, Limits, NamedSource, ReadResult, Recognising
from index.stores.catalog_reader import Entry
from index.stores.publishing import Prepared
from index.stores.store import Index


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
    tally = tally_of(index.catalog.entries(), sources)
    progress = Progress(count_articles(sources) if on_progress else 0, on_progress)
    known = _known_pages(tally) if pruning.enabled else {}
    try:
        with workers_for(index, control) as workers:
            readings = read_articles(
                sources,
                limits=limits_from(index.settings),
                politeness=politeness_from(index.settings),
                known=known,
                tokens=_known_tokens(tally),
                stopped=control.stopped,
                read=workers.read,
            )
            _write(index, readings, tally, workers, control=control, progress=progress, dry_run=dry_run)
    except (KeyboardInterrupt, IndexingStopped) as error:
        raise IndexingStopped(_stopped(progress.done)) from error
    withdrawn = withdrawn_articles(tally.known, tally.withdrawn, seen=tally.seen)
    renamed, deleted = _going(tally, sources, pruning, withdrawn=withdrawn)
    tally.failed.extend(_not_there(tally, deleted))
    gone = [*renamed, *withdrawn, *deleted]
    restricted = restricted_articles(tally, sources, going=set(gone))
    tally.warnings.extend(Problem(tally.known[one].path, _restricted(one, who)) for one, who in restricted.items())
    if not dry_run:
        with control.changing:
            # Others may have deleted some of them meanwhile.
            there = index.catalog.readable([*gone, *restricted], EVERYTHING)
            index.catalog.restrict({one: who for one, who in restricted.items() if one in there})
            delete(index, [article_id for article_id in gone if article_id in there])
            index.catalog.set_fact("last_sync", datetime.now(UTC).isoformat(timespec="seconds"))
    return _report(index, tally, renamed=len(renamed), deleted=len(withdrawn) + len(deleted), started=started)


def _write(
    index: Index,
    readings: Iterable[ReadResult],
    tally: Tally,
    workers: Workers,
    *,
    control: RunControl,
    progress: Progress,
    dry_run: bool,
) -> None:
    prepared = _prepared(readings, tally, limits_from(index.settings), control=control, progress=progress)
    if dry_run:
        deque(prepared, maxlen=0)  # reading fills the tally
        return
    failed: list[tuple[Article, Exception]] = []

    def on_failed(one: Prepared, error: Exception) -> None:
        failed.append((one.article, error))
        progress.finish()

    def on_stored(batch: Sequence[Prepared]) -> None:
        progress.finish(len(batch))

    write(index, prepared, workers=workers, control=control, on_stored=on_stored, on_failed=on_failed)
    for article, error in failed:
        note_unwritten(tally, article, error)


def _stopped(done: int) -> str:
    return (
        f"Stopped. {done:,} articles and files were done by then, and what was indexed of them is kept. Run the same command "
        "again: it goes on from there."
    )


def delete(index: Index, article_ids: Sequence[str]) -> None:
    """Delete articles from the index, with their files. If one does not exist, deletes none and raises ArticleUnknown."""
    before = index.catalog.originals()
    index.catalog.delete(list(dict.fromkeys(article_ids)))
    sweep(index)
    used = index.catalog.originals()
    sweep_originals(index.settings.data_dir / ORIGINALS_FOLDER, used, gone=before - used)


def _report(index: Index, tally: Tally, *, renamed: int, deleted: int, started: float) -> SyncReport:
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


def _restricted(article_id: str, readers: frozenset[str]) -> str:
    before = f"the article {article_id!r} was indexed before"
    if not readers:
        return f"{before}; nobody may read it until it is clear again who may."
    return f"{before}, for more readers; until it is read again, only {', '.join(sorted(readers))} may read it."


def _going(
    tally: Tally, sources: Sequence[AnySource], pruning: Pruning, *, withdrawn: Sequence[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the articles that were renamed, and those to delete. Sources over the limit are recorded as failed."""
    if not pruning.enabled:
        return [], ()
    gone = {one: entry for one, entry in _gone(tally, sources).items() if one not in withdrawn}
    renamed = articles_renamed(gone, tally.added.values())
    found = prunable(tally.known, gone.keys() - set(renamed), sources=sources, limit=pruning.limit)
    tally.failed.extend(Problem(source, why) for source, why in found.refused)
    return renamed, found.ids


def _known_pages(tally: Tally) -> dict[str, list[Listed]]:
    """Return the pages that were fetched before, by the name of their source, with their metadata."""
    pages: dict[str, list[Listed]] = {}
    for entry in tally.known.values():
        if is_address(entry.path):
            listed = Listed(entry.path, entry.info.title, entry.info.published)
            pages.setdefault(entry.source, []).append(listed)
    return pages


def _known_tokens(tally: Tally) -> dict[str, dict[str, str]]:
    """Return the tokens of the files that were read before, by the name of their source and their path."""
    tokens: dict[str, dict[str, str]] = {}
    for entry in tally.known.values():
        if entry.token:
            tokens.setdefault(entry.source, {})[entry.path] = entry.token
    return tokens


def _not_there(tally: Tally, deleted: Sequence[str]) -> list[Problem]:
    """Return a problem for each address that is gone, except for those whose articles were deleted because of it."""
    explained = {tally.known[article_id].path for article_id in deleted}
    return [Problem(path, error) for path, error in tally.gone.items() if path not in explained]


def _gone(tally: Tally, sources: Sequence[AnySource]) -> dict[str, Entry]:
    """Return the articles that came from these sources and no longer exist.

    Articles of a file or folder that could not be read, or only in part, count as existing. A page is gone only if its
    address says so: feeds list only recent pages, so a page that is no longer listed may still exist.
    """
    named = {source.name: source for source in sources}
    return {
        article_id: entry
        for article_id, entry in tally.known.items()
        if entry.source in named and article_id not in tally.seen and _is_gone(tally, entry, named[entry.source])
    }


def _is_gone(tally: Tally, entry: Entry, source: AnySource) -> bool:
    if is_address(entry.path):
        left_out = isinstance(source, NamedSource) and not source.taking.takes(path_of(entry.path))
        return left_out or entry.path in tally.gone
    return tally.failed_files.isdisjoint([entry.source, file_of(entry.path), *map(str, Path(entry.path).parents)])


def _prepared(
    readings: Iterable[ReadResult], tally: Tally, limits: Limits, *, control: RunControl, progress: Progress
) -> Iterator[Prepared]:
    """Yield the articles that have to be written, in order of reading, and record the rest in the tally."""
    for reading in readings:
        control.check()
        if isinstance(reading, Recognising):
            # A page takes longer than most articles, so it counts as one.
            progress.expect(reading.pages if reading.number == 1 else 0)
            progress.finish()
            continue
        progress.meet()
        if (prepared := compare(reading, tally, limits)) is None:
            progress.finish()
        else:
            yield prepared
