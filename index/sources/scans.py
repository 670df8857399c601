"""Recognises the text of the pages of a file that are pictures: page by page, each within limits, and none twice."""

import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

from pydantic import TypeAdapter

from index.disk_cache import DiskCache
from index.errors import ArticleError
from index.sources.apart import apart
from index.sources.ocr import POOR, mean_of_lines, recognised_lines, recogniser
from index.sources.pdf_layout import Line
from index.sources.pdf_text import listed
from index.sources.pictures import picture_of
from index.sources.source_types import Limits, Recognising, ScanLimits

_LINES = TypeAdapter(list[Line])
# More than any page takes: its limit is then that of a large file.
_ANY_SIZE = 10**12


@dataclass(frozen=True, slots=True)
class Scan:
    """What was recognised of a file: the lines of each page that was read, from 0, and what is to be said of the others."""

    pages: dict[int, list[Line]]
    warnings: tuple[str, ...] = ()


def recognise(
    raw: bytes, ending: str, pages: Sequence[int], *, path: str, limits: Limits
) -> Generator[Recognising, None, Scan]:
    """Recognise the text of these pages. A page that cannot be read is left out, with a warning."""
    chosen = pages[: limits.scans.pages]
    found: dict[int, list[Line]] = {}
    faults: dict[int, str] = {}
    deadline = monotonic() + limits.scans.seconds
    with closing(_Remembered(raw, ending, limits)) as remembered:
        for count, page in enumerate(chosen, start=1):
            if (lines := remembered.get(page)) is None:
                if monotonic() > deadline:
                    chosen = chosen[: count - 1]
                    break
                yield Recognising(path, count, len(chosen))
                try:
                    lines = apart(limits, _ANY_SIZE, recognised_page, raw, ending, page, limits)
                except ArticleError as error:
                    faults[page] = str(error)
                    continue
                remembered.put(page, lines)
            found[page] = lines
    return Scan(found, tuple(_warnings(pages, chosen, found, faults, limits.scans)))


def recognised_page(raw: bytes, ending: str, page: int, limits: Limits) -> list[Line]:
    """Return the lines of a page that is a picture. Runs in the reading process. Raises ArticleError."""
    return recognised_lines(picture_of(raw, ending, page, limits))


class _Remembered:
    """The pages of one file that were recognised before."""

    def __init__(self, raw: bytes, ending: str, limits: Limits) -> None:
        self._file = f"{recogniser()}\0{ending}\0{hashlib.sha256(raw).hexdigest()}"
        path = limits.scans.cache
        is_kept = path is not None and limits.scans.remembered and path.parent.is_dir()
        self._cache = DiskCache(path, "page", most=limits.scans.remembered) if path and is_kept else None

    def get(self, page: int) -> list[Line] | None:
        stored = self._cache.get([self._key(page)]) if self._cache else {}
        return _LINES.validate_json(stored[self._key(page)]) if stored else None

    def put(self, page: int, lines: list[Line]) -> None:
        if self._cache:
            self._cache.put({self._key(page): _LINES.dump_json(lines)})

    def close(self) -> None:
        if self._cache:
            self._cache.close()

    def _key(self, page: int) -> bytes:
        return hashlib.sha256(f"{self._file}\0{page}".encode()).digest()


def _warnings(
    pages: Sequence[int],
    chosen: Sequence[int],
    found: Mapping[int, Sequence[Line]],
    faults: Mapping[int, str],
    limits: ScanLimits,
) -> Iterator[str]:
    if left := pages[len(chosen) :]:
        yield (
            f"page {listed(left)} was not recognised: no more than {limits.pages:,} pages of a file (FOOTNOTE_OCR_PAGES) and "
            f"{limits.seconds:,.0f} seconds (FOOTNOTE_OCR_SECONDS) are spent. Split it, or raise them"
        )
    if faults:
        first = next(iter(faults))
        yield f"page {listed(list(faults))} was not recognised: page {first + 1} {faults[first]}"
    if poor := [page for page, lines in found.items() if lines and mean_of_lines(lines) < POOR]:
        yield f"page {listed(poor)} is read poorly (below {POOR:.0%}): compare it with the picture, or scan it again"
