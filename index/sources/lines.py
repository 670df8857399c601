"""Reads `.jsonl` files: one article a line. A bad line does not affect the others."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from index.errors import AccessUnclear, ArticleError
from index.sources.apart import apart
from index.sources.articles import article_from
from index.sources.entries import failed, name_of, read_entry
from index.sources.frontmatter import split_front_matter, unique_pairs
from index.sources.metadata import field_name, read_metadata
from index.sources.plain import decode_utf8, normalise_line_ends
from index.sources.source_types import (
    Extracted,
    Limits,
    Read,
    ReadResult,
    Skipped,
    Source,
    Withdrawn,
    printable,
)

_BYTE_ORDER_MARK = "\ufeff"
_BATCH_BYTES = 1_000_000
_BATCH_LINES = 500
_Line = tuple[int, bytes]


def read_lines(file: Path, source: Source, limits: Limits) -> Iterator[ReadResult]:
    """Read the articles of a `.jsonl` file. Raises ArticleError at a line too long to be read, OSError as files do."""
    articles = 0
    with file.open("rb") as raw:
        for batch in _batches(_as_utf8(raw), limits):
            articles += len(batch)
            yield from _read_batch(batch, file, source, limits)
    if not articles:
        yield Skipped(printable(file), "it is empty: no line is an article")


def _as_utf8(raw: BinaryIO) -> BinaryIO | codecs.StreamRecoder:
    """Return a file in UTF-8. PowerShell writes UTF-16, with a byte-order mark."""
    is_utf16 = raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    raw.seek(0)
    return codecs.EncodedFile(raw, "utf-8", "utf-16") if is_utf16 else raw


def count_lines(file: Path) -> int:
    """Count the lines of a file, quickly, for a progress bar. What cannot be read counts as one."""
    try:
        with file.open("rb") as raw:
            return sum(part.count(b"\n") for part in iter(lambda: raw.read(_BATCH_BYTES), b"")) or 1
    except OSError:
        return 1


def _batches(lines: BinaryIO | codecs.StreamRecoder, limits: Limits) -> Iterator[list[_Line]]:
    """Yield the lines that are not empty, with their numbers from 1, in batches for the reading process."""
    # A line without an end would be read whole before its length is known; JSON escapes take six bytes at most.
    longest = 6 * limits.text_bytes + 1_000_000
    batch: list[_Line] = []
    size = number = 0
    while line := lines.readline(longest):
        number += 1
        if line.strip():
            batch.append((number, line))
            size += len(line)
        if len(line) == longest or size > _BATCH_BYTES or len(batch) >= _BATCH_LINES:
            yield batch
            batch, size = [], 0
        if len(line) == longest:
            raise ArticleError(
                f"line {number} is longer than {longest:,} bytes; the rest of the file was not read. "
                "Split it: one article a line."
            )
    yield batch


def _read_batch(batch: list[_Line], file: Path, source: Source, limits: Limits) -> list[ReadResult]:
    """Read some lines in the reading process: one by one where that went over a limit with them all."""
    if not batch:
        return []
    try:
        size = sum(len(line) for _, line in batch)
        return apart(limits, size, read_some, batch, file, source, limits)
    except ArticleError as error:
        if len(batch) == 1:
            number, line = batch[0]
            return [failed(error, path=f"{printable(file)}#{number}", file=file, raw=line)]
    return [reading for line in batch for reading in _read_batch([line], file, source, limits)]


def read_some(batch: list[_Line], file: Path, source: Source, limits: Limits) -> list[ReadResult]:
    """Read some lines of a `.jsonl` file, given with their numbers."""
    return [_read_line(line, number, file, source, limits) for number, line in batch]


def _read_line(line: bytes, number: int, file: Path, source: Source, limits: Limits) -> ReadResult:
    path, name = f"{printable(file)}#{number}", f"{name_of(file, source)}#{number}"

    def read() -> ReadResult:
        extracted = _extracted(_parsed(line))
        if why := extracted.metadata.unpublished:
            return Withdrawn(path, printable(file), extracted.metadata.id or name, f"is skipped: {why}.")
        article = article_from(extracted, default_id=name, path=path, limits=limits)
        return Read(article, source, extracted.warnings)

    return read_entry(read, path=path, file=file, raw=line)


def _parsed(line: bytes) -> object:
    text = decode_utf8(line)
    try:
        return json.loads(text, object_pairs_hook=unique_pairs)
    except json.JSONDecodeError as error:
        raise ArticleError(f"is not JSON: {error.msg} at column {error.colno}. Correct the line.") from None
    except ValueError:
        raise ArticleError("is not JSON that can be read: a number has too many digits. Correct the line.") from None
    except RecursionError:
        raise ArticleError("is JSON nested too deeply to read. Flatten the line.") from None


def _extracted(fields: object) -> Extracted:
    if not isinstance(fields, dict):
        raise ArticleError('is not an object. Write one {"id": …, "text": …} a line.')
    key = next((key for key in fields if field_name(key) == "text"), "text")
    if not isinstance(text := fields.pop(key, None), str):
        raise ArticleError('has no "text". Add it: it is the one field that is required.')
    metadata = read_metadata(fields)
    if metadata.groups is None:
        _refuse_groups_in(text)
    text = normalise_line_ends(text.removeprefix(_BYTE_ORDER_MARK))
    return Extracted(text, "text", metadata, warnings=metadata.warnings)


def _refuse_groups_in(text: str) -> None:
    """Raise AccessUnclear when a text has front matter that names groups, as where whole files were put into lines."""
    if any(field_name(key) == "groups" for key in split_front_matter(text)[0]):
        raise AccessUnclear('names groups in front matter within its text. Write them as "groups" of the line itself.')
