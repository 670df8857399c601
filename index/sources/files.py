"""Reads articles from files and folders. A bad file never stops a run: it is reported as failed."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from index.errors import IndexingStopped
from index.sources import pictures
from index.sources.articles import article_from
from index.sources.entries import failed, path_in
from index.sources.extraction import ENDINGS, check_size, extract_apart
from index.sources.feed_files import FEED_ENDINGS, read_feed_file
from index.sources.frontmatter import LONGEST
from index.sources.lines import read_lines
from index.sources.source_types import (
    Failed,
    Limits,
    Read,
    ReadResult,
    Skipped,
    Source,
    Withdrawn,
    printable,
)
from index.sources.taking import TAKES_ALL, Taking

LINES_ENDING = ".jsonl"
_DRAFTS = "_drafts"
"""Jekyll's folder of what is not published."""


ReadEach = Callable[[Iterable[Path], Source, Limits], Iterator[ReadResult]]
"""Reads the articles of files under a source, in order."""


def read_each(files: Iterable[Path], source: Source, limits: Limits) -> Iterator[ReadResult]:
    """Read the articles of files under a source, one file after the other."""
    for file in files:
        yield from read_file(file, source, limits=limits)


def read_files(
    source: Source, *, limits: Limits, taking: Taking = TAKES_ALL, read: ReadEach = read_each
) -> Iterator[ReadResult]:
    """Read every article of a file or folder, in order of path, as far as it is taken. `read` may read several at once."""
    unlisted: list[OSError] = []
    files = files_in(source.root, unlisted, follow_links=limits.follow_links)
    yield from read((file for file in files if taking.takes(path_in(file, source))), source, limits)
    for error in unlisted:
        path = printable(error.filename)
        yield Failed(path, path, _explain(error))


def files_in(root: Path, unlisted: list[OSError], *, follow_links: bool = False) -> Iterator[Path]:
    """Yield the files under a folder, or the file itself. Errors of folders that cannot be listed go to `unlisted`.

    A link to a folder outside is yielded like a file; with `follow_links`, the files in that folder are. A link to a place
    inside is left out, as its target is read under its own name.
    """
    if not root.is_dir():
        yield root
        return
    met = {os.path.realpath(root)}
    for folder, folders, names in os.walk(root, onerror=unlisted.append, followlinks=follow_links):
        # Hidden folders (.git, .venv) contain no articles to publish.
        shown = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in shown if os.path.islink(os.path.join(folder, name))]
        outward = [name for name in links if leads_out(Path(folder, name), root)]
        entered = [name for name in outward if follow_links and _is_new(Path(folder, name), met)]
        folders[:] = [name for name in shown if name not in links or name in entered]
        unfollowed = [] if follow_links else outward
        # Word records in files such as ~$report.docx who has a document open.
        for name in sorted([*unfollowed, *(name for name in names if not name.startswith((".", "~$")))]):
            yield Path(folder, name)


def leads_out(path: Path, root: Path) -> bool:
    """Return whether a path is a link that leads out of the folder that was named. The named path itself never counts."""
    if path == root or not path.is_symlink():
        return False
    inside = os.path.realpath(root)
    return os.path.commonpath([inside, os.path.realpath(path)]) != inside


def _is_new(folder: Path, met: set[str]) -> bool:
    real = os.path.realpath(folder)
    known = real in met
    met.add(real)
    return not known


def read_file(file: Path, source: Source, *, limits: Limits) -> Iterator[ReadResult]:
    """Read the article or articles of one file under a source."""
    ending = file.suffix.lower()
    try:
        if not limits.follow_links and file.exists() and leads_out(file, source.root):
            yield _led_out(file, source)
        elif not file.is_file() or ending not in {*ENDINGS, *FEED_ENDINGS, LINES_ENDING}:
            # A pipe or device would block the run, under any name. A broken link is a file that is gone.
            yield _gone(file) if file.is_symlink() and not file.exists() else Skipped(printable(file), _reason(ending))
        elif _DRAFTS in file.relative_to(source.root).parts:
            why = _passed_over(f"it is in a folder {_DRAFTS}")
            yield Withdrawn(printable(file), printable(file), default_id_of(file, source), why)
        elif ending == LINES_ENDING:
            yield from read_lines(file, source, limits)
        elif ending in FEED_ENDINGS:
            yield from read_feed_file(file, source, limits)
        else:
            yield from _read_whole(file, source, limits)
    except OSError as error:
        yield Failed(printable(file), printable(file), _explain(error))
    except IndexingStopped:
        raise
    except Exception as error:  # noqa: BLE001 - an error in one file must not end the run
        yield failed_file(file, error)


def failed_file(file: Path, error: Exception) -> Failed:
    """Return what is reported of an error that a whole file led to."""
    return failed(error, path=printable(file), file=file, raw=_start_of(file))


def default_id_of(file: Path, source: Source) -> str:
    """Return the id of the article in a file that gives none itself: its path below the folder, without its ending.

    The ending of a picture stays: it often lies next to the text that shows it, under the same name.
    """
    # Slashes on every system: an id is a name, not a path.
    name = Path(path_in(file, source))
    return source.prefix + (name if name.suffix.lower() in pictures.ENDINGS else name.with_suffix("")).as_posix()


def _passed_over(why: str) -> str:
    return f"is skipped: {why}."


def _led_out(file: Path, source: Source) -> ReadResult:
    why = "leads out of the folder that was named; FOOTNOTE_FOLLOW_LINKS=true reads such links"
    if file.is_dir():
        return Skipped(printable(file), f"is a link that {why}.")
    return Withdrawn(printable(file), printable(file), default_id_of(file, source), _passed_over(f"the link {why}"))


def _gone(file: Path) -> Failed:
    return Failed(
        printable(file), printable(file), "is a link to a file that does not exist. Correct or remove the link."
    )


def _reason(ending: str) -> str | None:
    return "lists addresses, which are fetched only where the file is named by itself." if ending == ".urls" else None


def _explain(error: OSError) -> str:
    return f"cannot be read ({error.strerror or error}). Check that the file exists and may be read."


def _start_of(file: Path) -> bytes:
    try:
        with file.open("rb") as raw:
            return raw.read(2 * LONGEST)
    except OSError:
        return b""


def _read_whole(file: Path, source: Source, limits: Limits) -> Iterator[ReadResult]:
    ending = file.suffix.lower()
    check_size(file.stat().st_size, ending, limits)
    extracted = yield from extract_apart(file.read_bytes(), ending, path=printable(file), limits=limits)
    default_id = default_id_of(file, source)
    if isinstance(extracted, str):
        yield Skipped(printable(file), extracted)
    elif why := extracted.metadata.unpublished:
        yield Withdrawn(printable(file), printable(file), extracted.metadata.id or default_id, _passed_over(why))
    else:
        article = article_from(extracted, default_id=default_id, path=file, limits=limits)
        yield Read(article, source, extracted.warnings)
