"""Rebuilds the index in a new folder, from the texts in the catalogue, and replaces the old index at the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing

import numpy as np

from index.ingest.cutting import CutArticle
from index.ingest.following import mark_followed
from index.ingest.run_control import RunControl
from index.ingest.sweeping import DELETED_VECTORS, sweep
from index.ingest.workers import workers_for
from index.ingest.writing import VectorsOf, embedded_in_parts, put_passages, write_passages
from index.models.embedding import Vectors
from index.models.prefetch import in_order
from index.stores.generations import next_folder, remove
from index.stores.live import LiveIndex
from index.stores.publishing import Prepared
from index.stores.store import Index

OnProgress = Callable[[int, int], None]
"""Called with the number of articles done so far and the number of all."""

_CONTENTS_AT_ONCE = 100


def rebuild(live: LiveIndex, *, copying: bool = False, on_progress: OnProgress | None = None) -> None:
    """Build the next generation of the index with the model and cutting in the settings, and make it the live one.

    No source is read: articles, ids, old versions and deletions come from the catalogue. Questions and deletions go on
    meanwhile. `copying` keeps cuts and vectors, for an index that is not outdated. The caller holds `live.indexing`. If
    anything fails, the old index stays.
    """
    old = live.current
    folder = next_folder(old.backend.root)
    with ExitStack() as undo:
        undo.callback(remove, folder)
        with live.changing:
            new = old.open_next_generation(folder)
        undo.callback(new.close)
        fill(new, copied=old if copying else None, on_progress=on_progress)
        with live.changing:
            catch_up(new, old)
            undo.pop_all()
            live.replace(new)


def fill(new: Index, *, copied: Index | None, on_progress: OnProgress | None = None) -> None:
    """Write vectors and words of every content in the catalogue: copied from `copied`, or cut and embedded again."""
    total, done = new.catalog.count_contents(), 0
    for count in _copied(new, copied) if copied else _made(new):
        done += count
        if on_progress:
            on_progress(done, total)
    mark_followed(new)
    new.catalog.set_fact(DELETED_VECTORS, "0")
    if copied is None:
        new.record_fingerprint()


def _copied(new: Index, old: Index) -> Iterator[int]:
    """Write passages with the cuts and vectors of an index. Yields the number of contents in each batch."""
    vectors_of = copied_or_embedded(new, old)
    for batch in new.catalog.contents(at_once=_CONTENTS_AT_ONCE):
        write_passages(new, batch, vectors_of=vectors_of)
        yield len(batch)


def _made(new: Index) -> Iterator[int]:
    """Cut and embed all contents again. Yields the number of contents in each batch."""
    control = RunControl()
    new.catalog.forget_cuts()
    contents = new.catalog.contents(at_once=_CONTENTS_AT_ONCE)

    def made(batch: Sequence[Prepared]) -> tuple[list[CutArticle], Vectors]:
        cut = [workers.cut(one) for one in batch]
        return cut, embedded_in_parts(workers, cut, control)

    with workers_for(new, control) as workers, closing(in_order(made, contents, at_once=workers.at_once)) as ahead:
        for cut, vectors in ahead:
            new.catalog.put_cuts([one.prepared for one in cut])
            put_passages(new, cut, vectors)
            yield len(cut)


def copied_or_embedded(new: Index, old: Index) -> VectorsOf:
    """Return a function that returns vectors for the new index: copied from the old one, or embedded if missing."""

    def vectors_of(ids: Sequence[str], texts: Sequence[str]) -> Vectors:
        known = old.vectors.get(ids)
        missing = {id_: text for id_, text in zip(ids, texts, strict=True) if id_ not in known}
        known |= dict(zip(missing, new.embed_passages(list(missing.values())), strict=True))
        return np.stack([known[id_] for id_ in ids]) if ids else np.zeros((0, 0), np.float32)

    return vectors_of


def catch_up(new: Index, old: Index) -> None:
    """Delete what was deleted from the old index while the new one was built. Nothing else can have changed."""
    if gone := sorted(new.catalog.entries().keys() - old.catalog.entries().keys()):
        new.catalog.delete(gone)
    sweep(new)
