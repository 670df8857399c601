"""Reads PDF files with pdfium: the text of the pages, and the offset of each page in it."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING

from index.errors import ArticleError
from index.sources.metadata import Metadata, found_metadata, likely_day
from index.sources.pdf_file import OpenedPdf, fault_of_page, opened
from index.sources.pdf_layout import Line, page_lines
from index.sources.pdf_text import joined_pages, listed, recognised_in
from index.sources.pdf_title import confirmed_title
from index.sources.pdf_words import UNKNOWN, TooMuchText, page_segments
from index.sources.pictures import is_picture
from index.sources.source_types import Extracted, Limits

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

# Default titles that programs write.
_NO_NAMES = {"administrator", "admin", "user", "owner", "unknown", "author", "microsoft office user", "root", "none"}
_DAY = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?", re.ASCII)


# A page with a stamp or a running foot is a scan where this many times more can be read in its picture.
_MORE = 2


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines of a page, in reading order. `fault` says why it was left out. It may be a picture of text."""

    lines: list[Line]
    fault: str | None = None
    is_picture: bool = False


def read_pdf(raw: bytes, limits: Limits, recognised: Mapping[int, Sequence[Line]] | None = None) -> Extracted:
    """Read a PDF file, with the lines of those of its pages, from 0, that were recognised.

    A damaged page is left out, with a warning. Pages that are pictures are `unread` if they are not among `recognised`; the
    text is empty if there is no other. Raises ArticleError when the file is broken, encrypted, too long, or empty.
    """
    with opened(raw) as file:
        pages = [_with_scan(page, (recognised or {}).get(at)) for at, page in enumerate(_pages(file, limits))]
        metadata = _metadata(file.document, pages)
        is_repaired = file.is_repaired
    joined = joined_pages([page.lines for page in pages])
    unread = tuple(at for at, page in enumerate(pages) if page.is_picture)
    if not joined.text and not unread:
        raise ArticleError(_why_empty(pages))
    return Extracted(
        joined.text,
        "text",
        metadata,
        joined.starts,
        _warnings(pages, is_repaired=is_repaired, unknown=joined.text.count(UNKNOWN)),
        unread=unread,
        recognised=recognised_in(joined),
    )


def _with_scan(page: _Page, lines: Sequence[Line] | None) -> _Page:
    if lines is None:
        return page
    if sum(len(line.text) for line in lines) <= _MORE * sum(len(line.text) for line in page.lines):
        return _Page(page.lines)
    return _Page(list(lines))


def _pages(file: OpenedPdf, limits: Limits) -> list[_Page]:
    count = len(file.document)
    if count > limits.pdf_pages:
        raise ArticleError(
            f"has {count:,} pages, over the limit of {limits.pdf_pages:,}. Split it, or raise FOOTNOTE_MAX_PDF_PAGES."
        )
    deadline = monotonic() + limits.file_seconds
    pages: list[_Page] = []
    left = limits.text_bytes
    for number in range(count):
        try:
            pages.append(_page(file, number, limits, left))
        except TooMuchText:
            left = -1
        left -= sum(len(line.text) + 1 for line in pages[-1].lines) if left >= 0 else 0
        if left < 0:
            raise ArticleError(
                f"contains more than {limits.text_bytes:,} bytes of text on its first {number + 1} pages. Split it, or "
                "raise FOOTNOTE_MAX_ARTICLE_BYTES."
            )
        if monotonic() > deadline:
            raise ArticleError(
                f"took more than {limits.file_seconds:.0f} seconds for {len(pages)} of its {count} pages. "
                "Split it, or raise FOOTNOTE_MAX_FILE_SECONDS."
            )
    return pages


def _page(file: OpenedPdf, number: int, limits: Limits, most: int) -> _Page:
    from pypdfium2 import PdfiumError

    if fault := fault_of_page(file, number, most_bytes=limits.file_bytes):
        return _Page([], fault)
    try:
        page = file.document[number]
    except PdfiumError:
        return _Page([], "is damaged")
    try:
        lines = page_lines(page_segments(page, most=most))
        return _Page(lines, is_picture=is_picture(page, sum(len(line.text) for line in lines)))
    except (PdfiumError, RecursionError):
        return _Page([], "is damaged")
    finally:
        page.close()


def _metadata(document: "PdfDocument", pages: Sequence[_Page]) -> Metadata:
    names = (name.strip() for name in document.get_metadata_value("Author").split(";"))
    return found_metadata(
        title=confirmed_title(document.get_metadata_value("Title"), pages[0].lines),
        published=_day(document.get_metadata_value("CreationDate")),
        authors=[name for name in names if name.casefold() not in _NO_NAMES],
    )


def _day(written: str) -> date | None:
    if found := _DAY.match(written):
        with suppress(ValueError):  # no such day
            return likely_day(date(*(int(part or 1) for part in found.groups())), today=date.today())
    return None


def _why_empty(pages: Sequence[_Page]) -> str:
    for number, page in enumerate(pages, start=1):
        if page.fault:
            return f"holds no page that can be read: page {number} {page.fault}. Save or print it as PDF again."
    return "holds no text. Add some, or remove it."


def _warnings(pages: Sequence[_Page], *, is_repaired: bool, unknown: int) -> tuple[str, ...]:
    warnings = ["the file is damaged, and was repaired: pages may be missing"] if is_repaired else []
    if unknown:
        warnings.append(
            f"{unknown} signs, which may be minus signs, are {UNKNOWN}: the file does not say which they are"
        )
    faults = {at: page.fault for at, page in enumerate(pages) if page.fault}
    if faults:
        first = next(iter(faults))
        warnings.append(
            f"left out page {listed(list(faults))} of {len(pages)}: page {first + 1} {faults[first]}. Save or print the "
            "file as PDF again"
        )
    blank = [at for at, page in enumerate(pages) if not (page.lines or page.fault or page.is_picture)]
    if blank:
        warnings.append(f"no text on page {listed(blank)} of {len(pages)}")
    return tuple(warnings)
