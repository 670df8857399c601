"""An open index: the catalogue, the vectors, the words and the models that belong together."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TypeVar

from index.errors import IndexDamaged, IndexEmpty, IndexMismatch
from index.ingest.chunking import CHUNKING
from index.models.computation import computation
from index.models.embedding import Embedder, Vectors
from index.models.embedding_cache import Embed, EmbeddingCache
from index.models.embedding_server import EmbeddingServer
from index.models.prompts import Prompts, prompts_from_json
from index.models.remote_embedding import RemoteEmbedder
from index.models.reranking import Reranker
from index.models.sentence_vectors import SentenceVectors
from index.reader.model import Reader
from index.settings import (
    NO_READER,
    NO_RERANKER,
    NO_SUPPORT_MODEL,
    SHIPPED_READER,
    SHIPPED_SUPPORT_MODEL,
    IndexSettings,
    Precision,
)
from index.stores.backends import CATALOG, COLLECTION, VECTORS, WORDS, Backend, FolderBackend, backend_for
from index.stores.catalog import Catalog
from index.stores.generations import current_folder, remove_leftovers
from index.stores.lexical import LexicalIndex
from index.stores.vectors import VectorStore
from index.support.model import support_model

_YES, _NO = "yes", "no"
_Store = TypeVar("_Store")
_Place = TypeVar("_Place")


@dataclass(frozen=True, slots=True)
class Index:
    """An open index. The process that has it owns the data folder. `backend` says where the rest of it lies.

    `embedder` is the model that the index was made with. The settings may name another one now (`outdated`). `support` says
    which passages support a sentence; None where the settings name no such model.
    """

    settings: IndexSettings
    backend: Backend
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
    following: Lock = field(default_factory=Lock)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of a new index with these settings: the model, and how passages are cut."""
        return f"{self.configured_embedder().fingerprint} {CHUNKING}/{self.settings.passage_tokens}"

    def configured_embedder(self) -> Embedder:
        """Return the model in the settings: usually the one that the index was made with."""
        wanted = embedder_for(self.settings)
        return self.embedder if wanted.is_same_as(self.embedder) else wanted

    def check(self) -> None:
        """Raise IndexEmpty or IndexMismatch if no question can be answered.

        An index that was cut in another way than the settings say, or made with another model that is available, answers.
        """
        if self.catalog.is_empty():
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
        if made_with == wanted or (self.catalog.is_empty() and self.configured_embedder() is self.embedder):
            return None
        return f"it was made with {made_with}, and the settings now say {wanted}"

    def prepare_for_writing(self) -> None:
        """Record the model and cutting in an empty index. Raises IndexMismatch if the index was made with others."""
        if why := self.outdated():
            raise IndexMismatch(
                f"The index in {self.settings.data_dir} has to be made again: {why}. Run `footnote index --rebuild`."
            )
        made_with = self.catalog.fact("fingerprint")
        if made_with != self.fingerprint:
            if made_with is not None:
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
        return self.embed_by(self.embedder.embed_passages, texts, computation(self.settings.precision).precision)

    def embed_by(self, embed: Embed, texts: Sequence[str], precision: Precision) -> Vectors:
        """Return one row a text: what `embed` returns, which computes in this precision, or what it returned before."""
        model = f"{self.embedder.fingerprint} {precision}"
        return self.embedding_cache.get_or_embed(texts, model=model, embed=embed)

    def open_next_generation(self, folder: Path) -> "Index":
        """Open the next generation with a copy of the catalogue, with the model in the settings. No run may be at work."""
        embedder = self.configured_embedder()
        same = embedder is self.embedder
        catalog = self.backend.copied(self.catalog, folder)
        return replace(
            self.opened_at(self.backend, folder, catalog),
            embedder=embedder,
            sentence_vectors=self.sentence_vectors if same else SentenceVectors(embedder),
        )

    def open_copy(self, folder: Path) -> "Index":
        """Open a copy of the catalogue in an empty folder, with empty stores, with the model that this index was made with.

        Whatever servers this index uses, all of the copy lies in the folder.
        """
        self.catalog.copy_to(folder / CATALOG)
        backend = FolderBackend(folder)
        catalog = backend.catalog(folder)
        catalog.remove_fact(COLLECTION)
        return self.opened_at(backend, folder, catalog)

    def opened_at(self, backend: Backend, folder: Path, catalog: Catalog) -> "Index":
        """Open another index in this folder, with this catalogue and the models of this one."""
        return replace(
            self,
            backend=backend,
            folder=folder,
            catalog=catalog,
            vectors=VectorStore(backend.vectors(folder, catalog)),
            words=LexicalIndex(folder / WORDS),
        )

    def in_step(self) -> "Index":
        """Return this index with the vectors and model that its catalogue names now. Others may have changed them."""
        place = self.backend.vectors(self.folder, self.catalog)
        wanted = embedder_for(self.settings, _MadeWith.of(self.catalog))
        embedder = self.embedder if wanted.is_same_as(self.embedder) else wanted
        if place == self.vectors.place and embedder is self.embedder:
            return self
        vectors = SentenceVectors(embedder) if embedder is not self.embedder else self.sentence_vectors
        return replace(self, vectors=VectorStore(place), embedder=embedder, sentence_vectors=vectors)

    def close(self) -> None:
        """Close the files and connections of this generation."""
        self.vectors.close()
        self.catalog.close()

    def close_shared(self) -> None:
        """Close what all generations share."""
        self.embedding_cache.close()
        self.backend.close()


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


def embedder_for(settings: IndexSettings, made_with: _MadeWith | None = None) -> Embedder:
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
        index.close_shared()


def opened(settings: IndexSettings, *, emptying_damaged: bool = False) -> Index:
    """Open the index in the data folder. The caller closes it. Raises what `open_index` raises.

    With `emptying_damaged`, vectors or words that are damaged or missing are replaced by empty stores, to be repaired.
    """
    backend = backend_for(settings)
    remove_leftovers(backend.root)
    folder = current_folder(backend.root)
    with ExitStack() as stack:
        catalog = stack.enter_context(closing(backend.catalog(folder)))
        place = backend.vectors(folder, catalog)
        vectors = stack.enter_context(closing(_opened_store(VectorStore, place, folder / VECTORS, emptying_damaged)))
        words = _opened_store(LexicalIndex, folder / WORDS, folder / WORDS, emptying_damaged)
        if catalog.has_passages() and not emptying_damaged:
            _check_held(place, vectors.count())
            if isinstance(backend, FolderBackend):
                _check_held(folder / WORDS, words.count())
        made_with = None if catalog.is_empty() else _MadeWith.of(catalog)
        embedder = embedder_for(settings, made_with)
        embedding_cache = EmbeddingCache(settings.data_dir / "embeddings.sqlite", most=settings.remembered_embeddings)
        stack.pop_all()
        return Index(
            settings,
            backend,
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


def _opened_store(kind: Callable[[_Place], _Store], place: _Place, folder: Path, emptying_damaged: bool) -> _Store:
    try:
        return kind(place)
    except IndexDamaged:
        if not emptying_damaged:
            raise
        shutil.rmtree(folder)
        return kind(place)


def _check_held(place: object, count: int) -> None:
    if count == 0:
        raise IndexDamaged(
            f"{place} is empty, though the catalogue has articles. Run `footnote status --repair`: it makes it again "
            "from the catalogue."
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
