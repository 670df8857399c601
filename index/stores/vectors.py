"""Passage vectors in Chroma. Only this module and `index.stores.chroma` use it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

import chromadb
import numpy as np
from chromadb.errors import InternalError

from index.models.embedding import Vectors
from index.stores.chroma import ChromaFolder, ChromaPlace, reaching, reading, writing

_T = TypeVar("_T")
# SQLite allows a limited number of parameters in one statement, and Chroma passes ids as parameters.
_IDS_AT_ONCE = 2_000
# A query among given ids scans the whole collection: 25,000 vectors in the time in which about 450 are fetched by id.
_SCANNED_PER_FETCH = 50


class VectorStore:
    """The vectors of all passages by passage id."""

    def __init__(self, place: Path | ChromaPlace) -> None:
        """Open or create the folder, or a collection of a server. Raises IndexDamaged or StoreUnavailable."""
        self.place = ChromaFolder(place) if isinstance(place, Path) else place
        with reading(self.place):
            self._client = self.place.client()
            self._collection = self._opened()
        self._count: int | None = None
        self._writes = 0
        self._counting = Lock()

    def _opened(self) -> chromadb.Collection:
        # All vectors have length 1, so the inner product is the cosine. In the space "cosine", which older indexes have,
        # Chroma divides each vector by its length again, which changes last digits. With a smaller `ef_search`, every third
        # question misses one of its 100 nearest passages, and another graph of the same vectors misses another one.
        return self._client.get_or_create_collection(
            self.place.collection,
            embedding_function=None,
            configuration={"hnsw": {"space": "ip", "ef_search": 800, "ef_construction": 200}},
        )

    def clear(self) -> None:
        """Remove everything, also the stored dimension of the vectors."""
        with self._writing():
            self._client.delete_collection(self.place.collection)
            self._collection = self._opened()

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under new ids. An id that exists keeps its vector: the same id always means the same text."""
        with self._writing():
            for part in _parts(range(len(ids))):
                self._collection.add(ids=[ids[i] for i in part], embeddings=vectors[list(part)])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors. Unknown ids are ignored."""
        with self._writing():
            for part in _parts(ids):
                self._collection.delete(ids=list(part))

    def nearest(self, vector: Vectors, count: int) -> dict[str, float]:
        """Return the ids of the `count` nearest passages with their cosine similarity, nearest first."""
        with reading(self.place):
            return self._nearest(vector, count)

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a vector of length 1 to these passages. Unknown ids are left out."""
        similarities: dict[str, float] = {}
        for part in map(list, _parts(ids)):
            if len(part) * _SCANNED_PER_FETCH > self.count():
                # An unknown id, for example one that is being deleted, makes the whole query fail.
                with suppress(InternalError), reaching(self.place):
                    similarities |= self._nearest(vector, len(part), among=part)
            if missing := [id_ for id_ in part if id_ not in similarities]:
                similarities |= self.compared(vector, missing)
        return similarities

    def compared(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity to these passages, computed here: the same in every copy of an index.

        Chroma's own differs in its last digit with the way in which a vector came into its graph. Unknown ids are left out.
        """
        stored = self.get(ids)
        exact = np.stack(list(stored.values())).astype(np.float64) @ vector if stored else np.empty(0)
        return dict(zip(stored, exact.astype(np.float32).tolist(), strict=True))

    def get(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the stored vectors of these passages. Unknown ids are left out."""
        return {id_: row for part in _parts(ids) for id_, row in zip(*self._stored(part), strict=True)}

    def ids(self) -> list[str]:
        """Return the ids of all vectors."""
        with reading(self.place):
            return list(self._collection.get(include=[])["ids"])

    def _nearest(self, vector: Vectors, count: int, *, among: list[str] | None = None) -> dict[str, float]:
        found = self._collection.query(
            query_embeddings=vector[np.newaxis], n_results=count, ids=among, include=["distances"]
        )
        # A server sends the shortest digits that name the same float32. So both kinds give the same similarity.
        distances = np.asarray((found["distances"] or [[]])[0], np.float32).tolist()
        return {id_: 1.0 - distance for id_, distance in zip(found["ids"][0], distances, strict=True)}

    def count(self) -> int:
        """Return how many vectors there are."""
        # Cached, as Chroma counts them one by one. What other processes write: `notice_changes`.
        if (known := self._count) is not None:
            return known
        writes = self._writes
        with reading(self.place):
            counted = self._collection.count()
        with self._counting:
            if writes == self._writes:
                self._count = counted
        return counted

    def notice_changes(self) -> None:
        """Take notice of what other processes wrote: the count, and a collection that was emptied and made again."""
        with reading(self.place):
            self._collection = self._client.get_collection(self.place.collection, embedding_function=None)
        self._written()

    def _written(self) -> None:
        with self._counting:
            self._writes += 1
            self._count = None

    def _stored(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        # An id that is being deleted at this moment makes the whole query fail. The second time it is gone.
        with suppress(InternalError), reaching(self.place):
            return self._fetched(ids)
        with reading(self.place):
            return self._fetched(ids)

    def _fetched(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        found = self._collection.get(ids=list(ids), include=["embeddings"])
        return found["ids"], np.asarray(found["embeddings"], np.float32)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with writing(self.place):
                yield
        finally:
            self._written()

    def close(self) -> None:
        """Close the folder, or the connections to the server."""
        self.place.close(self._client)


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for first in range(0, len(items), _IDS_AT_ONCE):
        yield items[first : first + _IDS_AT_ONCE]
