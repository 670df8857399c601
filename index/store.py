"""An open index: the catalogue, the vectors, the words and the model that belong together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.catalog import Catalog
from index.chunking import CHUNKING
from index.embedding import Embedder
from index.errors import IndexEmpty, IndexMismatch
from index.lexical import LexicalIndex
from index.reader.model import Reader
from index.records import EVERYTHING
from index.sentences import SentenceVectors
from index.settings import NO_READER, SHIPPED_READER, IndexSettings
from index.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class Index:
    """What is open. The process that has it owns the data folder."""

    settings: IndexSettings
    catalog: Catalog
    vectors: VectorStore
    words: LexicalIndex
    embedder: Embedder
    sentence_vectors: SentenceVectors
    reader: Reader | None

    @property
    def fingerprint(self) -> str:
        """What has to be the same for vectors to be comparable: the model, and how passages are cut."""
        return f"{self.embedder.fingerprint} {CHUNKING}/{self.settings.passage_tokens}"

    def check(self) -> None:
        """Raise IndexEmpty or IndexMismatch when no question can be asked."""
        if self.catalog.count(EVERYTHING) == 0:
            raise IndexEmpty("Nothing is indexed yet. Run `footnote index PATH` with a folder of articles.")
        self._check_fingerprint()

    def claim(self) -> None:
        """Make an empty index one of this model and cutting. Raises IndexMismatch when it is one of another."""
        if self.catalog.fact("fingerprint") != self.fingerprint and self.catalog.count(EVERYTHING) == 0:
            self.vectors.clear()
            self.catalog.remember("fingerprint", self.fingerprint)
        self._check_fingerprint()

    def _check_fingerprint(self) -> None:
        made_with = self.catalog.fact("fingerprint")
        if made_with != self.fingerprint:
            raise IndexMismatch(
                f"The index in {self.settings.data_dir} was made with {made_with}, and the settings now say "
                f"{self.fingerprint}. Set FOOTNOTE_EMBED_MODEL and FOOTNOTE_PASSAGE_TOKENS back, or index the articles "
                "again into another FOOTNOTE_DATA_DIR."
            )


@contextmanager
def open_index(settings: IndexSettings) -> Iterator[Index]:
    """Open the index in the data folder, making it where there is none. The caller owns the folder (`index.ownership`)."""
    folder = settings.data_dir / "index"
    folder.mkdir(parents=True, exist_ok=True)
    catalog = Catalog(f"sqlite:///{folder / 'catalog.sqlite'}")
    vectors = VectorStore(folder / "chroma")
    try:
        words, embedder = LexicalIndex(folder / "tantivy"), Embedder(settings.embed_model)
        yield Index(settings, catalog, vectors, words, embedder, SentenceVectors(embedder), _reader(settings.reader))
    finally:
        vectors.close()
        catalog.close()


def _reader(setting: str) -> Reader | None:
    if setting == NO_READER:
        return None
    return Reader(None if setting == SHIPPED_READER else Path(setting))
