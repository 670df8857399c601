"""A disk that is full ends a run with a clear error, and the index stays as it was and can be asked.

The process that indexes is one of its own: the system lets it write no file beyond a size, as a full disk would not.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.ingest.check import check
from index.ingest.sync import sync
from index.models.embedding import Embedder, Vectors
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from tests.service_fixtures import RememberingEmbedder

# Embedding is made up: what is tested is writing, and loading the model takes seconds.
CHILD = """
import resource, signal, sys
from contextlib import closing
from pathlib import Path
import numpy as np
from index.models.embedding import Embedder
from index.errors import FootnoteError
from index.stores.live import LiveIndex
from index.settings import IndexSettings
from index.stores.store import opened
from index.ingest.upkeep import rebuild_all, update
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def made_up(self, texts):
    rows = np.random.default_rng(1).standard_normal((len(texts), 384)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
Embedder.embed_passages = made_up
for line in sys.stdin:
    data, articles, what, limit = line.rstrip("\\n").split("\\t")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(LiveIndex(opened(IndexSettings(_env_file=None, data_dir=Path(data))))) as live:
        live.current.embedder.load()
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), unlimited[1]))
        said = "no error"
        try:
            rebuild_all(live) if what == "rebuild" else update(live, [Path(articles)])
        except FootnoteError as error:
            said = f"{type(error).__name__} {error}"
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    print(said.replace("\\n", " "), flush=True)
"""
Run = Callable[[Path, Path, str, int], str]


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Embedding is made up in this process too."""

    def made_up(self: Embedder, texts: Sequence[str]) -> Vectors:
        rows = np.random.default_rng(1).standard_normal((len(texts), 384)).astype(np.float32)
        vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return vectors

    monkeypatch.setattr(RememberingEmbedder, "embed_passages", made_up)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Index with a limit in another process, and return the error. It loads the model once for all tests."""
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        told, said = child.stdin, child.stdout

        def run(data: Path, articles: Path, what: str, limit: int) -> str:
            told.write(f"{data}\t{articles}\t{what}\t{limit}\n")
            told.flush()
            return said.readline()

        yield run


@pytest.mark.parametrize("what", ["update", "rebuild"])
@pytest.mark.parametrize("limit", [10_000, 300_000])
def test_a_full_disk_is_told_and_leaves_the_index_as_it_was(
    place: Path, folder: Path, opened_in: Callable[..., Any], run: Run, what: str, limit: int
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
    said = run(place / "data", folder, what, limit)
    assert said.startswith("DataFolderUnusable"), said
    assert "Is the disk full, or the folder not writable?" in said
    with opened_in(place / "data") as index:
        assert entries.items() <= index.catalog.entries().items()
        assert retrieve(index, "Where did it rain?", access=EVERYTHING, filters=Filters()).hits
        sync(index, [folder])
        assert len(index.catalog.entries()) == 122
        assert check(index).agree
