"""An open index: the catalogue, the vectors, the words and the models that belong together."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from index.errors import DataFolderUnusable, IndexDamaged, IndexEmpty, IndexMismatch
from index.ingest.chunking import CHUNKING
from index.models.computation import computation
from index.models.embedding import Embedder, Vectors
from index.models.embedding_cache import EmbeddingCache
from index.models.embedding_server import EmbeddingServer
from index.models.prompts import Prompts, prompts_from_json
from index.models.remote_embedding import RemoteEmbedder
from index.models.reranking import Reranker
from index.models.sentence_vectors import SentenceVectors
from index.reader.model import Reader
from index.records import EVERYTHING
from index.settings import (
    NO_READER,
    NO_RERANKER,
    NO_SUPPORT_MODEL,
    SHIPPED_READER,
    SHIPPED_SUPPORT_MODEL,
    IndexSettings,
)
from index.stores.catalog import Catalog
from index.stores.generations import current_folder, remove_leftovers
from index.stores.lexical import LexicalIndex
from index.stores.vectors import VectorStore
from index.support.model import support_model

_YES, _NO = "yes", "no"
_CATALOG, _VECTORS, _WORDS = "catalog.sqlite", "chroma", "tantivy"
_Store = TypeVar("_Store")


@dataclass(frozen=True, slots=True)
class Index:
    """An open index. The process that has it owns the data folder.

    `embedder` is the model that the index was made with. The settings may name another one now (`outdated`). `support` says
    which passages support a sentence; None where the settings name no such model.
    """

    settings: IndexSettings
    folder: Path
    catalog: Catalog
    vectors: VectorStore
    words: LexicalIndex
    embedder: Embedder
    sentence_vectors: SentenceVectors
    embedding_cache: EmbeddingCache
    reader: Reader | None
    reranker: Reranker | None = None
    support: Reader | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint of a new index with these settings: the model, and how passages are cut."""
        return f"{self.configured_embedder().fingerprint} {CHUNKING}/{self.settings.passage_tokens}"

    def configured_embedder(self) -> Embedder:
        """Return the model in the settings: usually the one that the index was made with."""
        wanted = _embedder(self.settings)
        return self.embedder if wanted.is_same_as(self.embedder) else wanted

    def check(self) -> None:
        """Raise IndexEmpty or IndexMismatch if no question can be answered.

        An index that was cut in another way than the settings say, or made with another model that is available, answers.
        """
        if self.catalog.count(EVERYTHING) == 0:
            raise IndexEmpty("Nothing is indexed yet. Run `footnote index PATH` with a folder of articles.")
        made_with = self.catalog.fact("fingerprint") or ""
        if made_with.rpartition(" ")[0] != self.embedder.fingerprint:
            raise IndexMismatch(
                f"The index in {self.settings.data_dir} was made with {made_with}, and that model is not at hand. Run "
                "`footnote index --rebuild` to make it again with the model that is set, or set FOOTNOTE_EMBED_MODEL back."
            )

    def outdated(self) -> str | None:
        """Return why the index has to be rebuilt before articles can be added, or None."""
        made_with, wanted = self.catalog.fact("fingerprint"), self.fingerprint
        empty = self.catalog.count(EVERYTHING) == 0
        if made_with == wanted or (empty and self.configured_embedder() is self.embedder):
            return None
        return f"it was made with {made_with}, and the settings now say {wanted}"

    def prepare_for_writing(self) -> None:
        """Record the model and cutting in an empty index. Raises IndexMismatch if the index was made with others."""
        if why := self.outdated():
            raise IndexMismatch(
                f"The index in {self.settings.data_dir} has to be made again: {why}. Run `footnote index --rebuild`."
            )
        if self.catalog.fact("fingerprint") != self.fingerprint:
            self.vectors.clear()
            self.record_fingerprint()

    def record_fingerprint(self) -> None:
        """Record in the catalogue which model and cutting the index is made with."""
        for name, value in _MadeWith.by(self.settings).facts().items():
            self.catalog.set_fact(name, value)
        self.catalog.set_fact("fingerprint", self.fingerprint)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text. A text that was embedded before is not embedded again."""
        # By the actual precision, not the setting: the data folder may come from another machine.
        model = f"{self.embedder.fingerprint} {computation(self.settings.precision).precision}"
        return self.embedding_cache.get_or_embed(texts, model=model, embed=self.embedder.embed_passages)

    def open_next_generation(self, folder: Path) -> "Index":
        """Open the next generation in a folder with a copy of the catalogue, with the model in the settings."""
        embedder = self.configured_embedder()
        same = embedder is self.embedder
        return replace(
            self.open_copy(folder),
            embedder=embedder,
            sentence_vectors=self.sentence_vectors if same else SentenceVectors(embedder),
        )

    def open_copy(self, folder: Path) -> "Index":
        """Open a folder with a copy of the catalogue, with the model that this index was made with."""
        return replace(
            self,
            folder=folder,
            catalog=catalog_in(folder),
            vectors=VectorStore(folder / _VECTORS),
            words=LexicalIndex(folder / _WORDS),
        )

    def copy_catalog_to(self, folder: Path) -> None:
        """Copy the catalogue into the folder of the next generation."""
        self.catalog.copy_to(folder / _CATALOG)

    def close(self) -> None:
        """Close the files."""
        self.vectors.close()
        self.catalog.close()


@dataclass(frozen=True, slots=True)
class _MadeWith:
    """The embedding model that an index is made with, as its catalogue keeps it. `server`: one of a server."""

    model: str
    prompts: Prompts
    server: bool

    @classmethod
    def by(cls, settings: IndexSettings) -> "_MadeWith":
        prompts = Prompts(settings.embed_question_prompt, settings.embed_passage_prompt)
        return cls(settings.embed_model, prompts, settings.embed_base_url is not None)

    @classmethod
    def of(cls, catalog: Catalog) -> "_MadeWith | None":
        model = catalog.fact("embed_model")
        prompts = prompts_from_json(catalog.fact("embed_prompts"))
        return cls(model, prompts, catalog.fact("embed_server") == _YES) if model else None

    def facts(self) -> dict[str, str]:
        server = _YES if self.server else _NO
        return {"embed_model": self.model, "embed_prompts": self.prompts.as_json(), "embed_server": server}


def _embedder(settings: IndexSettings, made_with: _MadeWith | None = None) -> Embedder:
    """Open the model that an index was made with, or the one in the settings. Where a server is, settings alone say."""
    wanted = made_with or _MadeWith.by(settings)
    if not wanted.server:
        return Embedder(wanted.model, precision=settings.precision, prompts=wanted.prompts)
    key = settings.embed_api_key.get_secret_value() if settings.embed_api_key else None
    address = settings.embed_base_url
    server = EmbeddingServer(address, key, settings.embed_timeout_seconds) if address is not None else None
    return RemoteEmbedder(wanted.model, server=server, prompts=wanted.prompts)


@contextmanager
def open_index(settings: IndexSettings) -> Iterator[Index]:
    """Open or create the index in the data folder. The caller owns the folder (`index.stores.ownership`).

    Raises IndexDamaged if a store cannot be read or has lost data, DataFolderUnusable if it cannot be written.
    """
    index = opened(settings)
    try:
        yield index
    finally:
        index.close()
        index.embedding_cache.close()


def opened(settings: IndexSettings, *, emptying_damaged: bool = False) -> Index:
    """Open the index in the data folder. The caller closes it. Raises what `open_index` raises.

    With `emptying_damaged`, vectors or words that are damaged or missing are replaced by empty stores, to be repaired.
    """
    data_dir = settings.data_dir
    remove_leftovers(data_dir)
    folder = current_folder(data_dir)
    with ExitStack() as stack:
        catalog = stack.enter_context(closing(catalog_in(folder)))
        vectors = stack.enter_context(closing(_opened_store(VectorStore, folder / _VECTORS, emptying_damaged)))
        words = _opened_store(LexicalIndex, folder / _WORDS, emptying_damaged)
        if catalog.has_passages() and not emptying_damaged:
            _check_held(folder / _VECTORS, vectors.count())
            _check_held(folder / _WORDS, words.count())
        made_with = _MadeWith.of(catalog) if catalog.count(EVERYTHING) else None
        embedder = _embedder(settings, made_with)
        embedding_cache = EmbeddingCache(data_dir / "embeddings.sqlite", most=settings.remembered_embeddings)
        stack.pop_all()
        return Index(
            settings,
            folder,
            catalog,
            vectors,
            words,
            embedder,
            SentenceVectors(embedder),
            embedding_cache,
            reader=_reader(settings),
            reranker=None if settings.reranker == NO_RERANKER else Reranker(settings.reranker),
            support=_support(settings),
        )


def catalog_in(folder: Path) -> Catalog:
    """Open the catalogue of a generation, or create one if the folder is empty."""
    path = folder / _CATALOG
    if not path.exists() and (folder / _VECTORS).exists():
        raise IndexDamaged(
            f"The catalogue {path} is missing, and the vectors next to it are of no use without it. Restore the data "
            f"folder from a backup, or remove {folder} and index the articles again."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(f"The folder {folder} cannot be made ({error}). Make it writable.") from error
    return Catalog(f"sqlite:///{path}")


def _opened_store(kind: Callable[[Path], _Store], folder: Path, emptying_damaged: bool) -> _Store:
    try:
        return kind(folder)
    except IndexDamaged:
        if not emptying_damaged:
            raise
        shutil.rmtree(folder)
        return kind(folder)


def _check_held(folder: Path, count: int) -> None:
    if count == 0:
        raise IndexDamaged(
            f"{folder} is empty, though the catalogue next to it has articles. Run `footnote status --repair`: it "
            "makes it again from the catalogue."
        )


def _support(settings: IndexSettings) -> Reader | None:
    named = settings.support_model
    if named == NO_SUPPORT_MODEL:
        return None
    return support_model(settings.precision, folder=None if named == SHIPPED_SUPPORT_MODEL else Path(named))


def _reader(settings: IndexSettings) -> Reader | None:
    if settings.reader == NO_READER:
        return None
    folder = None if settings.reader == SHIPPED_READER else Path(settings.reader)
    return Reader(folder, precision=settings.precision)
