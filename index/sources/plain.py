"""Reads Markdown and text files with front matter, in UTF-8 or the encodings of editors on Windows."""

import codecs

from index.errors import ArticleError
from index.records import TextFormat
from index.sources.frontmatter import split_front_matter
from index.sources.metadata import read_metadata
from index.sources.source_types import Extracted

# The longer mark first, as it begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_plain(raw: bytes, format: TextFormat) -> Extracted:
    """Read a Markdown or text file. Raises ArticleError when it cannot be decoded, or its front matter cannot be read."""
    written, odd = decode(raw)
    fields, text = split_front_matter(written)
    metadata = read_metadata(fields)
    return Extracted(text, format, metadata, warnings=(*odd, *metadata.warnings))


def decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file with line feeds as line ends, and warnings.

    The encoding is given by the byte-order mark, or is UTF-8 or Windows-1252. Raises ArticleError if it is none of them.
    """
    mark = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    if mark and mark != "utf-8-sig":
        return _checked(_decoded_by_mark(raw, mark)), ()
    try:
        return decode_utf8(raw), ()
    except ArticleError:
        text = _as_windows(raw)
        if text is None:
            raise
        return text, ("it is not UTF-8, and was read as Windows-1252; if letters are wrong, save it again as UTF-8",)


def decode_utf8(raw: bytes) -> str:
    """Return text in UTF-8 with line feeds as line ends. Raises ArticleError when it is not UTF-8."""
    if (nul := raw.find(0)) >= 0:
        raise ArticleError(f"is not text: byte {nul} is NUL. Remove the file, or export it as plain text in UTF-8.")
    try:
        # utf-8-sig drops the byte-order mark that some editors write.
        return normalise_line_ends(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"is not UTF-8: byte {error.start} does not decode. Save it again as UTF-8.") from None


def normalise_line_ends(text: str) -> str:
    """Convert Windows and old Macintosh line ends to line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded_by_mark(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"is not {encoding.upper()}, as its byte-order mark says: byte {error.start} does not decode. Save it again as "
            "UTF-8."
        ) from None


def _checked(text: str) -> str:
    if (nul := text.find("\0")) >= 0:
        raise ArticleError(
            f"is not text: character {nul} is NUL. Remove the file, or export it as plain text in UTF-8."
        )
    return normalise_line_ends(text)


def _as_windows(raw: bytes) -> str | None:
    """Return text of a western language in Windows-1252, None where it is more likely something else.

    Those languages are written mostly in ASCII's letters; other scripts in their own encodings, and binary files, are not.
    UTF-8 that was damaged still has whole characters of several bytes.
    """
    if any(byte < 32 and byte not in b"\t\n\f\r" for byte in set(raw)):
        return None
    damaged = _is_surrogates(raw) or any("\x80" <= c != "\ufffd" for c in raw.decode("utf-8", errors="replace"))
    if damaged:
        return None
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return None
    letters = [character for character in text if character.isalpha()]
    if 2 * sum(character.isascii() for character in letters) < len(letters):
        return None
    return normalise_line_ends(text)


def _is_surrogates(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
