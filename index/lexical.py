"""Passage words in Tantivy, ranked by BM25. The only module that knows Tantivy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tantivy

# Exactly what the tokenizer takes for a word: of `snake_case` as one word the query parser would make a phrase.
_WORD = re.compile(r"[^\W_]+")
# A question of a thousand words is a text: its first words say what it is about, and each word costs a lookup.
_MOST_WORDS = 200
_HEAP_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class LexicalEntry:
    """A passage as words: `body` is its title, publisher and text, in one field (measured better than apart)."""

    id: str
    key: str
    body: str


class LexicalIndex:
    """The words of all passages by passage id."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("body", tokenizer_name="en_stem", index_option="freq")
        self._index = tantivy.Index(builder.build(), path=str(folder))

    def add(self, entries: Sequence[LexicalEntry], *, replacing: Sequence[str] = ()) -> None:
        """Add passages and commit. Passages of the contents in `replacing` are removed in the same commit."""
        writer = self._index.writer(_HEAP_BYTES, 1)
        for key in replacing:
            writer.delete_documents_by_term("key", key)
        for entry in entries:
            writer.add_document(tantivy.Document(id=entry.id, key=entry.key, body=entry.body))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def delete(self, keys: Sequence[str]) -> None:
        """Remove all passages of these contents."""
        self.add([], replacing=keys)

    def best(self, question: str, count: int) -> dict[str, float]:
        """Return the ids of the `count` best passages with their BM25 score, best first."""
        return self._search(self._words(question), count)

    def scores(self, question: str, ids: Sequence[str]) -> dict[str, float]:
        """Return the BM25 score of these passages. Those that share no word with the question are left out."""
        if not ids:
            return {}
        among = tantivy.Query.term_set_query(self._index.schema, "id", list(ids))
        no_score = tantivy.Query.const_score_query(among, 0.0)
        both = [(tantivy.Occur.Must, self._words(question)), (tantivy.Occur.Must, no_score)]
        return self._search(tantivy.Query.boolean_query(both), len(ids))

    def count(self) -> int:
        """Return how many passages there are."""
        return int(self._index.searcher().num_docs)

    def _words(self, question: str) -> tantivy.Query:
        # Bare words in lower case hold nothing that the query language could take for an operator.
        words = _WORD.findall(question.lower())[:_MOST_WORDS]
        return self._index.parse_query(" ".join(words), ["body"]) if words else tantivy.Query.empty_query()

    def _search(self, query: tantivy.Query, count: int) -> dict[str, float]:
        searcher = self._index.searcher()
        found = searcher.search(query, count).hits
        return {searcher.doc(address)["id"][0]: float(score) for score, address in found}


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text, as the index sees them."""
    return _analyzer().analyze(text)


@cache
def _analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.stemmer("english")).build()
