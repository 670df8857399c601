"""Where an index lies: in a data folder, or in a PostgreSQL database that several processes share.

Its vectors may lie on a Chroma server in both cases, and always do with a database. Its words always lie in a folder: with a
database, each process makes a copy from the catalogue (`index.ingest.following`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, text

from index.errors import DataFolderUnusable, IndexDamaged, WrongUsage
from index.settings import IndexSettings
from index.stores import generations
from index.stores.catalog import Catalog
from index.stores.chroma import ChromaFolder, ChromaPlace, ChromaServer, ServerCollection
from index.stores.postgresql import INDEX_SCHEMA, NEXT_SCHEMA, OLD_SCHEMA, postgresql_engine
from index.stores.shared_catalog import SharedCatalog
from index.stores.shared_lock import RunLock, SharedLock

CATALOG, VECTORS, WORDS = "catalog.sqlite", "chroma", "tantivy"
COLLECTION = "collection"
"""The stored value that names the collection on a Chroma server: `footnote-<random>-<number of the generation>`."""
_SHARED = "shared"


@dataclass(frozen=True, slots=True)
class RunLocks:
    """The locks of `index.stores.live.LiveIndex`."""

    indexing: RunLock
    fetching: RunLock
    changing: RunLock

    @property
    def here(self) -> "RunLocks":
        """The parts of the locks that hold back only threads of this process."""
        return RunLocks(*map(_here, (self.indexing, self.fetching, self.changing)))


@dataclass(frozen=True, slots=True)
class FolderBackend:
    """An index in a data folder, which this process owns. Its vectors may lie on a server."""

    data_dir: Path
    chroma: ChromaServer | None = None
    locks: RunLocks = field(default_factory=lambda: RunLocks(Lock(), Lock(), Lock()))

    @property
    def root(self) -> Path:
        """The folder of the generations."""
        return self.data_dir

    def catalog(self, folder: Path) -> Catalog:
        """Open the catalogue of a generation, or create one if the folder is empty."""
        path = folder / CATALOG
        if not path.exists() and (folder / VECTORS).exists():
            raise IndexDamaged(
                f"The catalogue {path} is missing, and the vectors next to it are of no use without it. Restore the data "
                f"folder from a backup, or remove {folder} and index the articles again."
            )
        _make(folder)
        return Catalog(f"sqlite:///{path}")

    def vectors(self, folder: Path, catalog: Catalog) -> ChromaPlace:
        """Return where the vectors of a generation are."""
        if self.chroma is None:
            return ChromaFolder(folder / VECTORS)
        return ServerCollection(self.chroma, _collection(catalog))

    def copied(self, catalog: Catalog, folder: Path) -> Catalog:
        """Copy the catalogue into the folder of the next generation."""
        if self.chroma is not None:
            _drop_other_collections(self.chroma, catalog)
        catalog.copy_to(folder / CATALOG)
        new = self.catalog(folder)
        if self.chroma is not None:
            new.set_fact(COLLECTION, _next_collection(catalog))
        return new

    def make_current(self, folder: Path, catalog: Catalog) -> Catalog:
        """Put the next generation in the place of the current one, in one step. Return its catalogue."""
        generations.make_current(folder)
        return catalog

    def remove(self, folder: Path, vectors: ChromaPlace) -> None:
        """Remove a generation that was replaced and that nobody here reads any more."""
        generations.remove(folder)
        if isinstance(vectors, ServerCollection):
            vectors.server.drop_collections(lambda name: name == vectors.collection)

    def close(self) -> None:
        """Close nothing: every store has its own files."""


@dataclass(frozen=True, slots=True)
class SharedBackend:
    """An index in a PostgreSQL database and on a Chroma server, shared with other processes.

    The schemas of the database have the part of the folders of generations: a rebuild makes the next one and renames it.
    """

    data_dir: Path
    address: SecretStr
    chroma: ChromaServer
    engine: Engine
    locks: RunLocks

    @property
    def root(self) -> Path:
        """The folder of the generations of the words."""
        return self.data_dir / _SHARED

    def catalog(self, folder: Path) -> SharedCatalog:
        """Open the catalogue in the database, or create one."""
        _make(folder)
        changing = self.locks.changing
        return SharedCatalog(self.address, lock=changing if isinstance(changing, SharedLock) else None)

    def vectors(self, folder: Path, catalog: Catalog) -> ChromaPlace:
        """Return where the vectors are."""
        return ServerCollection(self.chroma, _collection(catalog))

    def copied(self, current: Catalog, folder: Path, *, of: Catalog | None = None) -> SharedCatalog:
        """Copy the current catalogue, or another one, into the next schema. The caller holds the locks of all runs."""
        self.remove_replaced(current)
        new = SharedCatalog(self.address, NEXT_SCHEMA)
        (of or current).copy_into(new)
        new.set_fact(COLLECTION, _next_collection(current))
        return new

    def remove_replaced(self, catalog: Catalog) -> None:
        """Remove what earlier rebuilds replaced or did not finish. The caller holds the locks of all runs."""
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            for schema in (NEXT_SCHEMA, OLD_SCHEMA):
                connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        _drop_other_collections(self.chroma, catalog)

    def make_current(self, folder: Path, catalog: Catalog) -> Catalog:
        """Put the next schema in the place of the current one, in one transaction. Return its catalogue, opened again.

        Other processes read the new catalogue from then on; they follow with vectors and words.
        """
        with self.engine.begin() as connection:
            switch_schemas(connection)
        generations.make_current(folder)
        catalog.close()
        return self.catalog(folder)

    def remove(self, folder: Path, vectors: ChromaPlace) -> None:
        """Remove the words that were replaced. Other processes may still read the rest: see `remove_replaced`."""
        generations.remove(folder)

    def close(self) -> None:
        """Close the connections of the locks."""
        self.engine.dispose()


def switch_schemas(connection: Connection) -> None:
    """Put the next schema in the place of the current one, in the caller's transaction."""
    connection.execute(text(f"ALTER SCHEMA {INDEX_SCHEMA} RENAME TO {OLD_SCHEMA}"))
    connection.execute(text(f"ALTER SCHEMA {NEXT_SCHEMA} RENAME TO {INDEX_SCHEMA}"))


