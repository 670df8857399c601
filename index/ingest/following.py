"""Keeps this process in step with a shared database: the words in its own folder, and which vectors belong to the catalogue.

Without a shared database there is nothing to follow: the process that changes an index writes its words itself.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from threading import Event

import structlog

from index.background import in_background
from index.errors import FootnoteError
from index.ingest.words import lexical_entries, renew_words, rewrite_words
from index.stores.live import LiveIndex
from index.stores.shared_catalog import SharedCatalog
from index.stores.store import Index

_NOTE = "followed.json"
_SECONDS = 1.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    """The latest change that the words contain: its number, and the content that it was of. 0 is before the first one.

    `collection` says which catalogue that was. After a rebuild, or in another database, it is another one.
    """

    collection: str
    number: int = 0
    key: str = ""


def follows(index: Index) -> bool:
    """Return whether the words are a copy that follows a shared database."""
    return isinstance(index.catalog, SharedCatalog)


def follow(index: Index) -> bool:
    """Bring the words of this process up to date with a shared database, and say whether anything had changed.

    Costs one short transaction if nothing has.
    """
    catalog = index.catalog
    if not isinstance(catalog, SharedCatalog):
        return False
    with index.following:
        reached = _read(index.folder)
        collection = index.vectors.place.collection
        changed = None
        if reached is not None and reached.collection == collection:
            changed = catalog.changed_since(reached.number, reached.key)
        if changed == []:
            return False
        if changed is None:
            latest = catalog.latest_change()
            rewrite_words(index)
        else:
            latest = changed[-1]
            keys = [key for _, key in changed]
            entries = [entry for one in catalog.contents_of(keys) for entry in lexical_entries(one)]
            index.words.add(entries, replacing=keys)
            renew_words(index)
        index.vectors.notice_changes()
        _write(index.folder, _Place(collection, *latest))
        return True


@contextmanager
def following(live: LiveIndex, *, every_seconds: float = _SECONDS) -> Iterator[None]:
    """Follow a shared database now, and then at this interval while in this context."""
    if not follows(live.current):
        yield
        return
    follow(live.current)
    with in_background(partial(_follow_until, live, every_seconds), name="following"):
        yield


def _follow_until(live: LiveIndex, every_seconds: float, stopping: Event) -> None:
    while not stopping.wait(every_seconds):
        try:
            _adopt(live)
            if follow(live.current):
                live.changed.set()
        except FootnoteError as error:
            log.warning("the shared index cannot be followed", reason=str(error))  # the next second tries again


def _adopt(live: LiveIndex) -> None:
    """Read from the collection that the catalogue names now. Another process may have made the index again."""
    with live.current.backend.locks.here.changing:
        if (new := live.current.in_step()) is not live.current:
            live.adopt(new)


def mark_followed(index: Index) -> None:
    """Note that the words contain everything up to now, after they were written from the catalogue."""
    if isinstance(index.catalog, SharedCatalog):
        _write(index.folder, _Place(index.vectors.place.collection, *index.catalog.latest_change()))


def _read(folder: Path) -> _Place | None:
    try:
        return _Place(**json.loads((folder / _NOTE).read_text()))
    except (OSError, ValueError, TypeError):
        return None  # a new folder, or a damaged file: the words are written again


def _write(folder: Path, place: _Place) -> None:
    written = folder / f"{_NOTE}.new"
    written.write_text(json.dumps(asdict(place)))
    os.replace(written, folder / _NOTE)
