"""Copies the index into another folder while it answers questions, and checks the copy."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.ingest.check import Differences, check
from index.ingest.rebuild import catch_up, fill
from index.records import EVERYTHING
from index.stores.live import LiveIndex


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The number of articles in a copy of an index, and the differences between its three stores."""

    articles: int
    differences: Differences


def copy_index(live: LiveIndex, folder: Path) -> CopyResult:
    """Copy the live index into an empty folder, as one consistent snapshot.

    Each store is read and written by its own library, so the copy does not depend on the state of files at one moment.
    Questions and deletions go on; runs of indexing wait. Raises IndexDamaged if a store cannot be read, DataFolderUnusable if
    the folder cannot be written.
    """
    with live.indexing:
        old = live.current
        with live.changing:
            opened = old.open_copy(folder)
        with closing(opened) as copy:
            fill(copy, copied=old)
            with live.changing:
                catch_up(copy, old)
            return CopyResult(copy.catalog.count(EVERYTHING), check(copy))
