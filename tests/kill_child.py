"""Runs Footnote's indexing in forked processes that are killed. Started once, so that the model is loaded once.

Reads lines of JSON, forks for each, and prints the fork's exit code, negative for a signal. `die_at` is how many steps of
writing are taken before the fork kills itself, `die_after` how many seconds pass before it is killed.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import index.ingest.rebuild
import index.ingest.writing
from index.errors import StoreUnavailable
from index.ingest.pruning import Pruning
from index.ingest.upkeep import rebuild_all, update
from index.models.embedding import Embedder
from index.models.sentence_vectors import SentenceVectors
from index.settings import PACKAGED_MODEL, IndexSettings
from index.stores import generations
from index.stores.catalog import Catalog
from index.stores.lexical import LexicalIndex
from index.stores.live import LiveIndex
from index.stores.store import Index, opened
from index.stores.vectors import VectorStore

# Everything that writes: each is a step before and a step after.
WRITES: list[tuple[Any, str]] = [
    (Catalog, "stage"),
    (Index, "embed_passages"),
    (VectorStore, "add"),
    (LexicalIndex, "add"),
    (Catalog, "publish"),
    (Catalog, "delete"),
    (VectorStore, "delete"),
    (Catalog, "forget"),
    (Catalog, "copy_to"),
    (Catalog, "copy_into"),
    (Catalog, "forget_cuts"),
    (Catalog, "put_cuts"),
    (Catalog, "set_fact"),
    (generations, "make_current"),
    (generations, "remove"),
]


def main() -> None:
    """Serve forks until the standard input ends."""
    torch.set_num_threads(1)  # a fork has none of its parent's threads
    index.ingest.writing._ARTICLES_AT_ONCE = 3  # many small steps, so that a kill falls between any two of them
    index.ingest.rebuild._CONTENTS_AT_ONCE = 8
    embedder = Embedder(PACKAGED_MODEL)
    embedder.load()
    for line in sys.stdin:
        order = json.loads(line)
        die_after = order.pop("die_after")
        child = os.fork()
        if child == 0:
            os._exit(_run(embedder, **order))
        if die_after is not None:
            time.sleep(die_after)
            os.kill(child, signal.SIGKILL)  # not waited for yet, so the id is still its own
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(
    embedder: Embedder, *, data: str, articles: str, rebuild: bool, die_at: int | None, servers: dict[str, Any]
) -> int:
    """Index. Return 1 if a server could not be reached."""
    if die_at is not None:
        _die_at(die_at)
    settings = IndexSettings(_env_file=None, data_dir=Path(data), **servers)
    try:
        indexed = replace(opened(settings), embedder=embedder, sentence_vectors=SentenceVectors(embedder))
        with closing(LiveIndex(indexed)) as live:
            if rebuild:
                rebuild_all(live)
            update(live, [Path(articles)], pruning=Pruning(enabled=True, limit=1.0))
    except StoreUnavailable:
        return 1
    return 0


def _die_at(steps: int) -> None:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1
        if taken > steps:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name in WRITES:
        setattr(owner, name, _stepping(getattr(owner, name), step))


def _stepping(write: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def stepping(*args: Any, **named: Any) -> Any:
        step()
        result = write(*args, **named)
        step()
        return result

    return stepping


if __name__ == "__main__":
    main()
