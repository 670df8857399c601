"""Makes the index equal to its sources, article by article.

Order of writing, so that a reader sees an article's old version or its new one and a killed run is finished by the next:
stage in the catalogue, write Chroma and Tantivy, publish in one transaction of the catalogue, then sweep what is left over.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from index.catalog import Entry, Prepared
from index.chunking import Cut, content_key, cut_passages, passage_id
from index.errors import WrongUsage
from index.lexical import LexicalEntry
from index.records import EVERYTHING, Article
from index.segmentation import display_text
from index.sources.addresses import is_address
from index.sources.feeds import Listed
from index.sources.files import read_file
from index.sources.reading import count_files, limits_from, politeness_from, read_articles, sources_from
from index.sources.records import Failed, Gone, Limits, Named, Read, Reading, Skipped, Source
from index.store import Index

OnProgress = Callable[[int, int], None]
"""Called with the number of files read so far and the number of all files."""

# Enough passages to fill the model's batches and to make one commit cheap; few enough that a killed run loses seconds.
_PASSAGES_AT_ONCE = 512
_ARTICLES_AT_ONCE = 500
_LINE_NUMBER = re.compile(r"(?<=\.jsonl)#\d+\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or article that did not go in, or something odd about one that did."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Pruning:
    """Whether articles that are gone from their source are deleted, and which share of the source's may go at once."""

    wanted: bool = False
    limit: float = 0.2


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run did. `articles` and `passages` count what is in the index now."""

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
    """What a run has met so far. Lives no longer than the run."""

    known: dict[str, Entry]
    seen: dict[str, str] = field(default_factory=dict)  # article id -> path
    added: dict[str, str] = field(default_factory=dict)  # article id -> content key
    updated: int = 0
    unchanged: int = 0
    skipped: list[str] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    failed_files: set[str] = field(default_factory=set)
    gone: dict[str, str] = field(default_factory=dict)  # address -> what it answered
    warnings: list[Problem] = field(default_factory=list)
    held: dict[str, set[str] | None] = field(default_factory=dict)  # file -> ids in it now, None: it cannot be told


def sync(
    index: Index,
    paths: Iterable[Path | str],
    *,
    pruning: Pruning = Pruning(),
    dry_run: bool = False,
    on_progress: OnProgress | None = None,
) -> SyncReport:
    """Make the index equal to these files, folders and addresses: add what is new, update what changed, leave the rest alone.

    One bad file never stops the run: it is listed in `failed`, and what was indexed of it before stays. With `pruning`,
    articles that came from these same sources and are gone now are deleted, up to its limit.
    Raises WrongUsage when a path does not exist, IndexMismatch when the index was made with another model or cutting.
    """
    if not 0 <= pruning.limit <= 1:
        raise WrongUsage("The prune limit is a share between 0% and 100%.")
    started = perf_counter()
    sources = sources_from(paths)
    if not dry_run:
        index.claim()
        sweep(index)
    tally = _Tally(index.catalog.entries())
    readings = read_articles(
        sources,
        limits=limits_from(index.settings),
        politeness=politeness_from(index.settings),
        known=_known_pages(tally) if pruning.wanted else {},
    )
    total = count_files(sources) if on_progress else 0
    for batch in _batches(_prepared(index, _watched(readings, total, on_progress), tally)):
        if not dry_run:
            _write(index, batch)
    gone = _gone(tally, sources)
    renamed = _renamed(tally, gone) if pruning.wanted else []
    deleted = _prunable(tally, sources, gone, renamed, pruning)
    tally.failed.extend(_not_there(tally, deleted))
    if not dry_run:
        index.catalog.delete([*renamed, *deleted])
        sweep(index)
        index.catalog.remember("last_sync", datetime.now(UTC).isoformat(timespec="seconds"))
    return SyncReport(
        added=len(tally.added) - len(renamed),
        updated=tally.updated,
        renamed=len(renamed),
        unchanged=tally.unchanged,
        deleted=len(deleted),
        skipped=tuple(tally.skipped),
        failed=tuple(tally.failed),
        warnings=tuple(tally.warnings),
        articles=index.catalog.count(EVERYTHING),
        passages=index.catalog.count_passages(),
        seconds=round(perf_counter() - started, 3),
    )


def delete(index: Index, article_ids: Sequence[str]) -> None:
    """Delete articles from the index. Raises ArticleUnknown, and deletes none, if one is not there."""
    index.catalog.delete(list(dict.fromkeys(article_ids)))
    sweep(index)


def sweep(index: Index) -> None:
    """Remove from Chroma and Tantivy what no article uses: the old versions, and what a killed run left behind."""
    keep = timedelta(days=index.settings.keep_versions_days)
    leftovers = index.catalog.leftovers()
    if leftovers:
        index.vectors.delete(index.catalog.passage_ids_of(leftovers))
        index.words.delete(leftovers)
    index.catalog.forget(leftovers, older_than=keep)


def _watched(readings: Iterable[Reading], total: int, on_progress: OnProgress | None) -> Iterator[Reading]:
    files: dict[str, None] = {}
    for reading in readings:
        if on_progress:
            path = reading.article.path if isinstance(reading, Read) else reading.path
            files[_file_of(path)] = None
            on_progress(min(len(files), total), total)
        yield reading


def _prepared(index: Index, readings: Iterable[Reading], tally: _Tally) -> Iterator[Prepared]:
    """Yield what has to be written, in order of reading, and note the rest in the tally."""
    for reading in readings:
        match reading:
            case Skipped(path, reason):
                tally.skipped.append(path)
                if reason and all(reason != warning.error for warning in tally.warnings):
                    tally.warnings.append(Problem(path, reason))  # once: a folder may hold thousands of a kind
            case Gone(path, error):
                tally.gone[path] = error
            case Failed(path, file, error):
                tally.failed.append(Problem(path, error))
                tally.failed_files.add(file)
            case Read(article, source, warnings):
                tally.warnings.extend(Problem(article.path, warning) for warning in warnings)
                if (prepared := _compared(index, article, source, tally)) is not None:
                    yield prepared


def _compared(index: Index, article: Article, source: Named, tally: _Tally) -> Prepared | None:
    """Return the article if it has to be written, None if it is as it was or collides with another."""
    if tally.seen.get(article.id) == article.path:
        return None  # it was named twice: by itself and with its folder
    if other := _collision(index, article, tally):
        tally.failed.append(
            Problem(article.path, f"has the id {article.id!r}, which {other} has. Give one another id.")
        )
        tally.failed_files.add(_file_of(article.path))
        return None
    tally.seen[article.id] = article.path
    entry, key = tally.known.get(article.id), content_key(article)
    if entry == Entry(article.info, key, source.name, article.path):
        tally.unchanged += 1
        return None
    if entry is None:
        tally.added[article.id] = key
    elif entry.info == article.info:
        tally.unchanged += 1  # only its place changed
    else:
        tally.updated += 1
    return Prepared(article, key, source.name, None if entry and entry.key == key else ())


def _collision(index: Index, article: Article, tally: _Tally) -> str | None:
    """Return the path of another article with the same id, if there is one that still has it."""
    if article.id in tally.seen:
        return tally.seen[article.id]
    entry = tally.known.get(article.id)
    if entry is None or entry.path == article.path:
        return None
    if is_address(entry.path):
        return entry.path  # an address has its own name, so this article took it on purpose or by mistake
    file = _file_of(entry.path)
    if file == _file_of(article.path):
        return None  # a line that moved within its file
    if file not in tally.held:
        tally.held[file] = _ids_in(Path(file), Source(Path(entry.source)), limits_from(index.settings))
    held = tally.held[file]
    return entry.path if held is None or article.id in held else None


def _ids_in(file: Path, source: Source, limits: Limits) -> set[str] | None:
    readings = list(read_file(file, source, limits=limits)) if file.exists() else []
    if any(isinstance(reading, Failed) for reading in readings):
        return None
    return {reading.article.id for reading in readings if isinstance(reading, Read)}


def _file_of(path: str) -> str:
    """Return the file that an article's path names, without the number of a line in it."""
    return _LINE_NUMBER.sub("", path)


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    characters = 0
    for one in prepared:
        batch.append(one)
        characters += len(one.article.text) if one.cuts is not None else 0
        # About 800 characters make a passage of 200 tokens; how many it really are is known only after cutting.
        if len(batch) >= _ARTICLES_AT_ONCE or characters >= 800 * _PASSAGES_AT_ONCE:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _write(index: Index, batch: Sequence[Prepared]) -> None:
    there = index.catalog.contents_known(prepared.key for prepared in batch)
    batch = [replace(prepared, cuts=_cuts(index, prepared, there)) for prepared in batch]
    new = list({prepared.key: prepared for prepared in batch if prepared.cuts is not None}.values())
    index.catalog.stage(new)
    if new:
        _write_passages(index, new)
    index.catalog.publish(batch)