Backend = FolderBackend | SharedBackend


def backend_for(settings: IndexSettings) -> Backend:
    """Return where the index of these settings lies. Raises WrongUsage."""
    chroma = None
    if settings.chroma_url is not None:
        headers = {name: value.get_secret_value() for name, value in settings.chroma_headers.items()}
        if settings.chroma_token is not None:
            headers["Authorization"] = f"Bearer {settings.chroma_token.get_secret_value()}"
        chroma = ChromaServer(settings.chroma_url, headers)
    if settings.database_url is None:
        return FolderBackend(settings.data_dir, chroma)
    if chroma is None:
        raise WrongUsage(
            "FOOTNOTE_DATABASE_URL needs FOOTNOTE_CHROMA_URL: vectors in a folder cannot be shared. Start `chroma run` on a "
            "private address and set it."
        )
    engine = postgresql_engine(settings.database_url, INDEX_SCHEMA)
    locks = RunLocks(*(SharedLock(engine, number) for number in (1, 2, 3)))
    return SharedBackend(settings.data_dir, settings.database_url, chroma, engine, locks)


def _here(lock: RunLock) -> Lock:
    return lock.here if isinstance(lock, SharedLock) else lock


def _collection(catalog: Catalog) -> str:
    return catalog.settled_fact(COLLECTION, f"footnote-{uuid4().hex[:12]}-1")


def _next_collection(catalog: Catalog) -> str:
    mine, _, number = _collection(catalog).rpartition("-")
    return f"{mine}-{int(number) + 1}"


def _drop_other_collections(chroma: ChromaServer, catalog: Catalog) -> None:
    used = _collection(catalog)
    prefix = used.rpartition("-")[0] + "-"
    chroma.drop_collections(lambda name: name.startswith(prefix) and name != used)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(f"The folder {folder} cannot be made ({error}). Make it writable.") from error
