"""Extracts the content of a file, by the ending of its name."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from index.errors import ArticleError
from index.records import Original, TextFormat, version_of
from index.sources import documents, ocr, pictures
from index.sources.apart import apart
from index.sources.articles import too_long
from index.sources.html import read_html
from index.sources.metadata import found_metadata
from index.sources.originals import kept_original
from index.sources.pdf import read_pdf
from index.sources.pdf_layout import Line
from index.sources.pdf_text import joined_pages, listed, recognised_in
from index.sources.plain import read_plain
from index.sources.scans import recognise
from index.sources.source_types import Extracted, Limits, Recognising
from index.sources.tables import read_table

FORMATS: dict[str, TextFormat] = {".md": "markdown", ".markdown": "markdown", ".txt": "text", ".text": "text"}
PAGES = frozenset({".html", ".htm", ".xhtml"})
TABLES = frozenset({".csv", ".tsv"})
ENDINGS = frozenset({*FORMATS, *PAGES, *TABLES, ".pdf", *documents.ENDINGS, *pictures.ENDINGS})


def extract(
    raw: bytes,
    ending: str,
    *,
    limits: Limits,
    charset: str | None = None,
    recognised: Mapping[int, Sequence[Line]] | None = None,
) -> Extracted | str:
    """Return the content of a file, or what has to be installed to read this type.

    `ending` is one of ENDINGS. `recognised` are the lines of its pages that are pictures, as far as they are known.
    Raises ArticleError when the file cannot be read.
    """
    check_size(len(raw), ending, limits)
    if ending in FORMATS:
        return read_plain(raw, FORMATS[ending])
    if ending in PAGES:
        return read_html(raw, charset=charset)
    if ending in TABLES:
        return read_table(raw)
    if ending == ".pdf":
        return replace(read_pdf(raw, limits, recognised), original=_original(raw, "application/pdf"))
    if ending in pictures.ENDINGS:
        return replace(read_pictures(raw, limits, recognised), original=_original(raw, pictures.MEDIA_TYPES[ending]))
    return documents.missing_for(ending) or documents.read_document(raw, ending, limits)


def extract_apart(
    raw: bytes, ending: str, *, path: str, limits: Limits, charset: str | None = None
) -> Generator[Recognising, None, Extracted | str]:
    """The same as `extract`, in the reading process and within its limits, with pages that are pictures recognised."""
    check_size(len(raw), ending, limits)
    if ending in documents.ENDINGS and (missing := documents.missing_for(ending)):
        return missing
    if ending in pictures.ENDINGS and (missing := _not_recognising(limits)):
        return missing
    found = apart(limits, len(raw), extract, raw, ending, limits=limits, charset=charset)
    if isinstance(found, str):
        return found
    if not found.unread:
        return _with_copy(found, raw, limits)
    if missing := _not_recognising(limits):
        if not found.text:
            raise ArticleError(f"holds no text, only pictures of it: {missing}.")
        warning = f"no text on page {listed(found.unread)} of {len(found.pages)}: {missing}"
        return _with_copy(replace(found, warnings=(*found.warnings, warning)), raw, limits)
    scan = yield from recognise(raw, ending, found.unread, path=path, limits=limits)
    found = apart(limits, len(raw), extract, raw, ending, limits=limits, recognised=scan.pages)
    assert not isinstance(found, str)
    if not found.text:
        if ending in pictures.ENDINGS and not scan.warnings:
            return "shows no text."
        raise ArticleError(f"holds no text that can be read. {' '.join(scan.warnings)}".strip())
    return _with_copy(replace(found, warnings=(*found.warnings, *scan.warnings)), raw, limits)


def _with_copy(found: Extracted, raw: bytes, limits: Limits) -> Extracted:
    """Keep a copy of a file that can be shown as it is. Without one, its article shows its text alone."""
    if found.original is None or limits.originals is None:
        return replace(found, original=None)
    if problem := kept_original(limits.originals, found.original, raw):
        return replace(found, original=None, warnings=(*found.warnings, problem))
    return found


def read_pictures(raw: bytes, limits: Limits, recognised: Mapping[int, Sequence[Line]] | None) -> Extracted:
    """Read an image file, whose text is that of the lines that were recognised."""
    lines = recognised or {}
    count = pictures.pictures_in(raw, limits)
    joined = joined_pages([lines.get(page, ()) for page in range(count)])
    unread = tuple(page for page in range(count) if page not in lines)
    recognised_lines = recognised_in(joined)
    return Extracted(joined.text, "text", found_metadata(), joined.starts, unread=unread, recognised=recognised_lines)


def _not_recognising(limits: Limits) -> str | None:
    """Return why no text is recognised, or None where it is."""
    return "text recognition is off (FOOTNOTE_OCR_PAGES=0)" if limits.scans.pages == 0 else ocr.missing()


def _original(raw: bytes, media_type: str) -> Original:
    return Original(version_of(raw), media_type)


def check_size(size: int, ending: str, limits: Limits) -> None:
    """Raise ArticleError if a file is too large to be read."""
    # A little more than the limit is let through here, since front matter does not count as text.
    if ending in FORMATS and size > limits.text_bytes + 100_000:
        raise ArticleError(too_long(size, limits.text_bytes))
    if size > limits.file_bytes:
        raise ArticleError(
            f"is {size:,} bytes long, over the limit of {limits.file_bytes:,} for one file. Split it, or raise "
            "FOOTNOTE_MAX_FILE_BYTES."
        )
