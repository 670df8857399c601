"""Reads all articles of the given sources, in order: files, folders, addresses, lists of addresses."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from index.errors import ArticleError, ClusterUnavailable, IndexingStopped, WrongUsage
from index.settings import IndexSettings
from index.sources.addresses import clean_address, is_address
from index.sources.feeds import Listed
from index.sources.fetching import Fetcher, Politeness, fetching
from index.sources.files import LINES_ENDING, ReadEach, files_in, read_each, read_files
from index.sources.lines import count_lines
from index.sources.named import as_named
from index.sources.originals import ORIGINALS_FOLDER
from index.sources.places import RemotePlace
from index.sources.plain import decode
from index.sources.remote import read_remote
from index.sources.source_types import (
    AnySource,
    Failed,
    Limits,
    NamedSource,
    ReadResult,
    ScanLimits,
    Source,
    WebSource,
    printable,
    unexpected,
)
from index.sources.taking import TAKES_ALL
from index.sources.web import read_address

LIST_ENDING = ".urls"
SCANS_FILE = "scans.sqlite"
"""File in the data folder that holds the text of pages that were recognised."""


def sources_from(named: Iterable[Path | str | AnySource]) -> list[AnySource]:
    """Return the sources to read: files, folders and addresses.

    What is a source already stays as it is. A `.urls` file stands for the addresses in it, one a line, as if each had been
    named. Raises WrongUsage when a path does not exist, so that a typing error never looks like an emptied folder, or when
    an address cannot be one.
    """
    sources = [source for name in named for source in _sources(name)]
    return list(dict.fromkeys(sources))


def read_articles(
    sources: Iterable[AnySource],
    *,
    limits: Limits,
    politeness: Politeness | None = None,
    known: Mapping[str, Sequence[Listed]] | None = None,
    tokens: Mapping[str, Mapping[str, str]] | None = None,
    stopped: Event | None = None,
    read: ReadEach = read_each,
) -> Iterator[ReadResult]:
    """Read every article of the sources, in order of source and path. Addresses are fetched politely, one at a time.

    `known` are the pages that came from a source before, by its name; those are asked for again (`read_address`).
    `tokens` are those of the files that came from a source before, by its name and their paths. A file that still has its
    token is not read again. `read` reads the files of folders.
    Nothing more is fetched once `stopped` is set: then IndexingStopped is raised.
    """
    visited: set[str] = set()
    with ExitStack() as stack:
        fetcher: Fetcher | None = None
        for source in sources:
            place, taking = (source.place, source.taking) if isinstance(source, NamedSource) else (source, TAKES_ALL)
            readings: Iterator[ReadResult]
            match place:
                case Source(root) if not os.path.lexists(root):
                    readings = iter([Failed(place.name, place.name, "does not exist. Correct its place.")])
                case Source():
                    readings = read_files(place, limits=limits, taking=taking, read=read)
                case WebSource():
                    fetcher = fetcher or stack.enter_context(fetching(politeness or Politeness(), stopped))
                    before = (known or {}).get(source.name, ())
                    readings = read_address(place, fetcher, limits=limits, known=before, visited=visited, taking=taking)
                case _:
                    assert isinstance(source, NamedSource)
                    readings = read_remote(source, place, limits=limits, tokens=(tokens or {}).get(source.name, {}))
            named = as_named(readings, source) if isinstance(source, NamedSource) else readings
            yield from _guarded(named, source)


def _guarded(readings: Iterable[ReadResult], source: AnySource) -> Iterator[ReadResult]:
    """Yield the readings of a source. Whatever else it raises fails the source, and the next ones are read."""
    try:
        yield from readings
    except (ClusterUnavailable, IndexingStopped, WrongUsage):
        raise
    except Exception as error:  # noqa: BLE001 - no source ends a run
        yield Failed(source.name, source.name, f"was not read to the end: it {unexpected(error)}")


def count_articles(sources: Iterable[AnySource]) -> int:
    """Count the files under the sources and the lines of `.jsonl` files, for a progress bar.

    How many pages an address has is known only after fetching it.
    """
    places = [source.place if isinstance(source, NamedSource) else source for source in sources]
    return sum(_count_in(place.root) if isinstance(place, Source) else 1 for place in places)


def _count_in(root: Path) -> int:
    return sum(count_lines(file) if file.suffix.lower() == LINES_ENDING else 1 for file in files_in(root, []))


def limits_from(settings: IndexSettings) -> Limits:
    """Return the limits for reading files from the settings."""
    return Limits(
        text_bytes=settings.max_article_bytes,
        file_bytes=settings.max_file_bytes,
        pdf_pages=settings.max_pdf_pages,
        file_seconds=settings.max_file_seconds,
        memory_bytes=settings.max_file_memory_bytes,
        follow_links=settings.follow_links,
        source_seconds=settings.source_seconds,
        source_bytes=settings.source_max_bytes,
        scans=ScanLimits(
            pages=settings.ocr_pages,
            seconds=settings.ocr_seconds,
            pixels=settings.ocr_pixels,
            remembered=settings.remembered_scan_pages,
            cache=settings.data_dir.absolute() / SCANS_FILE,
        ),
        originals=settings.data_dir.absolute() / ORIGINALS_FOLDER if settings.keep_originals else None,
    )


def politeness_from(settings: IndexSettings) -> Politeness:
    """Return how pages are fetched from the settings."""
    return Politeness(
        private=settings.fetch_private,
        timeout_seconds=settings.fetch_timeout_seconds,
        max_bytes=settings.fetch_max_bytes,
        max_pages=settings.fetch_max_pages,
        pause_seconds=settings.fetch_pause_seconds,
        user_agent=settings.fetch_user_agent,
    )


def _sources(named: Path | str | AnySource) -> Iterator[AnySource]:
    if isinstance(named, (Source, WebSource, RemotePlace, NamedSource)):
        yield named
        return
    if isinstance(named, str) and is_address(named):
        yield _web_source(named, named)
        return
    if isinstance(named, str) and "://" in named:
        raise WrongUsage(f"{named[:200]!r} is not a web address: only http and https addresses are fetched.")
    path = Path(named)
    # A folder is the same source through any link. A file keeps its name, as its id is made from it.
    root = path.resolve() if path.is_dir() else Path(os.path.abspath(path))
    if not os.path.exists(root):
        raise WrongUsage(f"{printable(root)} does not exist. Name a file or folder that does.")
    if root.suffix.lower() == LIST_ENDING and root.is_file():
        yield from _listed_in(root)
    else:
        yield Source(root)


def _listed_in(file: Path) -> Iterator[WebSource]:
    try:
        lines = decode(file.read_bytes())[0].split("\n")
    except (ArticleError, OSError) as error:
        raise WrongUsage(f"{printable(file)} cannot be read: {error}") from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield _web_source(line.strip(), f"{printable(file)}, line {number}")


def _web_source(address: str, where: str) -> WebSource:
    try:
        return WebSource(clean_address(address))
    except ArticleError as error:
        raise WrongUsage(f"{where}: {error}") from None
