"""Passages that start in mid-thought ("It also …") are read together with the sentence that they lean on."""

from collections.abc import Sequence
from dataclasses import replace

from index.ingest.segmentation import display_text
from index.records import Hit, Passage, Span
from index.stores.store import Index
from service.answer.leaning import leans_back

# Those that are read or shown to a language model; the others are only listed.
_READ = 16


def joined(index: Index, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits, the first sixteen with the sentence before their passage where that begins in mid-thought.

    A passage grows by that sentence: it stays a stretch of its article, word for word, under its id.
    """
    return (*(_with_sentence_before(index, hit) for hit in hits[:_READ]), *hits[_READ:])


def _with_sentence_before(index: Index, hit: Hit) -> Hit:
    passage = hit.passage
    if passage.ordinal == 0 or not leans_back(_first_sentence(passage)):
        return hit
    before = index.catalog.last_sentence_before(passage)
    if before is None or before.kind != "sentence":
        return hit
    text = index.catalog.stretch(passage.article.version, Span(before.start, passage.end))
    if text is None:  # deleted since it was found
        return hit
    longer = replace(passage, start=before.start, text=text, sentences=(before, *passage.sentences))
    return replace(hit, passage=longer)


def _first_sentence(passage: Passage) -> str:
    if not passage.sentences:
        return ""
    return display_text(passage.words_of(passage.sentences[0]), passage.article.format)
