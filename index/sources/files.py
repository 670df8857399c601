"""Files and folders to articles. One bad file never stops a run: what cannot be read is reported beside what can."""

import os
from collections.abc import Iterator
from pathlib import Path

from index.errors import AccessUnclear, ArticleError, FootnoteError
from index.sources.articles import article_from
from index.sources.extraction import ENDINGS, check_size, extract_apart
from index.sources.lines import read_lines
from index.sources.records import Failed, Limits, Read, Reading, Skipped, Source, Withdrawn, printable, unexpected

LINES_ENDING = ".jsonl"


def read_files(source: Source, *, limits: Limits) -> Iterator[Reading]:
    """Read every article of a file or folder, in order of path."""
    unlisted: list[OSError] = []
    for file in files_in(source.root, unlisted):
        yield from read_file(file, source, limits=limits)
    for error in unlisted:
        path = printable(error.filename)
        yield Failed(path, path, _explain(error))


def files_in(root: Path, unlisted: list[OSError]) -> Iterator[Path]:
    """Yield the files under a folder, or the file itself. Errors of folders that cannot be listed go to `unlisted`."""
    if not root.is_dir():
        yield root
        return
    for folder, folders, names in os.walk(root, onerror=unlisted.append):
        # Hidden folders (.git, .venv) hold no articles that anyone means to publish.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder, name)


def read_file(file: Path, source: Source, *, limits: Limits) -> Iterator[Reading]:
    """Read the article or articles of one file under a source."""
    ending = file.suffix.lower()
    try:
        if not file.is_file() or ending not in {*ENDINGS, LINES_ENDING}:
            # A pipe or device would block the run, whatever it is called. A link to nowhere is a file that is gone.
            yield _gone(file) if file.is_symlink() and not file.exists() else Skipped(printable(file), _reason(ending))
        elif ending == LINES_ENDING:
            yield from read_lines(file, source, limits)
        else:
            yield _read_whole(file, source, limits)
    except (ArticleError, OSError) as error:
        yield Failed(printable(file), printable(file), _explain(error), isinstance(error, AccessUnclear))
    except FootnoteError:
        raise
    except Exception as error:  # noqa: BLE001 - no file ends a run, whatever its reader raises
        yield Failed(printable(file), printable(file), unexpected(error))


def default_id_of(file: Path, source: Source) -> str:
    """Return the id of the article in a file that gives none itself: its path below the folder, without its ending."""
    # Slashes on every system: an id is a name, not a path.
    return file.stem if file == source.root else file.relative_to(source.root).with_suffix("").as_posix()


def _passed_over(why: str) -> str:
    return f"is passed over: {why}."


def _gone(file: Path) -> Failed:
    return Failed(printable(file), printable(file), "is a link to a file that does not exist. Mend or remove the link.")


def _reason(ending: str) -> str | None:
    return "lists addresses, which are fetched only where the file is named by itself." if ending == ".urls" else None


def _explain(error: ArticleError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or error}). Check that the file exists and may be read."
    return str(error)


def _read_whole(file: Path, source: Source, limits: Limits) -> Reading:
    ending = file.suffix.lower()
    check_size(file.stat().st_size, ending, limits)
    extracted = extract_apart(file.read_bytes(), ending, limits=limits)
    if isinstance(extracted, str):
        return Skipped(printable(file), extracted)
    default_id = default_id_of(file, source)
    if why := extracted.metadata.unpublished:
        return Withdrawn(printable(file), printable(file), extracted.metadata.id or default_id, _passed_over(why))
    article = article_from(extracted, default_id=default_id, path=file, limits=limits)
    return Read(article, source, extracted.warnings)
