"""What the three stores differ in is found, told and mended from the catalogue."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from chromadb.errors import InternalError

from index.errors import DataFolderUnusable, IndexDamaged
from index.ingest.check import check
from index.ingest.sync import sync
from index.ingest.upkeep import check_stores
from index.models.embedding import Embedder
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.stores.lexical import LexicalEntry
from index.stores.live import LiveIndex
from index.stores.store import Index, opened
from tests.servers import BOTH_IN_SOAK

BACKENDS = BOTH_IN_SOAK


class Contents(Protocol):
    @property
    def agree(self) -> bool: ...


ContentsOf = Callable[[Index], Contents]


@pytest.fixture
def data(place: Path, folder: Path, remembering: Embedder) -> Path:
    """The data folder of an index of three articles."""
    for name, text in {"rome": "It rained in Rome.", "bank": "The bank raised its rate.", "chip": "# Chips"}.items():
        (folder / f"{name}.md").write_text(text)
    with closing(live_over(place / "data", remembering)) as live:
        sync(live.current, [folder])
    return place / "data"


def live_over(data: Path, embedder: Embedder, **options: Any) -> LiveIndex:
    index = opened(IndexSettings(_env_file=None, data_dir=data), **options)
    return LiveIndex(replace(index, embedder=embedder))


def first_hit(index: Index) -> str:
    return retrieve(index, "Where did it rain?", access=EVERYTHING, filters=Filters()).hits[0].passage.text


def test_what_agrees_is_left_alone(data: Path, remembering: Embedder, embedded: list[str]) -> None:
    with closing(live_over(data, remembering)) as live:
        checked = check_stores(live, repairing=True)
        assert (checked.differences.agree, checked.repair, checked.differences.passages) == (True, "none", 3)
        assert embedded == []


def lose_vectors(index: Index) -> None:
    index.vectors.delete(index.vectors.ids()[:2])


def add_vectors(index: Index) -> None:
    index.vectors.add(["nothing-0"], np.eye(1, 384, dtype=np.float32))


def lose_words(index: Index) -> None:
    index.words.delete([index.words.ids()[0].rpartition("-")[0]])


def add_words(index: Index) -> None:
    index.words.add([LexicalEntry("nothing-0", "nothing", "It rained.")])


def double_words(index: Index) -> None:
    id_ = index.words.ids()[0]
    index.words.add([LexicalEntry(id_, id_.rpartition("-")[0], "It rained.")])


@pytest.mark.parametrize(
    ("harm", "kind", "count"),
    [
        (lose_vectors, "missing_vectors", 2),
        (add_vectors, "extra_vectors", 1),
        (lose_words, "missing_words", 1),
        (add_words, "extra_words", 1),
        (double_words, "extra_words", 1),
    ],
)
def test_every_difference_is_found_and_mended(
    data: Path, remembering: Embedder, contents_of: ContentsOf, harm: Callable[[Index], None], kind: str, count: int
) -> None:
    with closing(live_over(data, remembering)) as live:
        harm(live.current)
        found = check_stores(live).differences
        assert {name: len(getattr(found, name)) for name in found.__slots__[1:] if getattr(found, name)} == {
            kind: count
        }
        assert not contents_of(live.current).agree
        assert check_stores(live, repairing=True).repair == "mended"
        assert check(live.current).agree
        assert contents_of(live.current).agree
        assert first_hit(live.current) == "It rained in Rome."


@pytest.mark.parametrize("vector", [np.zeros(384), np.full(384, 3.0)], ids=["zero", "long"])
def test_wrong_vectors_are_made_again(data: Path, remembering: Embedder, vector: Any) -> None:
    with closing(live_over(data, remembering)) as live:
        wrong = live.current.vectors.ids()[0]
        live.current.vectors.delete([wrong])
        live.current.vectors.add([wrong], vector.astype(np.float32)[np.newaxis])
        checked = check_stores(live, repairing=True)
        assert (checked.differences.wrong_vectors, checked.repair) == ((wrong,), "rebuilt")
        assert check(live.current).agree


def test_vectors_of_another_length_are_made_again(data: Path, remembering: Embedder) -> None:
    with closing(live_over(data, remembering)) as live:
        ids = live.current.vectors.ids()
        live.current.vectors.clear()
        live.current.vectors.add(ids, np.eye(3, dtype=np.float32))
        assert len(check_stores(live).differences.wrong_vectors) == 3
        assert check_stores(live, repairing=True).repair == "rebuilt"
        assert first_hit(live.current) == "It rained in Rome."


def no_vectors(folder: Path) -> None:
    shutil.rmtree(folder / "chroma")


def garbled_vectors(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1_000)


def cut_vectors(folder: Path) -> None:
    path = folder / "chroma" / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[:40_000])


def no_words(folder: Path) -> None:
    shutil.rmtree(folder / "tantivy")


def garbled_words(folder: Path) -> None:
    (folder / "tantivy" / "meta.json").write_text("{}")


def lost_words(folder: Path) -> None:
    for path in (folder / "tantivy").glob("*.term"):
        path.unlink()


def only_the_catalogue(folder: Path) -> None:
    no_vectors(folder)
    no_words(folder)


@pytest.mark.parametrize(
    "harm", [only_the_catalogue, no_vectors, garbled_vectors, cut_vectors, no_words, garbled_words, lost_words]
)
def test_a_store_that_is_gone_or_damaged_is_told_and_made_again(
    data: Path, remembering: Embedder, harm: Callable[[Path], None], contents_of: ContentsOf
) -> None:
    harm(data / "index")
    with pytest.raises(IndexDamaged, match=r"Run `footnote status --repair`"):
        live_over(data, remembering).close()
    with closing(live_over(data, remembering, emptying_damaged=True)) as live:
        assert check_stores(live, repairing=True).repair in ("mended", "rebuilt")
        assert check(live.current).agree
        assert contents_of(live.current).agree
        assert first_hit(live.current) == "It rained in Rome."
    with closing(live_over(data, remembering)) as live:
        assert first_hit(live.current) == "It rained in Rome."


def test_a_store_that_fails_while_it_is_open_is_made_again(
    data: Path, remembering: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(live_over(data, remembering)) as live:
        old = live.current

        def broken(**_: Any) -> None:
            raise InternalError("Error loading hnsw index")

        monkeypatch.setattr(old.vectors._collection, "query", broken)
        monkeypatch.setattr(old.vectors._collection, "get", broken)
        with pytest.raises(IndexDamaged, match="Error loading hnsw index"):
            first_hit(old)
        with pytest.raises(IndexDamaged, match="Error loading hnsw index"):
            check_stores(live)
        checked = check_stores(live, repairing=True)
        assert checked.repair == "rebuilt"
        assert "Error loading hnsw index" in (checked.damage or "")
        assert first_hit(live.current) == "It rained in Rome."


def damage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def cut(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes()[:20_000])


@pytest.mark.parametrize("harm", [damage, cut, Path.unlink])
def test_a_catalogue_that_is_damaged_says_what_to_do(
    data: Path, remembering: Embedder, harm: Callable[[Path], None]
) -> None:
    for extra in (data / "index").glob("catalog.sqlite-*"):
        extra.unlink()
    harm(data / "index" / "catalog.sqlite")
    for options in ({}, {"emptying_damaged": True}):
        with ExitStack() as stack, pytest.raises(IndexDamaged, match=r"The catalogue .* [Rr]estore the data"):
            first_hit(stack.enter_context(closing(live_over(data, remembering, **options))).current)
    assert (data / "index" / "chroma").is_dir()


def test_a_catalogue_that_cannot_be_written_says_so(data: Path, remembering: Embedder, folder: Path) -> None:
    with closing(live_over(data, remembering)) as live:
        with live.current.catalog._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")
        (folder / "rome.md").write_text("It snowed in Rome.")
        with pytest.raises(DataFolderUnusable, match=r"The catalogue .*readonly.* what was indexed before is intact"):
            sync(live.current, [folder])


@pytest.mark.parametrize("repairing", [False, True])
def test_a_flipped_bit_in_a_text_is_found(data: Path, remembering: Embedder, repairing: bool) -> None:
    path = data / "index" / "catalog.sqlite"
    with closing(live_over(data, remembering)) as live:
        live.current.catalog.check_intact()
    raw = path.read_bytes()
    assert b"It rained in Rome." in raw
    path.write_bytes(raw.replace(b"It rained in Rome.", b"It rained in R\xefme."))
    with closing(live_over(data, remembering)) as live, pytest.raises(IndexDamaged, match="not the one of its version"):
        check_stores(live, repairing=repairing)


def test_damage_that_a_database_finds_itself_is_told(data: Path, remembering: Embedder) -> None:
    path = data / "index" / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'retired'")
        page = root.fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size] ^= 0x40
    path.write_bytes(raw)
    with closing(live_over(data, remembering)) as live, pytest.raises(IndexDamaged, match=r"catalogue .* is damaged"):
        check_stores(live)
