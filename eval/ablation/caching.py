"""Keeps what was computed while the same questions are asked many times, so that only the first time is slow.

The models give the same numbers whatever they are asked together with (docs/decisions/0008), and the index does not change
meanwhile, so nothing changes by it.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import numpy as np

from eval.ablation.changes import Replace, replaced
from index.models.embedding import Embedder, Vectors
from index.reader.model import Reader
from index.stores.store import Index

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


@contextmanager
def cached() -> Iterator[None]:
    """Remember in memory what is read, embedded and found for one question set: of all models, and of one index."""
    with ExitStack() as stack:
        stack.enter_context(replaced(Replace("index.reader.model:Reader.read", _cached_read)))
        for name in ("embed_passages", "embed_questions"):
            stack.enter_context(replaced(Replace(f"index.models.embedding:Embedder.{name}", _cached_embedding)))
        # What it finds depends on the settings, and on nothing that the registry replaces.
        stack.enter_context(replaced(Replace("index.retrieval:retrieve", _cached_retrieve)))
        yield


def _cached_read(read: Callable[[Reader, Sequence[Any]], list[Any]]) -> Callable[[Reader, Sequence[Any]], list[Any]]:
    kept: dict[Hashable, Any] = {}

    def cached_read(self: Reader, pairs: Sequence[Any]) -> list[Any]:
        return _with_missing(kept, self.fingerprint, pairs, lambda missing: read(self, missing))

    return cached_read


def _cached_embedding(
    embed: Callable[[Embedder, Sequence[str]], Vectors],
) -> Callable[[Embedder, Sequence[str]], Vectors]:
    kept: dict[Hashable, Vectors] = {}

    def cached_embedding(self: Embedder, texts: Sequence[str]) -> Vectors:
        rows = _with_missing(kept, self.fingerprint, texts, lambda missing: list(embed(self, missing)))
        return np.stack(rows) if rows else embed(self, [])

    return cached_embedding


def _cached_retrieve(retrieve: Callable[..., Any]) -> Callable[..., Any]:
    kept: dict[Hashable, Any] = {}

    def cached_retrieve(index: Index, question: str, **asked: Hashable) -> Any:
        key = (repr(index.settings), question, tuple(sorted(asked.items())))
        if key not in kept:
            kept[key] = retrieve(index, question, **asked)
        return kept[key]

    return cached_retrieve


def _with_missing(
    kept: dict[Hashable, _Value],
    model: str,
    keys: Sequence[_Key],
    compute: Callable[[Sequence[_Key]], list[_Value]],
) -> list[_Value]:
    """Return the values of these keys, of which those that are not kept yet are computed together."""
    missing = [key for key in dict.fromkeys(keys) if (model, key) not in kept]
    if missing:
        for key, value in zip(missing, compute(missing), strict=True):
            kept[model, key] = value
    return [kept[model, key] for key in keys]
