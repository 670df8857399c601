"""What several tests share: the real packaged model, loaded once, and real indexes in temporary folders."""

import gc
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import certifi
import pytest
import tantivy
from hypothesis import settings
from sqlalchemy import Connection, create_engine, inspect, select

from index.ingest.following import follow
from index.models.embedding import Embedder, Vectors
from index.models.sentence_vectors import SentenceVectors
from index.settings import IndexSettings
from index.stores import schema
from index.stores.migrating import migrate
from index.stores.store import Index, open_index
from tests.service_fixtures import RememberingEmbedder, packaged_model, remembering_model

gc.disable()  # until all tests are collected: what is imported stays

# Canaille's wheel has a package `tests` of its own: in processes that tests start, this one comes first.
os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
os.environ["HF_HUB_OFFLINE"] = "1"  # a name that is unknown is not asked for on a network that is not there
# Tests run in as many processes as there are cores: threads of models would only wait for each other. Before PyTorch is
# imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The same examples on every run: a failure is of a change, never of chance. `--hypothesis-profile=search` looks further.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("repeatable")

pytest_plugins = [
    "pytester",
    "tests.skipping",  # first: others import it
    "tests.cli_fixtures",
    "tests.assistant_fixtures",
    "tests.generative_fixtures",
    "tests.identity_provider",
    "tests.page_browser",
    "tests.ray_fixtures",
    "tests.servers",
    "tests.slack_fixtures",
    "tests.web_fixtures",
]

END_OF_CERTIFICATE = "-----END CERTIFICATE-----\n"

# What takes longest begins first, so that no process is left alone with it at the end.
SLOWEST = (
    "test_service_cli_serving",
    "test_linear_time",
    "test_service_mcp_stdio",
    "test_index_on_ray",
    "test_service_answering",
    "test_service_verification",
    "test_service_cli_stopping",
    "test_service_cli",
    "test_service_api",
    "test_service_openapi",
    "test_index_reader_model",
    "test_index_reader_training",
    "test_index_catalog",
    "test_service_slack_service",
    "test_service_page_whole",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest files first, and leave the order within each."""
    rank = {name: at for at, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(SLOWEST)))


def pytest_collection_finish() -> None:
    """Let the garbage collector look through everything seldom, and never through what is imported by now.

    It took a quarter of the time of tests that build an application each.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 10, 50)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def one_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust one authority alone: each client of httpx reads all that certifi has, and no test leaves this machine."""
    path = tmp_path_factory.mktemp("root") / "root.pem"
    begin, found, _ = certifi.contents().partition(END_OF_CERTIFICATE)
    path.write_text(begin + found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(scope="session", autouse=True)
def migrated_once() -> Iterator[None]:
    """Run the migrations for SQLite once in each process: every other new database gets what they made of the first."""

    @cache
    def made(to: str, by: Path) -> list[str]:
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            migrate(connection, to=to, by=by)
            dump = cast(sqlite3.Connection, connection.connection.driver_connection).iterdump()
            statements = [line for line in dump if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
        engine.dispose()
        return statements

    def migrate_new_at_once(connection: Connection, *, to: str, by: Path) -> None:
        if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
            for statement in made(to, by):
                connection.exec_driver_sql(statement)
        else:
            migrate(connection, to=to, by=by)

    with pytest.MonkeyPatch.context() as patch:
        for schema_of in ("index.stores.schema", "service.history.schema"):
            patch.setattr(f"{schema_of}.migrate", migrate_new_at_once)
        yield


OpenedIn = Callable[..., AbstractContextManager[Index]]
NewPlace = Callable[[], AbstractContextManager[Path]]


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged model, loaded."""
    return packaged_model()


@pytest.fixture(scope="session")
def remembering() -> Embedder:
    """The packaged model, which embeds each text once in a test run: what indexes of tests are made with."""
    return remembering_model()


@pytest.fixture(scope="session")
def opened_in(remembering: Embedder, backend: Callable[[Path], dict[str, Any]]) -> OpenedIn:
    """Open the index of a data folder, with the model that is loaded already. Other settings go by name."""
    return _opening(remembering, backend)


@pytest.fixture(scope="session")
def opened_in_folder(remembering: Embedder) -> OpenedIn:
    """Open an index that lies in its folder, also where the `BACKENDS` of a module say otherwise."""
    return _opening(remembering, lambda data_dir: {})


def _opening(embedder: Embedder, backend: Callable[[Path], dict[str, Any]]) -> OpenedIn:
    @contextmanager
    def opened_in(data_dir: Path, **settings: Any) -> Iterator[Index]:
        chosen = IndexSettings(_env_file=None, data_dir=data_dir, **backend(data_dir), **settings)
        with open_index(chosen) as index:
            index = replace(index, embedder=embedder, sentence_vectors=SentenceVectors(embedder))
            follow(index)
            yield index

    return opened_in


@pytest.fixture(scope="session")
def new_place() -> NewPlace:
    """Make a temporary folder, in memory where there is room: an index waits for the disk with each commit."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1_000_000_000
    parent = memory if roomy else None

    @contextmanager
    def new_place() -> Iterator[Path]:
        with TemporaryDirectory(prefix="footnote-", dir=parent) as name:
            yield Path(name)

    return new_place


@pytest.fixture
def place(new_place: NewPlace) -> Iterator[Path]:
    """A temporary folder for an index."""
    with new_place() as place:
        yield place


@pytest.fixture
def index(place: Path, opened_in: OpenedIn) -> Iterator[Index]:
    """An empty index."""
    with opened_in(place / "data") as index:
        yield index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for articles."""
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is embedded from now on, in order. Clear it to count afresh."""
    seen: list[str] = []

    def counted(kind: type[Embedder]) -> Callable[[Embedder, Sequence[str]], Vectors]:
        embed = kind.embed_passages

        def embed_passages(self: Embedder, texts: Sequence[str]) -> Vectors:
            seen.extend(texts)
            return embed(self, texts)

        return embed_passages

    for kind in (Embedder, RememberingEmbedder):
        monkeypatch.setattr(kind, "embed_passages", counted(kind))
    return seen


@dataclass(frozen=True)
class Contents:
    """The ids of all passages in each store, sorted, copies included, and what is not settled."""

    catalog: list[str]
    vectors: list[str]
    words: list[str]
    leftovers: list[str]

    @property
    def agree(self) -> bool:
        return self.catalog == self.vectors == self.words and not self.leftovers


@pytest.fixture(scope="session")
def contents_of() -> Callable[[Index], Contents]:
    """Read what is in the catalogue, in Chroma and in Tantivy, past the code under test."""

    def contents_of(index: Index) -> Contents:
        with index.catalog._engine.connect() as connection:
            used = list(connection.scalars(select(schema.passages.c.id).order_by(schema.passages.c.id)))
        stored = index.vectors._collection.get(include=[])["ids"]
        searcher = index.words._index.searcher()
        found = searcher.search(tantivy.Query.all_query(), 100_000).hits
        words = [searcher.doc(address)["id"][0] for _, address in found]
        return Contents(used, sorted(stored), sorted(words), index.catalog.leftovers())

    return contents_of
