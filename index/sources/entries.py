"""Files that hold several articles: the lines of a `.jsonl` file, the entries of a feed."""

import re
from collections.abc import Callable
from pathlib import Path

from index.errors import AccessUnclear, ArticleError
from index.sources.source_types import Failed, ReadResult, Source, printable, unexpected

_ENTRY_NUMBER = re.compile(r"(\.(?:jsonl|xml|rss|atom))#\d+\Z", re.IGNORECASE)
_GROUPS = re.compile(rb"""groups["'*_`\])\s]{0,9}[:=]|=\s{0,9}["']?\s{0,9}groups""", re.IGNORECASE)


def may_name_groups(raw: bytes) -> bool:
    """Return whether what cannot be read seems to name groups, in any encoding that has ASCII's letters."""
    return bool(_GROUPS.search(raw.replace(b"\0", b"")))


def file_of(path: str) -> str:
    """Return the file of an article's path, without the number of a line or entry in it."""
    return _ENTRY_NUMBER.sub(r"\1", path)


def path_in(file: Path, source: Source) -> str:
    """Return the path of a file below its source's folder, or its name if it is the source itself."""
    return file.name if file == source.root else file.relative_to(source.root).as_posix()


def name_of(file: Path, source: Source) -> str:
    """Return the name of a file in the ids of its articles."""
    return source.prefix + path_in(file, source)


def read_entry(read: Callable[[], ReadResult], *, path: str, file: Path, raw: bytes = b"") -> ReadResult:
    """Return the result of reading one article of a file. An error fails this article and none of the others.

    `path` names the article in messages, `raw` is what it is read from. Raises MemoryError, after which the whole process is
    unreliable.
    """
    try:
        return read()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - one article must not end the reading of the file
        return failed(error, path=path, file=file, raw=raw)


def failed(error: Exception, *, path: str, file: Path, raw: bytes) -> Failed:
    """Return what is reported of an error. If what could not be read may name groups, it is unclear who may read it."""
    reason = str(error) if isinstance(error, ArticleError) else unexpected(error)
    return Failed(path, printable(file), reason, isinstance(error, AccessUnclear) or may_name_groups(raw))
