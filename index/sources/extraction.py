"""Extracts the content of a file, by the ending of its name."""

from index.errors import ArticleError
from index.records import TextFormat
from index.sources import documents
from index.sources.apart import apart
from index.sources.articles import too_long
from index.sources.html import read_html
from index.sources.pdf import read_pdf
from index.sources.plain import read_plain
from index.sources.source_types import Extracted, Limits
from index.sources.tables import read_table

FORMATS: dict[str, TextFormat] = {".md": "markdown", ".markdown": "markdown", ".txt": "text", ".text": "text"}
PAGES = frozenset({".html", ".htm", ".xhtml"})
TABLES = frozenset({".csv", ".tsv"})
ENDINGS = frozenset({*FORMATS, *PAGES, *TABLES, ".pdf", *documents.ENDINGS})


def extract(raw: bytes, ending: str, *, limits: Limits, charset: str | None = None) -> Extracted | str:
    """Return the content of a file, or what has to be installed to read this type.

    `ending` is one of ENDINGS. Raises ArticleError when the file cannot be read.
    """
    check_size(len(raw), ending, limits)
    if ending in FORMATS:
        return read_plain(raw, FORMATS[ending])
    if ending in PAGES:
        return read_html(raw, charset=charset)
    if ending in TABLES:
        return read_table(raw)
    if ending == ".pdf":
        return read_pdf(raw, limits)
    return documents.missing_for(ending) or documents.read_document(raw, ending, limits)


def extract_apart(raw: bytes, ending: str, *, limits: Limits, charset: str | None = None) -> Extracted | str:
    """The same as `extract`, in the reading process and within its limits."""
    check_size(len(raw), ending, limits)
    if ending in documents.ENDINGS and (missing := documents.missing_for(ending)):
        return missing
    return apart(limits, len(raw), extract, raw, ending, limits=limits, charset=charset)


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
