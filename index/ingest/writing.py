"""Writes new and changed articles: cuts them, embeds the passages, and stores them in the three stores.

Each batch is staged in the catalogue, written to Chroma and Tantivy, and published in one transaction of the catalogue.
While one batch is written, the next is embedded and the one after that is read and cut.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from index.errors import ArticleError, FootnoteError
from index.ingest.cutting import CutArticle, with_passages
from index.ingest.following import follow, follows
from index.ingest.run_control import RunControl
from index.ingest.workers import InThisProcess, Workers
from index.models.embedding import Vectors
from index.models.prefetch import in_order
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


@dataclass(frozen=True, slots=True)
class _Batch:
    """Articles with their cuts, and those of them whose passages are not yet in Chroma and Tantivy.

    `failed` are the ones that cannot be cut, with the errors. They are in neither of the others.
    """

    articles: list[Prepared]
    new: list[CutArticle]
    failed: list[tuple[Prepared, Exception]]


def _raise(_: Prepared, error: Exception) -> None:
    raise error


def write(
    index: Index,
    prepared: Iterable[Prepared],
    *,
    workers: Workers | None = None,
    control: RunControl | None = None,
    on_stored: Callable[[Sequence[Prepared]], None] = lambda batch: None,
    on_failed: OnFailed = _raise,
) -> None:
    """Write these articles, batch by batch. Readers see the old or the new version of each, never a mixture.

    `workers` cut and embed, this process by default. `prepared` is iterated in another thread. What it raises is raised here,
    after all batches before it are written. `on_stored` is called with each batch that is in the index, `on_failed` with each
    article that cannot be cut. The others are written.
    """
    control = control or RunControl()
    workers = workers or InThisProcess(index)
    ahead = workers.at_once
    with (
        closing(in_order(partial(_cut, index, workers), _batches(prepared), at_once=ahead)) as cut,
        closing(in_order(partial(_embedded, workers, control), cut, at_once=ahead)) as embedded,
    ):
        try:
            for batch, vectors in embedded:
                for one, error in batch.failed:
                    on_failed(one, error)
                with control.changing:
                    _store(index, workers, batch, vectors)
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


def _cut(index: Index, workers: Workers, batch: Sequence[Prepared]) -> _Batch:
    # Contents of the batches just before may be cut and embedded again: the stores ignore what they have already.
    there = index.catalog.contents_in_use(prepared.key for prepared in batch)
    articles: list[Prepared] = []
    new: dict[str, CutArticle] = {}
    failed: list[tuple[Prepared, Exception]] = []
    for prepared in batch:
        key = prepared.key
        if key not in there and key not in new:
            try:
                new[key] = workers.cut(prepared)
            except Exception as error:
                if isinstance(error, FootnoteError) and not isinstance(error, ArticleError):
                    raise
                failed.append((prepared, error))
                continue
        articles.append(replace(prepared, cuts=new[key].prepared.cuts if key in new else None))
    return _Batch(articles, list(new.values()), failed)


def _embedded(workers: Workers, control: RunControl, batch: _Batch) -> tuple[_Batch, Vectors]:
    return batch, embedded_in_parts(workers, batch.new, control)


def embedded_in_parts(workers: Workers, cut: Sequence[CutArticle], control: RunControl) -> Vectors:
    """Embed passages in parts of texts of similar length. The cache keeps finished vectors even if the run is stopped."""
    texts = _texts(cut)
    longest_first = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    rows: dict[int, Vectors] = {}
    for first in range(0, len(texts), _EMBEDDED_AT_ONCE):
        control.check()
        part = longest_first[first : first + _EMBEDDED_AT_ONCE]
        rows |= zip(part, workers.embed([texts[at] for at in part]), strict=True)
    return np.stack([rows[at] for at in range(len(texts))]) if texts else np.zeros((0, 0), np.float32)


def _store(index: Index, workers: Workers, batch: _Batch, vectors: Vectors) -> None:
    _store_new(index, batch, vectors)
    if lost := _lost(index, workers, batch):
        _store_new(index, lost, workers.embed(_texts(lost.new)))
    index.catalog.publish(batch.articles)
    follow(index)


def _store_new(index: Index, batch: _Batch, vectors: Vectors) -> None:
    index.catalog.stage([one.prepared for one in batch.new])
    if batch.new and follows(index):
        index.vectors.add(_ids(batch.new), vectors)
    elif batch.new:
        put_passages(index, batch.new, vectors)


def _lost(index: Index, workers: Workers, batch: _Batch) -> _Batch | None:
    """Return the articles whose passages existed when the batch was cut and were deleted since, cut again."""
    bare = {prepared.key: prepared for prepared in batch.articles if prepared.cuts is None}
    there = index.catalog.contents_in_use(bare)
    new = [workers.cut(one) for key, one in bare.items() if key not in there]
    return _Batch([], new, []) if new else None


def write_passages(index: Index, batch: Sequence[Prepared], *, vectors_of: VectorsOf) -> None:
    """Write the passages of these articles, with their cuts, to Chroma and Tantivy, but not to the catalogue."""
    found = [with_passages(index, prepared) for prepared in batch]
    put_passages(index, found, vectors_of(_ids(found), _texts(found)))


def put_passages(index: Index, cut: Sequence[CutArticle], vectors: Vectors) -> None:
    """Write the passages of these articles to Chroma and Tantivy, but not to the catalogue."""
    index.vectors.add(_ids(cut), vectors)
    # Contents that went out of use earlier in this run are still stored: their words must not count twice.
    entries = [entry for one in cut for entry in one.entries]
    index.words.add(entries, replacing=[one.prepared.key for one in cut])


def _ids(cut: Sequence[CutArticle]) -> list[str]:
    return [entry.id for one in cut for entry in one.entries]


def _texts(cut: Sequence[CutArticle]) -> list[str]:
    return [text for one in cut for text in one.embedded]