def _cuts(index: Index, prepared: Prepared, there: set[str]) -> tuple[Cut, ...] | None:
    if prepared.key in there:
        return None
    info = prepared.article.info
    limit = index.embedder.passage_tokens(index.settings.passage_tokens)
    spans = index.embedder.token_spans
    return tuple(cut_passages(prepared.article.text, info.format, token_spans=spans, max_tokens=limit))


def _write_passages(index: Index, new: Sequence[Prepared]) -> None:
    ids, embedded, entries = [], [], []
    for prepared in new:
        info, text = prepared.article.info, prepared.article.text
        title = index.embedder.shortened_title(info.title)
        for cut in prepared.cuts or ():
            words = display_text(text[cut.start : cut.end], info.format)
            ids.append(passage_id(prepared.key, cut.ordinal))
            embedded.append(f"{title}\n{words}")
            body = "\n".join(filter(None, [info.title, info.publisher, words]))
            entries.append(LexicalEntry(ids[-1], prepared.key, body))
    index.vectors.add(ids, index.embedder.embed_passages(embedded))
    # Contents that went out of use earlier in this run are still in there: their words must not count twice.
    index.words.add(entries, replacing=[prepared.key for prepared in new])


def _known_pages(tally: _Tally) -> dict[str, list[Listed]]:
    """Return the pages that were fetched before, by the name of their source, with what was known of them."""
    pages: dict[str, list[Listed]] = {}
    for entry in tally.known.values():
        if is_address(entry.path):
            listed = Listed(entry.path, entry.info.title, entry.info.published)
            pages.setdefault(entry.source, []).append(listed)
    return pages


