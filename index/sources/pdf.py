"""PDF files: the text of their pages, by pypdf, and where each page starts in it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING

from index.errors import ArticleError
from index.sources.metadata import Metadata, found_metadata, likely_day
from index.sources.pdf_text import joined_pages
from index.sources.records import Extracted, Limits

if TYPE_CHECKING:
    from pypdf import DocumentInformation, PdfReader

# What programs write where nobody gave a title or a name.
_NO_TITLES = {"untitled", "title", "document", "document1", "presentation", "powerpoint presentation", "slide 1"}
_NO_NAMES = {"administrator", "admin", "user", "owner", "unknown", "author", "microsoft office user", "root", "none"}
_FILE_ENDINGS = {
    ".pdf",
    ".doc",
    ".docx",
    ".ppt",
    ".pptx",
    ".xls",
    ".xlsx",
    ".indd",
    ".tex",
    ".dvi",
    ".qxd",
    ".odt",
    ".rtf",
}


def read_pdf(raw: bytes, limits: Limits) -> Extracted:
    """Read a PDF file. Raises ArticleError when it is broken, encrypted, too long, or a scan without text."""
    with _complaints() as complaints:
        try:
            reader = _opened(raw)
            pages = _page_texts(reader, limits)
            metadata = _metadata(reader)
        except ArticleError:
            raise
        except Exception as error:
            raise ArticleError(
                f"is not a PDF that can be read ({_told(error)}). Save or print it as PDF again."
            ) from error
    text, starts = joined_pages(pages)
    if not text:
        raise ArticleError("holds no text, only pictures of it. Run text recognition over it first, such as OCRmyPDF.")
    return Extracted(text, "text", metadata, starts, _warnings(pages, complaints))


def _opened(raw: bytes) -> "PdfReader":
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(BytesIO(raw))
        # Many that nobody may change can be read by everyone: with an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise ArticleError("is encrypted. Save a copy without the password.")
    except DependencyError:
        raise ArticleError("is encrypted in a way that is not read. Save a copy without the password.") from None
    return reader


def _page_texts(reader: "PdfReader", limits: Limits) -> list[str]:
    if len(reader.pages) > limits.pdf_pages:
        raise ArticleError(
            f"has {len(reader.pages):,} pages, over the limit of {limits.pdf_pages:,}. Split it, or raise "
            "FOOTNOTE_MAX_PDF_PAGES."
        )
    deadline = monotonic() + limits.file_seconds
    pages: list[str] = []
    size = 0
    for page in reader.pages:
        pages.append(page.extract_text())
        size += len(pages[-1])
        if size > limits.text_bytes:
            raise ArticleError(
                f"holds more than {limits.text_bytes:,} bytes of text on its first {len(pages)} pages. Split it, or "
                "raise FOOTNOTE_MAX_ARTICLE_BYTES."
            )
        if monotonic() > deadline:
            raise ArticleError(
                f"took more than {limits.file_seconds:.0f} seconds for {len(pages)} of its {len(reader.pages)} pages. "
                "Split it, or raise FOOTNOTE_MAX_FILE_SECONDS."
            )
    return pages


def _metadata(reader: "PdfReader") -> Metadata:
    from pypdf.errors import PyPdfError

    try:
        info = reader.metadata
    except PyPdfError:
        info = None
    if info is None:
        return found_metadata()
    names = (name.strip() for name in (info.author or "").split(";"))
    return found_metadata(
        title=_title(info.title),
        published=_day(info),
        authors=[name for name in names if name.casefold() not in _NO_NAMES],
    )


def _title(title: str | None) -> str | None:
    """Return a title that a person wrote; a file name, or what a program filled in, is none."""
    words = (title or "").strip().removeprefix("Microsoft Word - ").removeprefix("Microsoft PowerPoint - ")
    made_up = words.casefold() in _NO_TITLES or PurePath(words).suffix.lower() in _FILE_ENDINGS
    return None if made_up or sum(character.isalpha() for character in words) < 3 else words


def _day(info: "DocumentInformation") -> date | None:
    try:
        created = info.creation_date
    except (ValueError, OverflowError):  # written in no form that PDF knows
        return None
    return likely_day(created.date(), today=date.today()) if created else None


def _warnings(pages: list[str], complaints: list[str]) -> tuple[str, ...]:
    blank = [number for number, page in enumerate(pages, start=1) if not page.strip()]
    warnings = []
    if blank:
        numbers = ", ".join(map(str, blank[:10])) + (f" and {len(blank) - 10} more" if len(blank) > 10 else "")
        warnings.append(f"no text on page {numbers} of {len(pages)}")
    if complaints:
        warnings.append(f"the file is damaged, and was read as far as it can be: {complaints[0][:200]}")
    return tuple(warnings)


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what pypdf logs while in this context, so that it does not go to the terminal."""
    log = logging.getLogger("pypdf")
    told: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    propagate, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield told
    finally:
        log.removeHandler(handler)
        log.propagate = propagate
