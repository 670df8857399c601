"""Files that hold several articles: the lines of a `.jsonl` file, the entries of a feed."""

from collections.abc import Callable
from pathlib import Path

from index.errors import AccessUnclear, ArticleError
from index.sources.source_types import Failed, ReadResult, Source, printable, unexpected


def name_of(file: Path, source: Source) -> str:
    """Return the name of a file in the ids of its articles: its path below the folder."""
    return file.name if file == source.root else file.relative_to(source.root).as_posix()


def read_entry(read: Callable[[], ReadResult], *, path: str, file: Path) -> ReadResult:
    """Return the result of reading one article of a file. An error fails this article and none of the others.

    `path` names the article in messages. Raises MemoryError, after which the whole process is unreliable.
    """
    try:
        return read()
    except ArticleError as error:
        return Failed(path, printable(file), str(error), isinstance(error, AccessUnclear))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - one article must not end the reading of the file
        return Failed(path, printable(file), unexpected(error))
