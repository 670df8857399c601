"""Writes articles that are new or changed: cuts them, embeds the passages, and puts them into the three stores.

Each batch is staged in the catalogue, written to Chroma and Tantivy, and published in one transaction of the catalogue.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from index.chunking import Cut, cut_passages, passage_id
from index.embedding import Vectors
from index.lexical import LexicalEntry
from index.publishing import Prepared
from index.records import Article
from index.segmentation import display_text
from index.store import Index

# Enough passages to fill the model's batches and to make one commit cheap; few enough that a killed run loses seconds.
_PASSAGES_AT_ONCE = 512
_ARTICLES_AT_ONCE = 500

VectorsOf = Callable[[Sequence[str], Sequence[str]], Vectors]
"""The vectors of passages, given their ids and the texts to embed."""


def write(index: Index, prepared: Iterable[Prepared]) -> None:
    """Write these articles, batch by batch. Readers see each in its old version or its new one, never between."""
    for batch in _batches(prepared):
        _write(index, batch)


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    characters = 0
    for one in prepared:
        batch.append(one)
        characters += len(one.article.text) if one.cuts is not None else 0
        # About 800 characters make a passage of 200 tokens; how many it really are is known only after cutting.
        if len(batch) >= _ARTICLES_AT_ONCE or characters >= 800 * _PASSAGES_AT_ONCE:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _write(index: Index, batch: Sequence[Prepared]) -> None:
    there = index.catalog.contents_known(prepared.key for prepared in batch)
    batch = [replace(prepared, cuts=_cuts(index, prepared, there)) for prepared in batch]
    new = list({prepared.key: prepared for prepared in batch if prepared.cuts is not None}.values())
    index.catalog.stage(new)
    if new:
        write_passages(index, new, vectors_of=lambda _, texts: index.embed_passages(texts))
    index.catalog.publish(batch)


def _cuts(index: Index, prepared: Prepared, there: set[str]) -> tuple[Cut, ...] | None:
    return None if prepared.key in there else cuts_of(index, prepared.article)


def cuts_of(index: Index, article: Article) -> tuple[Cut, ...]:
    """Cut an article into passages, as this index does."""
    limit = index.embedder.passage_tokens(index.settings.passage_tokens)
    spans = index.embedder.token_spans
    return tuple(cut_passages(article.text, article.info.format, token_spans=spans, max_tokens=limit))


def write_passages(index: Index, batch: Sequence[Prepared], *, vectors_of: VectorsOf) -> None:
    """Put the passages of these articles into Chroma and Tantivy. Nobody sees them before the catalogue says so."""
    entries: list[LexicalEntry] = []
    embedded: list[str] = []
    for prepared in batch:
        words = _shown(prepared)
        title = index.embedder.shortened_title(prepared.article.info.title)
        entries.extend(lexical_entries(prepared, words))
        embedded.extend(f"{title}\n{shown}" for shown in words)
    ids = [entry.id for entry in entries]
    index.vectors.add(ids, vectors_of(ids, embedded))
    # Contents that went out of use earlier in this run are still in there: their words must not count twice.
    index.words.add(entries, replacing=[prepared.key for prepared in batch])


def lexical_entries(prepared: Prepared, shown: Sequence[str] | None = None) -> list[LexicalEntry]:
    """Return the passages of an article as they are found by words. `shown` is each as it is displayed, if known."""
    info, cuts = prepared.article.info, prepared.cuts or ()
    return [
        LexicalEntry(
            passage_id(prepared.key, cut.ordinal),
            prepared.key,
            "\n".join(filter(None, [info.title, info.publisher, words])),
        )
        for cut, words in zip(cuts, _shown(prepared) if shown is None else shown, strict=True)
    ]


def _shown(prepared: Prepared) -> list[str]:
    text, kind = prepared.article.text, prepared.article.info.format
    return [display_text(text[cut.start : cut.end], kind) for cut in prepared.cuts or ()]
