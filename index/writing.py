"""Writes articles that are new or changed: cuts them, embeds the passages, and puts them into the three stores.

Each batch is staged in the catalogue, written to Chroma and Tantivy, and published in one transaction of the catalogue.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from index.chunking import Cut, cut_passages, passage_id
from index.lexical import LexicalEntry
from index.publishing import Prepared
from index.segmentation import display_text
from index.store import Index

# Enough passages to fill the model's batches and to make one commit cheap; few enough that a killed run loses seconds.
_PASSAGES_AT_ONCE = 512
_ARTICLES_AT_ONCE = 500


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
        _write_passages(index, new)
    index.catalog.publish(batch)


def _cuts(index: Index, prepared: Prepared, there: set[str]) -> tuple[Cut, ...] | None:
    if prepared.key in there:
        return None
    info = prepared.article.info
    limit = index.embedder.passage_tokens(index.settings.passage_tokens)
    spans = index.embedder.token_spans
    return tuple(cut_passages(prepared.article.text, info.format, token_spans=spans, max_tokens=limit))


def _write_passages(index: Index, new: Sequence[Prepared]) -> None:
    ids, embedded, entries = [], [], []
    for prepared in new:
        info, text = prepared.article.info, prepared.article.text
        title = index.embedder.shortened_title(info.title)
        for cut in prepared.cuts or ():
            words = display_text(text[cut.start : cut.end], info.format)
            ids.append(passage_id(prepared.key, cut.ordinal))
            embedded.append(f"{title}\n{words}")
            body = "\n".join(filter(None, [info.title, info.publisher, words]))
            entries.append(LexicalEntry(ids[-1], prepared.key, body))
    index.vectors.add(ids, index.embedder.embed_passages(embedded))
    # Contents that went out of use earlier in this run are still in there: their words must not count twice.
    index.words.add(entries, replacing=[prepared.key for prepared in new])
