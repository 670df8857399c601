"""Keeps what the models computed while the same questions are asked many times, so that only the first time is slow.

Both models give the same numbers whatever they are asked together with (docs/decisions/0008), so nothing changes by it.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np

from index.models.embedding import Embedder, Vectors
from index.reader.model import Reader

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


@contextmanager
def cached_models() -> Iterator[None]:
    """Remember in memory every passage that is read and every text that is embedded, for all models of this process."""
    read, embed_passages, embed_questions = Reader.read, Embedder.embed_passages, Embedder.embed_questions
    readings: dict[Hashable, Any] = {}
    passages: dict[Hashable, Any] = {}
    questions: dict[Hashable, Any] = {}

    def cached_read(self: Reader, pairs: Sequence[Any]) -> list[Any]:
        return _cached(readings, self.fingerprint, pairs, lambda missing: read(self, missing))

    def cached_passages(self: Embedder, texts: Sequence[str]) -> Vectors:
        rows = _cached(passages, self.fingerprint, texts, lambda missing: list(embed_passages(self, missing)))
        return np.stack(rows) if rows else embed_passages(self, [])

    def cached_questions(self: Embedder, texts: Sequence[str]) -> Vectors:
        rows = _cached(questions, self.fingerprint, texts, lambda missing: list(embed_questions(self, missing)))
        return np.stack(rows) if rows else embed_questions(self, [])

    with ExitStack() as stack:
        stack.enter_context(patch.object(Reader, "read", cached_read))
        stack.enter_context(patch.object(Embedder, "embed_passages", cached_passages))
        stack.enter_context(patch.object(Embedder, "embed_questions", cached_questions))
        yield


def _cached(
    kept: dict[Hashable, _Value],
    model: str,
    keys: Sequence[_Key],
    compute: Callable[[Sequence[_Key]], list[_Value]],
) -> list[_Value]:
    missing = [key for key in dict.fromkeys(keys) if (model, key) not in kept]
    if missing:
        for key, value in zip(missing, compute(missing), strict=True):
            kept[model, key] = value
    return [kept[model, key] for key in keys]
