"""Watches folders while a service runs, and indexes a folder again whenever its files change."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Protocol

import structlog
from watchfiles import DefaultFilter, watch

from index.background import in_background
from index.errors import FootnoteError, IndexingStopped, WrongUsage
from service.maintenance.watch_status import WatchStatus
from service.schemas.maintenance import IndexReportWire, WatchWire

# The share of a folder's articles that may go at once, as `footnote index --prune` has it.
PRUNE_LIMIT = 0.2
# Changes are collected until nothing has changed for the first time span, at most for the second: editors write a file
# several times.
_QUIET_MS = 500
_LONGEST_MS = 5_000
# The first pause after a failure. Each further one doubles it.
_AGAIN_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0
log = structlog.get_logger(__name__)


class Indexer(Protocol):
    """What watching needs from an assistant."""

    @property
    def watch_status(self) -> WatchStatus: ...

    def index(self, paths: Sequence[Path], *, prune: bool, prune_limit: float, dry_run: bool) -> IndexReportWire: ...

    def stop_indexing(self) -> None: ...


@contextmanager
def watching(assistant: Indexer, paths: Iterable[Path], *, data_dir: Path) -> Iterator[None]:
    """Watch these files and folders while in this context, and index each once at the start.

    Articles whose files are gone are deleted, up to a fifth of a folder's at once. Errors are logged and noted in the
    assistant's `watch_status`, and never end the watching. Raises WrongUsage if a path does not exist at the start.
    """
    roots = list(dict.fromkeys(Path(os.path.abspath(path)) for path in paths))
    if missing := [root for root in roots if not root.exists()]:
        raise WrongUsage(f"{missing[0]} does not exist. Name a file or folder to watch that does.")
    for root in roots:
        assistant.watch_status.note(WatchWire(path=str(root)))
    with ExitStack() as threads:
        for root in roots:
            work = partial(_watch_and_index, assistant, root, data_dir.resolve())
            threads.enter_context(in_background(work, name="watching", on_stop=assistant.stop_indexing))
        yield


class _ArticleFilter(DefaultFilter):
    """Ignores files of editors and version control, and the data folder, which indexing itself changes."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(ignore_paths=[data_dir])


def _watch_and_index(assistant: Indexer, root: Path, data_dir: Path, stop: Event) -> None:
    """Watch until `stop` is set. After an error, note it and try again after a growing pause."""
    while not stop.is_set():
        try:
            # Listening begins before the folder is read, so that no change falls between the two.
            for _ in _changes(root, data_dir, stop):
                _index(assistant, root)
        except IndexingStopped:
            return  # the service stops
        except Exception as error:  # noqa: BLE001 - nothing ends the watching: restrictions set later have to count
            stop.wait(_note_failure(assistant, root, error))


def _note_failure(assistant: Indexer, root: Path, error: Exception) -> float:
    """Note that watching failed. Return after how many seconds to try again."""
    failures = assistant.watch_status.failures(str(root)) + 1
    pause = min(_AGAIN_SECONDS * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_SECONDS)
    expected = isinstance(error, (FootnoteError, OSError, RuntimeError))
    log.warning("watching", path=str(root), problem=str(error), failures=failures, exc_info=not expected)
    problem = (
        str(error) if isinstance(error, FootnoteError) else f"{root} cannot be watched: {type(error).__name__}: {error}"
    )
    again = datetime.now(UTC) + timedelta(seconds=pause)
    assistant.watch_status.note(
        WatchWire(
            path=str(root),
            last_sync=assistant.watch_status.last_sync(str(root)),
            problems=[problem],
            failures=failures,
            next_try=again.isoformat(timespec="seconds"),
        )
    )
    return pause


def _changes(root: Path, data_dir: Path, stop: Event) -> Iterator[None]:
    """Yield once at the start, and then after each change. Raises FileNotFoundError if the folder is gone."""
    found = watch(
        root,
        watch_filter=_ArticleFilter(data_dir),
        debounce=_LONGEST_MS,
        step=_QUIET_MS,
        stop_event=stop,
        rust_timeout=1_000,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    first = True
    for changes in found:
        if not root.exists():
            raise FileNotFoundError(f"{root} is gone")
        if changes or first:
            first = False
            yield


def _index(assistant: Indexer, root: Path) -> None:
    report = assistant.index([root], prune=True, prune_limit=PRUNE_LIMIT, dry_run=False)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    changed = {name: getattr(report, name) for name in ("added", "updated", "renamed", "deleted")}
    if any(changed.values()):
        log.info("indexed", path=str(root), **changed)
    _note(assistant, root, [f"{failed.path} {failed.error}" for failed in report.failed], last_sync=now)


def _note(assistant: Indexer, root: Path, problems: list[str], *, last_sync: str) -> None:
    for problem in problems:
        log.warning("watching", path=str(root), problem=problem)
    assistant.watch_status.note(WatchWire(path=str(root), last_sync=last_sync, problems=problems))