def _not_there(tally: _Tally, deleted: Sequence[str]) -> list[Problem]:
    """Return the addresses that answered that there is nothing, but for those whose articles were deleted for it."""
    explained = {tally.known[article_id].path for article_id in deleted}
    return [Problem(path, error) for path, error in tally.gone.items() if path not in explained]


def _gone(tally: _Tally, sources: Sequence[Named]) -> list[str]:
    """Return the articles that came from these sources and are not there any more, as far as anyone can tell.

    What came from a file or folder that could not be read, or only in part, counts as there. A page is gone when its
    address says so: feeds roll over, so what they list no longer is none the less there.
    """
    names = {source.name for source in sources}
    return [
        article_id
        for article_id, entry in tally.known.items()
        if entry.source in names
        and article_id not in tally.seen
        and (entry.path in tally.gone if is_address(entry.path) else _is_gone(tally, entry))
    ]


def _is_gone(tally: _Tally, entry: Entry) -> bool:
    return tally.failed_files.isdisjoint([_file_of(entry.path), *map(str, Path(entry.path).parents)])


def _renamed(tally: _Tally, gone: Sequence[str]) -> list[str]:
    """Return those of the articles gone whose content came in under a new id, one for each new id."""
    added = Counter(tally.added.values())
    renamed = []
    for article_id in gone:
        key = tally.known[article_id].key
        if added[key]:
            added[key] -= 1
            renamed.append(article_id)
    return renamed


def _prunable(
    tally: _Tally, sources: Sequence[Named], gone: Sequence[str], renamed: Sequence[str], pruning: Pruning
) -> list[str]:
    """Return the articles to delete. A source that would lose more than the limit keeps them, and is reported."""
    if not pruning.wanted:
        return []
    deleted: list[str] = []
    for source in sources:
        before = [article_id for article_id, entry in tally.known.items() if entry.source == source.name]
        going = [i for i in gone if tally.known[i].source == source.name and i not in set(renamed)]
        if len(going) > pruning.limit * len(before) + 1e-9:  # 0.29 * 100 is a little less than 29
            tally.failed.append(Problem(source.name, _refusal(going, len(before), pruning.limit)))
        else:
            deleted.extend(going)
    return deleted


def _refusal(going: Sequence[str], before: int, limit: float) -> str:
    names = ", ".join(going[:10]) + (f" and {len(going) - 10} more" if len(going) > 10 else "")
    percent = -(-100 * len(going) // before)
    return (
        f"{len(going)} of its {before} articles are gone ({percent}%), over the limit of {limit:.0%}; none was deleted: "
        f"{names}. If that is right, run again with --prune-limit {percent}%."
    )
