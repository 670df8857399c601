"""Keeps the index equal to folders while a service runs: whenever files change, what they belong to is indexed again."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import structlog
from watchfiles import DefaultFilter, watch

from index.errors import FootnoteError, WrongUsage
from service.upkeep_wire import IndexReportWire, WatchWire
from service.watches import Watches

# The share of a folder's articles that may go at once, as `footnote index --prune` has it.
PRUNE_LIMIT = 0.2
# Changes are gathered until nothing has changed for the one, for the other at most: an editor writes a file several times.
_QUIET_MS = 500
_LONGEST_MS = 5_000
_AGAIN_SECONDS = 10.0
log = structlog.get_logger(__name__)


class Indexing(Protocol):
    """What watching asks of a desk."""

    @property
    def watches(self) -> Watches: ...

    def index(self, paths: Sequence[Path], *, prune: bool, prune_limit: float, dry_run: bool) -> IndexReportWire: ...


@contextmanager
def watching(desk: Indexing, paths: Iterable[Path], *, data_dir: Path) -> Iterator[None]:
    """Watch these files and folders while in this context, and index each once at the start.

    Articles whose files are gone are deleted, up to a fifth of a folder's at once. What goes wrong is logged and noted in the
    desk's `watches`, and never ends the watching. Raises WrongUsage when a path does not exist at the start.
    """
    roots = list(dict.fromkeys(Path(os.path.abspath(path)) for path in paths))
    if missing := [root for root in roots if not root.exists()]:
        raise WrongUsage(f"{missing[0]} does not exist. Name a file or folder to watch that does.")
    for root in roots:
        desk.watches.note(WatchWire(path=str(root)))
    stop = Event()
    threads = [Thread(target=_keep_equal, args=[desk, root, data_dir.resolve(), stop], daemon=True) for root in roots]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class _Articles(DefaultFilter):
    """Leaves out what editors and version control write, and the data folder, which indexing itself changes."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(ignore_paths=[data_dir])


def _keep_equal(desk: Indexing, root: Path, data_dir: Path, stop: Event) -> None:
    while not stop.is_set():
        try:
            # Listening begins before the folder is read, so that no change falls between the two.
            for _ in _changes(root, data_dir, stop):
                _index(desk, root)
        except (OSError, RuntimeError) as error:
            # The folder was moved away, or the system watches no more files. It may come back.
            _note(desk, root, [f"{root} cannot be watched: {error}"])
            stop.wait(_AGAIN_SECONDS)


def _changes(root: Path, data_dir: Path, stop: Event) -> Iterator[None]:
    """Yield once at the start, and then whenever something changed or the folder went away."""
    found = watch(
        root,
        watch_filter=_Articles(data_dir),
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


def _index(desk: Indexing, root: Path) -> None:
    try:
        report = desk.index([root], prune=True, prune_limit=PRUNE_LIMIT, dry_run=False)
    except FootnoteError as error:
        _note(desk, root, [str(error)])
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    changed = {name: getattr(report, name) for name in ("added", "updated", "renamed", "deleted")}
    if any(changed.values()):
        log.info("indexed", path=str(root), **changed)
    _note(desk, root, [f"{failed.path} {failed.error}" for failed in report.failed], last_sync=now)


def _note(desk: Indexing, root: Path, problems: list[str], *, last_sync: str | None = None) -> None:
    for problem in problems:
        log.warning("watching", path=str(root), problem=problem)
    desk.watches.note(
        WatchWire(path=str(root), last_sync=last_sync or desk.watches.last_sync(str(root)), problems=problems)
    )
