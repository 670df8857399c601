"""Vectors come back as they were made, for the same model and text only; the memory is bounded and may be lost."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from index.errors import DataFolderUnusable
from index.models.embedding import Vectors
from index.models.embedding_cache import EmbeddingCache


class Model:
    """Makes a random vector a text, never the same one twice, and counts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._random = np.random.default_rng(1)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        return self._random.standard_normal((len(texts), 5)).astype(np.float32)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeddings.sqlite"


@pytest.fixture
def memory(path: Path) -> Iterator[EmbeddingCache]:
    with closing(EmbeddingCache(path, most=10)) as memory:
        yield memory


def test_the_same_text_is_embedded_once_and_comes_back_to_the_last_bit(
    path: Path, memory: EmbeddingCache, model: Model
) -> None:
    first = memory.get_or_embed(["a", "b", "a"], model="m", embed=model)
    assert model.texts == ["a", "b"]
    assert (first[0] == first[2]).all()
    memory.close()
    with closing(EmbeddingCache(path, most=10)) as again:
        second = again.get_or_embed(["b", "c", "a"], model="m", embed=model)
    assert model.texts == ["a", "b", "c"]
    assert second.dtype == np.float32
    assert (second[[2, 0]] == first[:2]).all()


def test_another_model_remembers_nothing(memory: EmbeddingCache, model: Model) -> None:
    memory.get_or_embed(["a"], model="m", embed=model)
    memory.get_or_embed(["a"], model="n", embed=model)
    assert model.texts == ["a", "a"]


def test_those_used_longest_ago_go_first(
    memory: EmbeddingCache, model: Model, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    for day in range(1, 4):
        monkeypatch.setattr("index.disk_cache.time", lambda day=day: day * 100_000.0)
        memory.get_or_embed([f"{day}-{n}" for n in range(5)] + ["1-0"], model="m", embed=model)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM vectors").fetchone() == (10,)
    model.texts.clear()
    memory.get_or_embed(["1-0", "2-1", "3-0", "1-4"], model="m", embed=model)
    assert model.texts == ["1-4"]


def test_nothing_is_remembered_where_that_is_set(path: Path, model: Model) -> None:
    with closing(EmbeddingCache(path, most=0)) as memory:
        memory.get_or_embed(["a"], model="m", embed=model)
        memory.get_or_embed(["a"], model="m", embed=model)
    assert model.texts == ["a", "a"]
    assert not path.exists()


def garbled(path: Path) -> None:
    path.write_bytes(b"garbage" * 1_000)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


@pytest.mark.parametrize("harm", [garbled, cut])
def test_a_damaged_memory_starts_afresh(
    path: Path, memory: EmbeddingCache, model: Model, harm: Callable[[Path], None]
) -> None:
    memory.get_or_embed(["a"], model="m", embed=model)
    memory.close()
    harm(path)
    with closing(EmbeddingCache(path, most=10)) as again, capture_logs() as logs:
        for _ in range(2):
            assert again.get_or_embed(["a", "b"], model="m", embed=model).shape == (2, 5)
        vectors = again.get_or_embed(["a", "b"], model="m", embed=model)
        assert (again.get_or_embed(["a", "b"], model="m", embed=model) == vectors).all()
    assert logs[0]["event"] == "remembered vectors are damaged and start afresh"


def test_a_memory_that_cannot_be_written_says_so(tmp_path: Path, model: Model) -> None:
    memory = EmbeddingCache(tmp_path / "nowhere" / "embeddings.sqlite", most=10)
    with pytest.raises(DataFolderUnusable, match="unable to open database file"):
        memory.get_or_embed(["a"], model="m", embed=model)
