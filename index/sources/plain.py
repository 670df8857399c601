"""Markdown and text: UTF-8, with front matter."""

from index.errors import ArticleError
from index.records import TextFormat
from index.sources.frontmatter import split_front_matter
from index.sources.metadata import read_metadata
from index.sources.records import Extracted


def read_plain(raw: bytes, format: TextFormat) -> Extracted:
    """Read a Markdown or text file. Raises ArticleError when it is not UTF-8, or its front matter cannot be read."""
    fields, text = split_front_matter(decode(raw))
    metadata = read_metadata(fields)
    return Extracted(text, format, metadata, warnings=metadata.warnings)


def decode(raw: bytes) -> str:
    """Return the text of a file with line feeds as line ends. Raises ArticleError when it is not UTF-8."""
    if (nul := raw.find(0)) >= 0:
        raise ArticleError(f"is not text: byte {nul} is NUL. Remove the file, or export it as plain text in UTF-8.")
    try:
        # utf-8-sig drops the byte-order mark that some editors write.
        return normalise_line_ends(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"is not UTF-8: byte {error.start} does not decode. Save it again as UTF-8.") from None


def normalise_line_ends(text: str) -> str:
    """Turn Windows and old Macintosh line ends into line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
