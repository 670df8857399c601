"""`.jsonl` files: one article a line. A bad line never costs the others."""

import json
from collections.abc import Iterator
from pathlib import Path

from index.errors import ArticleError
from index.sources.articles import article_from
from index.sources.metadata import read_metadata
from index.sources.plain import decode, normalise_line_ends
from index.sources.records import Extracted, Failed, Limits, Read, Reading, Skipped, Source, printable

_BYTE_ORDER_MARK = "\ufeff"


def read_lines(file: Path, source: Source, limits: Limits) -> Iterator[Reading]:
    """Read the articles of a `.jsonl` file. Raises ArticleError at a line too long to be read, OSError as files do."""
    name = file.name if file == source.root else file.relative_to(source.root).as_posix()
    with file.open("rb") as lines:
        # A line without an end would be read whole before its length is known; JSON escapes take six bytes at most.
        longest = 6 * limits.text_bytes + 1_000_000
        number = articles = 0
        while line := lines.readline(longest):
            number += 1
            if line.strip():
                articles += 1
                yield _read_line(line, file, source, name=f"{name}#{number}", limits=limits)
            if len(line) == longest:
                raise ArticleError(
                    f"line {number} is longer than {longest:,} bytes; the rest of the file was not read. "
                    "Split it: one article a line."
                )
    if not articles:
        yield Skipped(printable(file), "it is empty: no line holds an article")


def _read_line(line: bytes, file: Path, source: Source, *, name: str, limits: Limits) -> Reading:
    path = f"{printable(file)}#{name.rpartition('#')[2]}"
    try:
        extracted = _extracted(json.loads(decode(line)))
        article = article_from(extracted, default_id=name, path=path, limits=limits)
        return Read(article, source, extracted.warnings)
    except json.JSONDecodeError as error:
        return Failed(path, printable(file), f"is not JSON: {error.msg} at column {error.colno}. Mend the line.")
    except ValueError:
        return Failed(
            path, printable(file), "is not JSON that can be read: a number has too many digits. Mend the line."
        )
    except RecursionError:
        return Failed(path, printable(file), "is JSON nested too deeply to read. Flatten the line.")
    except ArticleError as error:
        return Failed(path, printable(file), str(error))


def _extracted(fields: object) -> Extracted:
    if not isinstance(fields, dict):
        raise ArticleError('is not an object. Write one {"id": …, "text": …} a line.')
    if not isinstance(text := fields.pop("text", None), str):
        raise ArticleError('has no "text". Add it: it is the one field that is required.')
    metadata = read_metadata(fields)
    text = normalise_line_ends(text.removeprefix(_BYTE_ORDER_MARK))
    return Extracted(text, "text", metadata, warnings=metadata.warnings)
