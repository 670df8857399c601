"""Copies an index into another folder while it answers. What the copy holds is read again and compared."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.ingest.check import Differences, check
from index.ingest.rebuild import catch_up, fill
from index.records import EVERYTHING
from index.stores.live import LiveIndex


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What a copy of an index holds, and what its three stores differ in."""

    articles: int
    differences: Differences


def copy_index(live: LiveIndex, folder: Path) -> CopyResult:
    """Copy the index that answers into an empty folder, as it is at one moment.

    Each store is read and written by its own library, so nothing depends on what its files go through meanwhile. Questions
    and deletions go on; runs of indexing wait. Raises IndexDamaged when a store cannot be read,
    DataFolderUnusable when the folder cannot be written.
    """
    with live.indexing:
        old = live.current
        with live.changing:
            old.copy_catalog_to(folder)
        with closing(old.open_copy(folder)) as copy:
            fill(copy, copied=old)
            with live.changing:
                catch_up(copy, old)
            return CopyResult(copy.catalog.count(EVERYTHING), check(copy))
