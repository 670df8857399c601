"""Cuts an article into passages, with the text to embed and the entry for lexical search of each."""

from dataclasses import dataclass, replace
from typing import Protocol

from index.ingest.chunking import Cut, content_key, cut_passages, divide
from index.ingest.words import passages_of
from index.models.embedding import Embedder
from index.records import Article
from index.settings import IndexSettings
from index.sources.apart import apart
from index.sources.reading import limits_from
from index.stores.lexical import LexicalEntry
from index.stores.publishing import Prepared


class Models(Protocol):
    """What cutting needs of an index: its settings and its embedding model."""

    @property
    def settings(self) -> IndexSettings:
        """The settings that articles are cut with."""

    @property
    def embedder(self) -> Embedder:
        """The model whose tokens are counted."""


@dataclass(frozen=True, slots=True)
class CutArticle:
    """An article with its cuts, and for each passage the text to embed and the entry for lexical search."""

    prepared: Prepared
    embedded: list[str]
    entries: list[LexicalEntry]


def cut(models: Models, prepared: Prepared) -> CutArticle:
    """Cut an article into passages. Raises what `apart` raises."""
    return with_passages(models, replace(prepared, cuts=cuts_of(models, prepared.article)))


def cuts_of(models: Models, article: Article) -> tuple[Cut, ...]:
    """Return the passages of an article, as bounds in its text.

    Its text is divided in the reading process: some take a thousand times their size. Raises what `apart` raises.
    """
    text, format = article.text, article.info.format
    divided = apart(limits_from(models.settings), len(text), divide, text, format)
    limit = models.embedder.passage_tokens(models.settings.passage_tokens)
    spans = models.embedder.token_spans
    return tuple(cut_passages(text, format, token_spans=spans, max_tokens=limit, divided=divided))


def with_passages(models: Models, prepared: Prepared) -> CutArticle:
    """Return an article that is cut already with what is embedded and found of its passages."""
    found = list(passages_of(prepared))
    headings = models.embedder.shortened_headings([heading for heading, _, _ in found])
    embedded = [f"{heading}\n{words}" for heading, (_, words, _) in zip(headings, found, strict=True)]
    return CutArticle(prepared, embedded, [entry for _, _, entry in found])


def embedded_texts(models: Models, article: Article) -> list[str]:
    """Return the text that is embedded for each passage of an article: its heading and its words."""
    return cut(models, Prepared(article, content_key(article), "", ())).embedded
