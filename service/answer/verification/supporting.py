"""Which stretches of the passages support a sentence: by the support model, or by similarity where there is none."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.ingest.outline import path_of
from index.ingest.segmentation import display_text
from index.reader.model import Reader, ReaderPassage, Reading
from index.records import Hit, SentenceSpan, Span
from index.stores.store import Index
from service.answer.citations import Stretch
from service.answer.verification.claims import Source, missing

MOST_READ = 8
"""Passages that a sentence is laid on."""

# Sentences of one passage that are quoted because the model found something of the sentence in them.
_MOST_OF_ONE = 3
# Log-odds of a sentence that may still be quoted where it holds a figure or a name that the others do not hold.
_LEAST_EVIDENCE = -2.0
# Log-odds of a sentence that stands in the passage word for word.
_WORD_FOR_WORD = 6.0
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Supporting:
    """What was found to support a sentence. `log_odds` are those that it does so wholly, by the support model."""

    stretches: tuple[Stretch, ...]
    log_odds: float


@dataclass(frozen=True, slots=True)
class _Read:
    """A hit as the support model read it: the sentences of its passage as people read them, and the reading."""

    hit: Hit
    texts: tuple[str, ...]
    reading: Reading

    @property
    def log_odds(self) -> float:
        """Those that the passage supports all of what was read for."""
        return self.reading.answered

    @property
    def order(self) -> list[int]:
        """The places of its sentences that may hold something of what was read for, most evidence first: at least one."""
        evidence = [sentence.evidence for sentence in self.reading.sentences]
        ordered = sorted(range(len(evidence)), key=lambda at: -evidence[at])
        return [at for n, at in enumerate(ordered) if n == 0 or evidence[at] >= _LEAST_EVIDENCE]

    @property
    def telling(self) -> list[int]:
        """The places of the sentences that hold something of what was read for, at least of the best one."""
        return [
            at for n, at in enumerate(self.order[:_MOST_OF_ONE]) if n == 0 or self.reading.sentences[at].evidence > 0
        ]


def by_reading(model: Reader, claim: str, hits: Sequence[Hit], *, least: float) -> Supporting:
    """Return what the support model finds for a sentence in the best of these passages; in the two best, where one alone
    does not support it with log-odds of at least `least`.

    The passages are read in one batch, and the two best once more together. What stands in one of them word for word needs no
    reading. Raises ModelUnusable.
    """
    passages = [_passage_of(hit) for hit in hits[:MOST_READ]]
    for hit, (_, texts) in zip(hits, passages, strict=False):
        if (at := _place_of(claim, texts)) is not None:
            stretch = _stretch(hit, hit.passage.sentences[at], 1.0)
            return Supporting((stretch,), _WORD_FOR_WORD)
    readings = model.read([(claim, passage) for passage, _ in passages])
    found = [
        _Read(hit, texts, reading) for hit, (_, texts), reading in zip(hits, passages, readings, strict=False) if texts
    ]
    if not found:
        return Supporting((), -math.inf)
    best, *others = sorted(found, key=lambda one: -one.log_odds)
    if best.log_odds >= least or not others:
        return Supporting(tuple(_stretches(claim, [best])), best.log_odds)
    second = max(others, key=lambda one: one.reading.sentences[one.order[0]].evidence)
    together = _together(model, claim, best, second)
    if together <= best.log_odds:
        return Supporting(tuple(_stretches(claim, [best])), best.log_odds)
    return Supporting(tuple(_stretches(claim, [best, second])), together)


def _together(model: Reader, claim: str, one: _Read, other: _Read) -> float:
    texts = [read.texts[at] for read in (one, other) for at in sorted(read.telling)]
    title = one.hit.passage.article.title
    (reading,) = model.read([(claim, ReaderPassage(title, " ".join(dict.fromkeys(texts))))])
    return reading.answered


def _passage_of(hit: Hit) -> tuple[ReaderPassage, tuple[str, ...]]:
    """Return a passage as people read it, below what introduces it, and its sentences."""
    passage = hit.passage
    texts = tuple(display_text(passage.words_of(span), passage.article.format) for span in passage.sentences)
    text = "".join(f"{introduction} " for introduction in passage.context.introductions)
    spans = []
    for sentence in texts:
        spans.append(Span(len(text), len(text) + len(sentence)))
        text += f"{sentence} "
    return ReaderPassage(path_of(passage.article.title, passage.context), text, tuple(spans)), texts


def _place_of(claim: str, texts: Sequence[str]) -> int | None:
    """Return which of these sentences says a claim word for word."""
    words = _WORDS.findall(claim.casefold())
    return next((at for at, text in enumerate(texts) if _WORDS.findall(text.casefold()) == words), None)


def _stretches(words: str, read: Sequence[_Read]) -> Iterator[Stretch]:
    for one in read:
        yield from with_what_is_missing(words, one.hit, one.order, chosen=one.telling, scores=_scores(one))


def _scores(one: _Read) -> list[float]:
    return [1 / (1 + math.exp(-sentence.evidence)) for sentence in one.reading.sentences]


def by_similarity(index: Index, words: str, hit: Hit, *, least: float) -> list[Stretch]:
    """Return the sentence of a passage that says most nearly what these words say, if one is as similar as `least`."""
    passage = hit.passage
    texts = [display_text(passage.words_of(span), passage.article.format) for span in passage.sentences]
    vectors = index.sentence_vectors.of([words, *texts])
    similarities = [float(similarity) for similarity in vectors[1:] @ vectors[0]]
    order = sorted((at for at, one in enumerate(similarities) if one >= least), key=lambda at: -similarities[at])
    return with_what_is_missing(words, hit, order, chosen=order[:1], scores=similarities)


def with_what_is_missing(
    words: str, hit: Hit, order: Sequence[int], *, chosen: Sequence[int], scores: Sequence[float]
) -> list[Stretch]:
    """Return the chosen sentences of a passage, as stretches. Others come along, in this order, where they hold something of
    these words that the chosen ones do not hold; and the sentence before the first, where that holds the name which it refers
    to."""
    if not chosen:
        return []
    stretches = [_stretch(hit, hit.passage.sentences[at], scores[at]) for at in chosen]
    for at in [*order, *([chosen[0] - 1] if chosen[0] else [])]:
        further = _stretch(hit, hit.passage.sentences[at], scores[at])
        if further not in stretches and missing(words, source([*stretches, further])) < missing(
            words, source(stretches)
        ):
            stretches.append(further)
    return stretches


def source(stretches: Sequence[Stretch]) -> Source:
    """Return what a sentence with these stretches may rest on."""
    articles = {stretch.hit.passage.article.id: stretch.hit.passage.article for stretch in stretches}.values()
    return Source(
        quotes=tuple(display_text(stretch.words, stretch.hit.passage.article.format) for stretch in stretches),
        titles=tuple(f"{article.title} {article.publisher or ''}" for article in articles),
        published=tuple(article.published for article in articles if article.published),
    )


def _stretch(hit: Hit, span: SentenceSpan, score: float) -> Stretch:
    return Stretch(hit, Span(span.start, span.end), hit.passage.words_of(span), score)
