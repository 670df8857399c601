"""Vectors of sentences are made once, kept for the next question, and never more than a set number of them."""

from threading import Thread

import numpy as np

from index.models.embedding import Embedder, Vectors
from index.models.sentence_vectors import SentenceVectors


def same(found: Vectors, expected: Vectors) -> bool:
    """Say whether rows point the same way, as far as they may vary with the batch."""
    return bool(np.all(np.sum(found * expected, axis=1) > 0.999))


def test_rows_are_in_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = SentenceVectors(embedder)
    texts = ["It rained.", "It shone.", "It rained.", ""]
    expected = embedder.embed_passages(texts)
    assert same(vectors.of(texts), expected)
    assert same(vectors.of(texts[::-1]), expected[::-1])
    assert vectors.of([]).shape == (0, 384)


def test_each_sentence_is_embedded_once(embedder: Embedder, embedded: list[str]) -> None:
    vectors = SentenceVectors(embedder)
    vectors.of(["a", "b", "a"])
    vectors.of(["b", "c"])
    vectors.of(["c", "a"])
    assert embedded == ["a", "b", "c"]


def test_only_those_used_last_are_kept(embedder: Embedder, embedded: list[str]) -> None:
    vectors = SentenceVectors(embedder, max_sentences=2)
    vectors.of(["a"])
    vectors.of(["b"])
    vectors.of(["a"])
    vectors.of(["c"])
    assert len(vectors._vectors) == 2
    embedded.clear()
    vectors.of(["a", "c"])
    assert embedded == []
    vectors.of(["b"])
    assert embedded == ["b"]


def test_more_sentences_than_are_kept_all_get_their_vector(embedder: Embedder) -> None:
    vectors = SentenceVectors(embedder, max_sentences=2)
    texts = [f"Sentence number {n}." for n in range(10)]
    assert same(vectors.of(texts), embedder.embed_passages(texts))
    assert len(vectors._vectors) == 2


def test_several_threads_may_ask_at_once(embedder: Embedder) -> None:
    vectors = SentenceVectors(embedder, max_sentences=3)
    texts = [f"Sentence number {n}." for n in range(6)]
    expected = embedder.embed_passages(texts)
    right: list[bool] = []

    def ask(first: int) -> None:
        for n in range(first, first + 8):
            order = [(n + k) % 6 for k in range(4)]
            found = vectors.of([texts[k] for k in order])
            right.append(same(found, expected[order]))

    threads = [Thread(target=ask, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 32
    assert len(vectors._vectors) <= 3
