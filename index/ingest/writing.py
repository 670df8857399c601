"""Writes new and changed articles: cuts them, embeds the passages, and stores them in the three stores.

Each batch is staged in the catalogue, written to Chroma and Tantivy, and published in one transaction of the catalogue.
While one batch is written, the next is embedded and the one after that is read and cut.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from index.errors import ArticleError, FootnoteError
from index.ingest.chunking import Cut, content_key, cut_passages, divide
from index.ingest.following import follow, follows
from index.ingest.run_control import RunControl
from index.ingest.words import passages_of
from index.models.embedding import Vectors
from index.models.prefetch import prefetch
from index.records import Article
from index.sources.apart import apart
from index.sources.reading import limits_from
from index.stores.lexical import LexicalEntry
from index.stores.publishing import Prepared
from index.stores.store import Index

# Enough passages to fill the model's batches and to make a commit cheap; few enough that a killed run loses only seconds.
_PASSAGES_AT_ONCE = 512
_ARTICLES_AT_ONCE = 500

# At most this many are lost if a run is stopped while a batch is embedded.
_EMBEDDED_AT_ONCE = 64

OnFailed = Callable[[Prepared, Exception], None]
"""Called with an article that could not be cut into passages, and the error."""

VectorsOf = Callable[[Sequence[str], Sequence[str]], Vectors]
"""Returns the vectors of passages, given their ids and the texts to embed."""


class _Failed(Enum):
    """Marks an article that cannot be cut."""

    FAILED = 1


_FAILED = _Failed.FAILED


@dataclass(frozen=True, slots=True)
class _Cut:
    """A batch of articles with their cuts, and its passages that are not yet in Chroma and Tantivy.

    `ids`, `embedded` (the texts to embed) and `entries` (for lexical search) have one item a passage.
    """

    articles: list[Prepared]
    new: list[Prepared]
    ids: list[str]
    embedded: list[str]
    entries: list[LexicalEntry]


def write(
    index: Index,
    prepared: Iterable[Prepared],
    *,
    control: RunControl | None = None,
    on_stored: Callable[[Sequence[Prepared]], None] = lambda batch: None,
    on_failed: OnFailed | None = None,
) -> None:
    """Write these articles, batch by batch. Readers see the old or the new version of each, never a mixture.

    `prepared` is iterated in another thread. What it raises is raised here, after all batches before it are written.
    `on_stored` is called with each batch that is in the index, `on_failed` with each article that cannot be cut. The others
    are written.
    """
    control = control or RunControl()
    with (
        closing(prefetch(_cut(index, batch, on_failed) for batch in _batches(prepared))) as cut,
        closing(prefetch(_embedded(index, batch, control) for batch in cut)) as embedded,
    ):
        try:
            for batch, vectors in embedded:
                with control.changing:
                    _store(index, batch, vectors)
                on_stored(batch.articles)
        except KeyboardInterrupt:
            control.stop()  # otherwise the next batches would be read and embedded first
            raise


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    characters = 0
    for one in prepared:
        batch.append(one)
        characters += len(one.article.text) if one.cuts is not None else 0
        # A passage of 200 tokens has about 800 characters. The exact number of passages is known only after cutting.
        if len(batch) >= _ARTICLES_AT_ONCE or characters >= 800 * _PASSAGES_AT_ONCE:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _cut(index: Index, batch: Sequence[Prepared], on_failed: OnFailed | None = None) -> _Cut:
    # Contents of the batches just before may be cut and embedded again: the stores ignore what they have already.
    there = index.catalog.contents_in_use(prepared.key for prepared in batch)
    articles = [
        replace(prepared, cuts=cuts)
        for prepared in batch
        if (cuts := None if prepared.key in there else _cuts_or_failed(index, prepared, on_failed)) is not _FAILED
    ]
    new = list({prepared.key: prepared for prepared in articles if prepared.cuts is not None}.values())
    return _with_passages(index, articles, new)


def _cuts_or_failed(index: Index, prepared: Prepared, on_failed: OnFailed | None) -> "tuple[Cut, ...] | _Failed":
    """Return the passages of an article. If it cannot be cut, call `on_failed`."""
    try:
        return cuts_of(index, prepared.article)
    except Exception as error:
        if on_failed is None or (isinstance(error, FootnoteError) and not isinstance(error, ArticleError)):
            raise
        on_failed(prepared, error)
        return _FAILED


def _with_passages(index: Index, articles: list[Prepared], new: list[Prepared]) -> _Cut:
    found = [one for prepared in new for one in passages_of(prepared)]
    headings = index.embedder.shortened_headings([heading for heading, _, _ in found])
    embedded = [f"{heading}\n{words}" for heading, (_, words, _) in zip(headings, found, strict=True)]
    entries = [entry for _, _, entry in found]
    return _Cut(articles, new, [entry.id for entry in entries], embedded, entries)


def cuts_of(index: Index, article: Article) -> tuple[Cut, ...]:
    """Cut an article into passages, with the model and settings of this index.

    Its text is divided in the reading process: some take a thousand times their size. Raises what `apart` raises.
    """
    text, format = article.text, article.info.format
    divided = apart(limits_from(index.settings), len(text), divide, text, format)
    limit = index.embedder.passage_tokens(index.settings.passage_tokens)
    spans = index.embedder.token_spans
    return tuple(cut_passages(text, format, token_spans=spans, max_tokens=limit, divided=divided))


def embedded_texts(index: Index, article: Article) -> list[str]:
    """Return the text that is embedded for each passage of an article: its heading and its words."""
    prepared = Prepared(article, content_key(article), "", cuts_of(index, article))
    return _with_passages(index, [prepared], [prepared]).embedded


def _embedded(index: Index, batch: _Cut, control: RunControl) -> tuple[_Cut, Vectors]:
    """Embed a batch in parts of texts of similar length. The cache keeps finished vectors even if the run is stopped."""
    texts = batch.embedded
    vectors = np.zeros((len(texts), index.embedder.dimensions), np.float32)
    longest_first = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    for first in range(0, len(texts), _EMBEDDED_AT_ONCE):
        control.check()
        part = longest_first[first : first + _EMBEDDED_AT_ONCE]
        vectors[part] = index.embed_passages([texts[at] for at in part])
    return batch, vectors


def _store(index: Index, batch: _Cut, vectors: Vectors) -> None:
    _store_new(index, batch, vectors)
    if lost := _lost(index, batch):
        _store_new(index, lost, index.embed_passages(lost.embedded))
    index.catalog.publish(batch.articles)
    follow(index)


def _store_new(index: Index, batch: _Cut, vectors: Vectors) -> None:
    index.catalog.stage(batch.new)
    if batch.new and follows(index):
        index.vectors.add(batch.ids, vectors)
    elif batch.new:
        _put_passages(index, batch, vectors)


def _lost(index: Index, batch: _Cut) -> _Cut | None:
    """Return the articles whose passages existed when the batch was cut and were deleted since, cut again."""
    bare = {prepared.key: prepared for prepared in batch.articles if prepared.cuts is None}
    there = index.catalog.contents_in_use(bare)
    new = [replace(one, cuts=cuts_of(index, one.article)) for key, one in bare.items() if key not in there]
    return _with_passages(index, new, new) if new else None


def write_passages(index: Index, batch: Sequence[Prepared], *, vectors_of: VectorsOf) -> None:
    """Write the passages of these articles, with their cuts, to Chroma and Tantivy, but not to the catalogue."""
    found = _with_passages(index, [], list(batch))
    _put_passages(index, found, vectors_of(found.ids, found.embedded))


def _put_passages(index: Index, batch: _Cut, vectors: Vectors) -> None:
    index.vectors.add(batch.ids, vectors)
    # Contents that went out of use earlier in this run are still stored: their words must not count twice.
    index.words.add(batch.entries, replacing=[prepared.key for prepared in batch.new])
