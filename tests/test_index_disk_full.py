"""A disk that is full ends a run with a clear error, and the index stays as it was and can be asked.

The system lets this process write no file beyond a size, as a full disk would not.
"""

import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.errors import DataFolderUnusable
from index.ingest.check import check
from index.ingest.sync import sync
from index.ingest.upkeep import rebuild_all, update
from index.models.embedding import Embedder, Vectors
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from tests.service_fixtures import RememberingEmbedder, assistant_over, settings_for


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Embedding is made up: what is tested is writing."""

    def made_up(self: Embedder, texts: Sequence[str]) -> Vectors:
        rows = np.random.default_rng(1).standard_normal((len(texts), 384)).astype(np.float32)
        vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return vectors

    monkeypatch.setattr(RememberingEmbedder, "embed_passages", made_up)


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let this process write no file beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("what", ["update", "rebuild"])
@pytest.mark.parametrize("limit", [10_000, 300_000])
def test_a_full_disk_is_told_and_leaves_the_index_as_it_was(
    place: Path, folder: Path, opened_in: Callable[..., Any], what: str, limit: int
) -> None:
    (folder / "rome.md").write_text("It rained in Rome.")
    (folder / "bank.md").write_text("The bank raised its rate.")
    with opened_in(place / "data") as index:
        sync(index, [folder])
        entries = index.catalog.entries()
    for n in range(120):
        (folder / f"new-{n}.md").write_text(f"# Report {n}\n\n" + f"The survey number {n} counted boats. " * 40)
    if what == "rebuild":
        with opened_in(place / "data") as index:
            sync(index, [folder])
            entries = index.catalog.entries()
    full = pytest.raises(DataFolderUnusable, match=r"Is the disk full, or the folder not writable\?")
    with assistant_over(settings_for(place / "data")) as assistant, full, no_file_beyond(limit):
        rebuild_all(assistant.live) if what == "rebuild" else update(assistant.live, [folder])
    with opened_in(place / "data") as index:
        assert entries.items() <= index.catalog.entries().items()
        assert retrieve(index, "Where did it rain?", access=EVERYTHING, filters=Filters()).hits
        sync(index, [folder])
        assert len(index.catalog.entries()) == 122
        assert check(index).agree
