"""Lexical search of passages in Tantivy, ranked by BM25. The only module that uses Tantivy."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import tantivy

from index.errors import DataFolderUnusable, IndexDamaged

# The same words as the tokenizer's: the query parser would turn `snake_case` as one word into a phrase.
_WORD = re.compile(r"[^\W_]+")
# The first words of a very long question say what it is about, and each word costs a lookup.
_MOST_WORDS = 200
_HEAP_BYTES = 64_000_000
# Words that no passage has are looked for with a letter added, dropped, changed or swapped; two such in a long word.
_LEAST_LETTERS = 4
_LONG = 8
_MOST_LETTERS = 40
_MOST_UNKNOWN = 5
# What such a match counts: as much as a rather rare word (docs/research/ablation.md).
_ALIKE_SCORE = 5.0


@dataclass(frozen=True, slots=True)
class LexicalEntry:
    """A passage for lexical search. `body` is its heading, publisher and text, in one field (better when measured)."""

    id: str
    key: str
    body: str


class LexicalIndex:
    """The words of all passages by passage id."""

    def __init__(self, folder: Path) -> None:
        """Open or create the folder. Raises IndexDamaged."""
        self._folder = folder
        self._one_writer = Lock()
        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("body", tokenizer_name="en_stem", index_option="freq")
        with self._reading():
            self._index = tantivy.Index(builder.build(), path=str(folder))

    def add(self, entries: Iterable[LexicalEntry], *, replacing: Sequence[str] = ()) -> None:
        """Add passages and commit. Passages of the contents in `replacing` are removed in the same commit."""
        with self._writer() as writer:
            for key in replacing:
                writer.delete_documents_by_term("key", key)
            _add(writer, entries)

    def rewrite(self, entries: Iterable[LexicalEntry]) -> None:
        """Put these passages in the place of all that there are, in one commit."""
        with self._writer() as writer:
            writer.delete_all_documents()
            _add(writer, entries)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove all passages of these contents."""
        self.add([], replacing=keys)

    def best(self, question: str, count: int) -> dict[str, float]:
        """Return the ids of the `count` best passages with their BM25 score, best first."""
        return self._search(self._words(question), count)

    def scores(self, question: str, ids: Sequence[str]) -> dict[str, float]:
        """Return the BM25 scores of these passages. Passages without a word of the question are left out."""
        if not ids:
            return {}
        among = tantivy.Query.term_set_query(self._index.schema, "id", list(ids))
        no_score = tantivy.Query.const_score_query(among, 0.0)
        both = [(tantivy.Occur.Must, self._words(question)), (tantivy.Occur.Must, no_score)]
        return self._search(tantivy.Query.boolean_query(both), len(ids))

    def count(self) -> int:
        """Return how many passages there are."""
        return int(self._index.searcher().num_docs)

    def dead(self) -> int:
        """Return how many deleted passages still count in BM25, because Tantivy has not merged their segments yet."""
        # From Tantivy's list of segments, as its Python bindings do not offer this.
        with self._reading():
            segments = json.loads((self._folder / "meta.json").read_text())["segments"]
        return sum((segment["deletes"] or {"num_deleted_docs": 0})["num_deleted_docs"] for segment in segments)

    def ids(self) -> list[str]:
        """Return the ids of all passages. An id that is stored twice is returned twice."""
        with self._reading():
            searcher = self._index.searcher()
            found = searcher.search(tantivy.Query.all_query(), max(searcher.num_docs, 1)).hits
            return [searcher.doc(address)["id"][0] for _, address in found]

    def _words(self, question: str) -> tantivy.Query:
        """Return a query for any of the words, and for words much like those that no passage has."""
        # Plain words in lower case contain no operators of the query language.
        words = " ".join(_WORD.findall(question.lower())[:_MOST_WORDS])
        if not words:
            return tantivy.Query.empty_query()
        query = self._index.parse_query(words, ["body"])
        alike = [self._alike(stem) for stem in self._unknown(words)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in (query, *alike)]) if alike else query

    def _unknown(self, words: str) -> list[str]:
        """Return the stems that may be misspelt: no passage has them. A number that no passage has is another number."""
        with self._reading():
            searcher = self._index.searcher()
            misspelt = [
                stem
                for stem in dict.fromkeys(stems(words))
                if stem.isalpha()
                and _LEAST_LETTERS <= len(stem) <= _MOST_LETTERS
                and not searcher.doc_freq("body", stem)
            ]
        return misspelt[:_MOST_UNKNOWN]

    def _alike(self, stem: str) -> tantivy.Query:
        distance = 2 if len(stem) >= _LONG else 1
        fuzzy = tantivy.Query.fuzzy_term_query(self._index.schema, "body", stem, distance=distance)
        return tantivy.Query.boost_query(fuzzy, _ALIKE_SCORE)

    def _search(self, query: tantivy.Query, count: int) -> dict[str, float]:
        with self._reading():
            searcher = self._index.searcher()
            found = searcher.search(query, count).hits
            return {searcher.doc(address)["id"][0]: float(score) for score, address in found}

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"The words in {self._folder} cannot be read ({error}). Run `footnote status --repair`: it makes them "
                "again from the catalogue."
            ) from error

    @contextmanager
    def _writer(self) -> Iterator[tantivy.IndexWriter]:
        """Write and commit. One thread at a time: Tantivy refuses a second writer."""
        with self._one_writer, self._writing():
            writer = self._index.writer(_HEAP_BYTES, 1)
            # A run killed before its commit leaves files whose names this commit, with the same deletions, would reuse.
            writer.garbage_collect_files()
            yield writer
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise DataFolderUnusable(
                f"The words in {self._folder} cannot be written ({error}). Is the disk full, or the folder not "
                "writable? Correct that and run again; what was indexed before is intact."
            ) from error


def _add(writer: tantivy.IndexWriter, entries: Iterable[LexicalEntry]) -> None:
    for entry in entries:
        writer.add_document(tantivy.Document(id=entry.id, key=entry.key, body=entry.body))


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text, as the index computes them."""
    return _analyzer().analyze(text)


@cache
def _analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.stemmer("english")).build()
