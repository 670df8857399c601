"""Passage vectors in Chroma. The only module that knows Chroma."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import InternalError

from index.embedding import Vectors

_T = TypeVar("_T")
_COLLECTION = "passages"
# SQLite takes a limited number of parameters in one statement; Chroma passes ids on as such.
_IDS_AT_ONCE = 2_000


class VectorStore:
    """The vectors of all passages by passage id. One process may have a folder open at a time."""

    def __init__(self, folder: Path) -> None:
        self._client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        self._collection = self._opened()

    def _opened(self) -> chromadb.Collection:
        return self._client.get_or_create_collection(
            _COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
        )

    def clear(self) -> None:
        """Remove everything, also the memory of how long a vector is."""
        self._client.delete_collection(_COLLECTION)
        self._collection = self._opened()

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under new ids. An id that exists keeps its vector: the same id always means the same text."""
        for part in _parts(range(len(ids))):
            self._collection.add(ids=[ids[i] for i in part], embeddings=vectors[list(part)])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors. Ids that do not exist are fine."""
        for part in _parts(ids):
            self._collection.delete(ids=list(part))

    def nearest(self, vector: Vectors, count: int) -> dict[str, float]:
        """Return the ids of the `count` nearest passages with their cosine similarity, nearest first."""
        return self._nearest(vector, count)

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Return the exact cosine similarity of a vector of length 1 to these passages. Unknown ids are left out."""
        similarities: dict[str, float] = {}
        for part in _parts(ids):
            # Several times as fast as getting the vectors, but an id that is not there, say as it is being deleted, fails
            # the whole query, and of very many ids the search tree may miss some.
            with suppress(InternalError):
                similarities |= self._nearest(vector, len(part), among=list(part))
            if missing := [id_ for id_ in part if id_ not in similarities]:
                similarities |= self._compared(vector, missing)
        return similarities

    def _nearest(self, vector: Vectors, count: int, *, among: list[str] | None = None) -> dict[str, float]:
        found = self._collection.query(
            query_embeddings=vector[np.newaxis], n_results=count, ids=among, include=["distances"]
        )
        distances = found["distances"] or [[]]
        return {id_: 1.0 - distance for id_, distance in zip(found["ids"][0], distances[0], strict=True)}

    def _compared(self, vector: Vectors, ids: list[str]) -> dict[str, float]:
        found = self._collection.get(ids=ids, include=["embeddings"])
        if not found["ids"]:
            return {}
        return dict(zip(found["ids"], map(float, np.asarray(found["embeddings"], np.float32) @ vector), strict=True))

    def count(self) -> int:
        """Return how many vectors there are."""
        return self._collection.count()

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()  # type: ignore[attr-defined]


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for first in range(0, len(items), _IDS_AT_ONCE):
        yield items[first : first + _IDS_AT_ONCE]
