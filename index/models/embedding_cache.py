"""A cache of vectors on disk, so that a text that was embedded before need not be embedded again."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.disk_cache import DiskCache
from index.models.embedding import Vectors

Embed = Callable[[Sequence[str]], Vectors]


class EmbeddingCache:
    """At most about `most` vectors, in float32. Safe to use from many threads."""

    def __init__(self, path: Path, *, most: int) -> None:
        self._cache = DiskCache(path, "vector", most=most) if most else None

    def get_or_embed(self, texts: Sequence[str], *, model: str, embed: Embed) -> Vectors:
        """Return one row a text: from the cache if this model (its fingerprint) embedded the text before, else by `embed`."""
        if self._cache is None or not texts:
            return embed(texts)
        keys = [_key(model, text) for text in texts]
        known = {key: np.frombuffer(vector, np.float32) for key, vector in self._cache.get(keys).items()}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = dict(zip(new, embed(list(new.values())), strict=True))
            self._cache.put({key: np.ascontiguousarray(one, np.float32).tobytes() for key, one in made.items()})
            known |= made
        return np.stack([known[key] for key in keys])

    def close(self) -> None:
        """Close the file."""
        if self._cache is not None:
            self._cache.close()


def _key(model: str, text: str) -> bytes:
    return hashlib.sha256(f"{model}\0{text}".encode()).digest()
