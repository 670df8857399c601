"""Opens a PDF with pdfium, after a repair by qpdf if needed, and finds damaged pages."""

import zlib
from base64 import a85decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from index.errors import ArticleError

if TYPE_CHECKING:
    from pikepdf import Object, Pdf
    from pypdfium2 import PdfDocument

_ENCRYPTED = "is encrypted. Save a copy without the password."
_NOT_READ = "is not a PDF that can be read ({}). Save or print it as PDF again."
_PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class OpenedPdf:
    """A PDF that is open. `structure` is the same file as qpdf sees it, or None where only pdfium can open it."""

    document: "PdfDocument"
    structure: "Pdf | None"
    is_repaired: bool


@contextmanager
def opened(raw: bytes) -> Iterator[OpenedPdf]:
    """Open a PDF. Raises ArticleError when it is encrypted, or too broken to be repaired."""
    structure = _structure(raw)
    try:
        document = _document(raw)
        is_repaired = document is None
        if document is None:
            document = _document(_saved(structure)) if structure else None
        if document is None:
            raise ArticleError(_NOT_READ.format("it is damaged, and no page was found in it"))
        try:
            yield OpenedPdf(document, structure, is_repaired)
        finally:
            document.close()
    finally:
        if structure:
            structure.close()


def _structure(raw: bytes) -> "Pdf | None":
    import pikepdf

    try:
        return pikepdf.open(BytesIO(raw), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise ArticleError(_ENCRYPTED) from None
    except (pikepdf.PdfError, pikepdf.DataDecodingError):
        return None


def _document(raw: bytes) -> "PdfDocument | None":
    """Open with pdfium, or return None where it finds no page."""
    from pypdfium2 import PdfDocument, PdfiumError
    from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

    try:
        document = PdfDocument(raw)
    except PdfiumError as error:
        if error.err_code in (FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY):
            raise ArticleError(_ENCRYPTED) from None
        return None
    if len(document):
        return document
    document.close()
    return None


def _saved(structure: "Pdf") -> bytes:
    """Write the file with what was found of it: objects that a broken table of contents does not lead to."""
    import pikepdf

    file = BytesIO()
    try:
        structure.save(file)
    except (pikepdf.PdfError, pikepdf.DataDecodingError) as error:
        raise ArticleError(_NOT_READ.format(" ".join(str(error).split())[:200])) from error
    return file.getvalue()


def fault_of_page(file: OpenedPdf, number: int, *, most_bytes: int) -> str | None:
    """Return what is wrong with the content of a page, counted from 0, or return None.

    pdfium reads damaged content up to the damage, and says nothing.
    """
    import pikepdf

    if file.structure is None:
        return None
    try:
        if len(file.structure.pages) != len(file.document):
            return None  # another repair: the pages are not the same
        content = file.structure.pages[number].obj.get("/Contents")
        left = most_bytes
        for stream in content if isinstance(content, pikepdf.Array) else () if content is None else (content,):
            left -= _unpacked_size(stream, left)
            if left < 0:
                return f"contains more than {most_bytes:,} bytes once unpacked"
    except (pikepdf.PdfError, zlib.error) as error:
        return " ".join(f"is damaged ({error})".split())[:200]
    return None


def _unpacked_size(stream: "Object", most: int) -> int:
    """Return how long the content is once unpacked, or more than `most` where it is longer. Raises zlib.error."""
    import pikepdf

    if not isinstance(stream, pikepdf.Stream):
        return 0
    filters = stream.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    packed = stream.read_raw_bytes()
    if names[0] == "/ASCII85Decode":
        packed = _from_ascii(packed)
        names = names[1:]
    if names != ["/FlateDecode"]:
        return len(packed)
    # Without the checksum at the end, which some programs leave out.
    unpacking, packed, size = zlib.decompressobj(-zlib.MAX_WBITS), packed[2:], 0
    while packed and not unpacking.eof and size <= most:
        size += len(unpacking.decompress(packed, _PIECE))
        packed = unpacking.unconsumed_tail
    if size <= most and not unpacking.eof and packed != b"":
        raise zlib.error("the data ends early")
    return size


def _from_ascii(packed: bytes) -> bytes:
    try:
        return a85decode(packed.strip().removeprefix(b"<~").partition(b"~")[0])
    except ValueError as error:
        raise zlib.error(str(error)) from error
