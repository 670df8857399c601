"""Where files are read, articles cut and passages embedded: in this process, or on a Ray cluster.

What is written, and in which order, does not depend on it: that is done in this process alone.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.ingest.cutting import CutArticle, cut
from index.ingest.run_control import RunControl
from index.models.embedding import Vectors
from index.settings import IndexSettings
from index.sources.files import read_each
from index.sources.source_types import Limits, ReadResult, Source
from index.stores.publishing import Prepared
from index.stores.store import Index


class Workers(Protocol):
    """What does the work of indexing. Safe to use from several threads."""

    @property
    def at_once(self) -> int:
        """How many files or batches of articles are worth giving to it at the same time."""

    def read(self, files: Iterable[Path], source: Source, limits: Limits) -> Iterator[ReadResult]:
        """Read the articles of files under a source, in order."""

    def cut(self, prepared: Prepared) -> CutArticle:
        """Cut an article into passages. Raises ArticleError, or whatever else cutting raised."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text. A text that was embedded before is not embedded again."""


@dataclass(frozen=True, slots=True)
class InThisProcess:
    """Reads, cuts and embeds here, with the models of an index."""

    index: Index
    at_once: int = 1

    def read(self, files: Iterable[Path], source: Source, limits: Limits) -> Iterator[ReadResult]:
        """Read the articles of files under a source, in order."""
        return read_each(files, source, limits)

    def cut(self, prepared: Prepared) -> CutArticle:
        """Cut an article into passages."""
        return cut(self.index, prepared)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        return self.index.embed_passages(texts)


def worker_count(settings: IndexSettings) -> int:
    """Return how many workers of Ray are used."""
    return settings.ingest_workers or os.cpu_count() or 1


def workers_named(settings: IndexSettings) -> str | None:
    """Say which workers of Ray are used, or None where the process itself does the work. Asks no cluster."""
    if settings.ingest == "local":
        return None
    where = os.environ.get("RAY_ADDRESS") or "this machine"
    return f"by Ray on {where} ({worker_count(settings)} workers)"


@contextmanager
def workers_for(index: Index, control: RunControl) -> Iterator[Workers]:
    """Yield what the settings say: Ray is started with the first work, and left at the end. Raises WrongUsage."""
    if index.settings.ingest == "ray":
        from index.ingest.on_ray import OnRay

        with OnRay(index, control) as workers:
            yield workers
    else:
        yield InThisProcess(index)
