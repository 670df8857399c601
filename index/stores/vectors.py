"""Passage vectors in Chroma. The only module that uses Chroma."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError, InternalError, InvalidArgumentError

from index.errors import DataFolderUnusable, IndexDamaged, IndexMismatch
from index.models.embedding import Vectors

_T = TypeVar("_T")
_COLLECTION = "passages"
# SQLite allows a limited number of parameters in one statement, and Chroma passes ids as parameters.
_IDS_AT_ONCE = 2_000
# A query among given ids scans the whole collection: 25,000 vectors in the time in which about 450 are fetched by id.
_SCANNED_PER_FETCH = 50


class VectorStore:
    """The vectors of all passages by passage id. One process may have a folder open at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or create the folder. Raises IndexDamaged."""
        self._folder = folder
        with self._reading():
            self._client = _client(folder)
            self._collection = self._opened()
        self._count: int | None = None
        self._writes = 0
        self._counting = Lock()

    def _opened(self) -> chromadb.Collection:
        return self._client.get_or_create_collection(
            _COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
        )

    def clear(self) -> None:
        """Remove everything, also the stored dimension of the vectors."""
        self._client.delete_collection(_COLLECTION)
        self._collection = self._opened()
        self._written()

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
        with self._reading():
            return self._nearest(vector, count)

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Return the exact cosine similarity of a vector of length 1 to these passages. Unknown ids are left out."""
        similarities: dict[str, float] = {}
        for part in map(list, _parts(ids)):
            if len(part) * _SCANNED_PER_FETCH > self.count():
                # An unknown id, for example one that is being deleted, makes the whole query fail.
                with suppress(InternalError):
                    similarities |= self._nearest(vector, len(part), among=part)
            if missing := [id_ for id_ in part if id_ not in similarities]:
                similarities |= self._compared(vector, missing)
        return similarities

    def get(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the stored vectors of these passages. Unknown ids are left out."""
        return {id_: row for part in _parts(ids) for id_, row in zip(*self._stored(part), strict=True)}

    def ids(self) -> list[str]:
        """Return the ids of all vectors."""
        with self._reading():
            return list(self._collection.get(include=[])["ids"])

    def _nearest(self, vector: Vectors, count: int, *, among: list[str] | None = None) -> dict[str, float]:
        found = self._collection.query(
            query_embeddings=vector[np.newaxis], n_results=count, ids=among, include=["distances"]
        )
        distances = found["distances"] or [[]]
        return {id_: 1.0 - distance for id_, distance in zip(found["ids"][0], distances[0], strict=True)}

    def _compared(self, vector: Vectors, ids: list[str]) -> dict[str, float]:
        found, vectors = self._stored(ids)
        return dict(zip(found, map(float, vectors @ vector), strict=True)) if found else {}

    def count(self) -> int:
        """Return how many vectors there are."""
        # Cached, as Chroma counts them one by one. No other process writes to the folder.
        if (known := self._count) is not None:
            return known
        writes = self._writes
        with self._reading():
            counted = self._collection.count()
        with self._counting:
            if writes == self._writes:
                self._count = counted
        return counted

    def _written(self) -> None:
        with self._counting:
            self._writes += 1
            self._count = None

    def _stored(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        # An id that is being deleted at this moment makes the whole query fail. The second time it is gone.
        with suppress(InternalError):
            return self._fetched(ids)
        with self._reading():
            return self._fetched(ids)

    def _fetched(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        found = self._collection.get(ids=list(ids), include=["embeddings"])
        return found["ids"], np.asarray(found["embeddings"], np.float32)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except ChromaError as error:
            _check_length(error)
            raise IndexDamaged(
                f"The vectors in {self._folder} cannot be read ({error}). Run `footnote status --repair`: it makes them "
                "again from the catalogue."
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except InvalidArgumentError as error:
            _check_length(error)
            raise
        except InternalError as error:
            raise DataFolderUnusable(
                f"The vectors in {self._folder} cannot be written ({error}). Is the disk full, or the folder not "
                "writable? Correct that and run again; what was indexed before is intact."
            ) from error
        finally:
            self._written()

    def close(self) -> None:
        """Close the folder."""
        self._client.close()  # type: ignore[attr-defined]


def _check_length(error: ChromaError) -> None:
    """Raise IndexMismatch for a vector of another length than those that are stored."""
    if isinstance(error, InvalidArgumentError) and "dimension" in str(error):
        raise IndexMismatch(
            f"The embedding model gives vectors of another length than those of the index ({error}). Set "
            "FOOTNOTE_EMBED_MODEL and FOOTNOTE_EMBED_BASE_URL back, or run `footnote index --rebuild`."
        ) from error


def _client(folder: Path) -> ClientAPI:
    try:
        return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    except ChromaError:
        # Chroma caches a system that failed to start, and would return it when the same folder is opened again.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
        raise


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for first in range(0, len(items), _IDS_AT_ONCE):
        yield items[first : first + _IDS_AT_ONCE]
