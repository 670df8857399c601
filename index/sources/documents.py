"""Reads office documents and e-books with markitdown, from the extra `documents`, and workbooks with openpyxl."""

import logging
import re
import warnings
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from lxml import etree

from index.errors import ArticleError
from index.extras import how_to_install
from index.sources.metadata import Metadata, day_of, found_metadata, likely_day
from index.sources.office_hidden import visible_book, visible_document, visible_slides
from index.sources.plain import normalise_line_ends
from index.sources.source_types import Extracted, Limits
from index.sources.workbooks import read_workbook

if TYPE_CHECKING:
    from markitdown import DocumentConverter, StreamInfo

# What each type needs in addition to markitdown itself.
_NEEDS = {".docx": "mammoth", ".pptx": "pptx", ".xlsx": "openpyxl", ".epub": "defusedxml"}
ENDINGS = frozenset(_NEEDS)
_PIECE = 1_000_000
# Cells of one sheet: a single cell far down makes a table of millions of empty ones.
_MOST_CELLS = 2_000_000
_CELL = re.compile(rb'<(?:\w+:)?c\b[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_SLIDE = re.compile(r"<!-- Slide number: (\d+) -->\n?")
_IMAGE = re.compile(
    r"!\[([^\]\n]{0,500})\]\((?:data:[^()]*|[^)\s]{1,500}\.(?:png|jpe?g|gif|emf|wmf|svg|jpg))\)", re.IGNORECASE
)


def missing_for(ending: str) -> str | None:
    """Return what to install before files of this type can be read, or None when nothing is missing."""
    if find_spec("markitdown") and find_spec(_NEEDS[ending]):
        return None
    return f"{ending} files are read by the extra `documents`. Install it: {how_to_install('documents')}"


def read_document(raw: bytes, ending: str, limits: Limits) -> Extracted:
    """Read a document. Raises ArticleError when it is broken, encrypted, or far larger once unpacked."""
    try:
        _check_size(raw, limits)
        text, warnings = _text(raw, ending)
        metadata = _metadata(raw)
    except ArticleError:
        raise
    except BadZipFile:
        raise ArticleError(f"is not a {ending} file, or is encrypted. Save it again without a password.") from None
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ArticleError(f"is not a {ending} file that can be read ({reason}). Save it again.") from error
    text, slides = _slides(text)
    text = text.rstrip()
    if not text.strip():
        raise ArticleError("contains no text. Add some, or remove it.")
    return Extracted(text, "markdown", metadata, slides, warnings)


def _text(raw: bytes, ending: str) -> tuple[str, tuple[str, ...]]:
    if ending == ".xlsx":
        return read_workbook(raw)
    if ending == ".epub":
        return _markdown(visible_book(raw), ending), ()
    visible, warnings = visible_document(raw) if ending == ".docx" else visible_slides(raw)
    return _markdown(visible, ending), warnings


def _markdown(raw: bytes, ending: str) -> str:
    converter, info = _converter(ending)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and sheets that are ignored
        result = converter.convert(BytesIO(raw), info)
    text = _IMAGE.sub(r"\1", normalise_line_ends(result.markdown).replace("\0", ""))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def _converter(ending: str) -> tuple["DocumentConverter", "StreamInfo"]:
    # Imported here, as it takes seconds. The converters alone: MarkItDown itself would load a model that detects types.
    from markitdown import StreamInfo, converters

    for library in ("markitdown", "mammoth", "openpyxl", "bs4"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    by_ending = {
        ".docx": converters.DocxConverter,
        ".pptx": converters.PptxConverter,
        ".epub": converters.EpubConverter,
    }
    converter: DocumentConverter = by_ending[ending]()  # type: ignore[no-untyped-call]
    return converter, StreamInfo(extension=ending)


def _check_size(raw: bytes, limits: Limits) -> None:
    with ZipFile(BytesIO(raw)) as archive:
        size = 0
        for part in archive.infolist():
            # Count the bytes really unpacked: the names and sizes that the archive states may be wrong.
            with archive.open(part) as content:
                while piece := content.read(_PIECE):
                    size += len(piece)
                    if size > limits.file_bytes:
                        raise ArticleError(
                            f"is more than {limits.file_bytes:,} bytes long once unpacked, which is the limit. Split it, "
                            "or raise FOOTNOTE_MAX_FILE_BYTES."
                        )
        for part in archive.infolist():
            if "worksheets/" in part.filename:
                _check_cells(archive.read(part), part.filename)


def _check_cells(sheet: bytes, name: str) -> None:
    width = height = 0
    for column, row in _CELL.findall(sheet):
        width, height = max(width, _number(column)), max(height, int(row))
    if width * height > _MOST_CELLS:
        raise ArticleError(
            f"has a sheet ({name}) of {height:,} rows and {width:,} columns, most of them empty or too many to read. "
            "Save the part that is meant as text."
        )


def _number(column: bytes) -> int:
    """Return the number of a spreadsheet's column: A is 1, AA is 27."""
    number = 0
    for letter in column:
        number = 26 * number + letter - 64
    return number


def _slides(text: str) -> tuple[str, tuple[int, ...]]:
    """Return a text without markitdown's comments, and where each slide starts. Slides count as pages."""
    first, *rest = _SLIDE.split(text)
    kept = _without_comments(first)
    starts: list[int] = []
    for number, slide in zip(map(int, rest[::2]), rest[1::2], strict=True):
        # Numbers count up from 1; where one should be missing, it starts where the next one does.
        starts.extend([len(kept)] * (number - len(starts)))
        kept += _without_comments(slide)
    return kept, tuple(starts)


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[at:start])
        at = end + len("-->")
    return "".join([*kept, text[at:]])


def _metadata(raw: bytes) -> Metadata:
    """Return the metadata in a document's core properties (ECMA-376, part 2)."""
    with ZipFile(BytesIO(raw)) as archive:
        if "docProps/core.xml" not in archive.namelist():
            return found_metadata()
        parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
        core = etree.fromstring(archive.read("docProps/core.xml"), parser)
    if core is None:
        return found_metadata()
    said = dict(_properties(core))
    return found_metadata(
        title=said.get("title"),
        published=likely_day(day_of(said.get("created", "")), today=date.today()),
        authors=(said.get("creator") or "").split(";"),
        language=said.get("language"),
    )


def _properties(core: etree._Element) -> Iterator[tuple[str, str]]:
    for element in core:
        if isinstance(element.tag, str) and element.text:
            yield etree.QName(element).localname, element.text
