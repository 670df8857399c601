"""Vectors in Chroma by passage id."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.models.embedding import Vectors
from index.stores.vectors import VectorStore


def directions(count: int, *, size: int = 8, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "chroma")
    yield store
    store.close()


def test_the_nearest_come_first_with_their_cosine(store: VectorStore) -> None:
    vectors = directions(50)
    store.add([f"p-{n}" for n in range(50)], vectors)
    found = store.nearest(vectors[7], 5)
    expected = sorted(range(50), key=lambda n: -float(vectors[n] @ vectors[7]))[:5]
    assert list(found) == [f"p-{n}" for n in expected]
    assert list(found.values()) == pytest.approx([float(vectors[n] @ vectors[7]) for n in expected], abs=1e-5)


def test_all_can_be_fetched_as_the_nearest(store: VectorStore) -> None:
    store.add([f"p-{n}" for n in range(1_500)], directions(1_500))
    assert len(store.nearest(directions(1)[0], 1_500)) == 1_500


def test_similarities_are_exact_and_unknown_ids_left_out(store: VectorStore) -> None:
    vectors = directions(2_500)
    ids = [f"p-{n}" for n in range(2_500)]
    store.add(ids, vectors)
    assert store.count() == 2_500
    found = store.similarities(vectors[0], [*reversed(ids), "unknown"])
    assert found == pytest.approx({id_: float(v @ vectors[0]) for id_, v in zip(ids, vectors, strict=True)}, abs=1e-5)
    assert store.similarities(vectors[0], []) == {}
    assert store.similarities(vectors[0], ["unknown"]) == {}


def test_an_id_that_exists_keeps_its_vector(store: VectorStore) -> None:
    one, two = directions(2)
    store.add(["p"], one[np.newaxis])
    store.add(["p"], two[np.newaxis])
    assert store.count() == 1
    assert store.similarities(one, ["p"])["p"] == pytest.approx(1.0, abs=1e-5)


def test_what_is_deleted_is_found_no_more(store: VectorStore) -> None:
    vectors = directions(5)
    store.add([f"p-{n}" for n in range(5)], vectors)
    store.delete(["p-0", "unknown"])
    store.delete([])
    assert store.nearest(vectors[0], 4).keys() == {"p-1", "p-2", "p-3", "p-4"}
    assert store.similarities(vectors[0], ["p-0"]) == {}


def test_an_empty_store_takes_vectors_of_another_length(store: VectorStore) -> None:
    store.add(["p"], directions(1, size=8))
    store.clear()
    assert store.count() == 0
    store.add(["p"], directions(1, size=3))
    assert store.count() == 1


def test_vectors_are_there_after_opening_again(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "chroma")
    store.add(["p"], directions(1))
    store.close()
    again = VectorStore(tmp_path / "chroma")
    assert again.nearest(directions(1)[0], 1) == pytest.approx({"p": 1.0}, abs=1e-5)
    again.close()
