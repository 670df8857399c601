"""Finds places where two articles give different values for the same thing, ahead of any question.

Each passage is compared with those of other articles that are nearest to it and may be read. Sentences are compared as in
answers (`service.answer.disagreement`). Those that differ are then read by the support model, each with the value of the
other in its place: if each is supported by the other sentence then, the two say the same but for the value.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from time import monotonic

from index.deadline import check_deadline
from index.errors import WrongUsage
from index.ingest.chunking import key_of
from index.ingest.outline import path_of
from index.ingest.segmentation import display_text
from index.models.embedding import Vectors
from index.reader.model import Reader, ReaderPassage
from index.records import Access, Filters, Passage
from index.stores.store import Index
from service.answer.disagreement import (
    Candidate,
    Embed,
    differ,
    same_thing,
    same_value,
    values_of,
    with_vectors,
    without_values,
)
from service.answer.text.references import needs_previous_sentence
from service.answer.text.terms import terms
from service.schemas.conflicts import Conflict, ConflictSide, ConflictsRequest, ConflictsResponse

LEAST_LOG_ODDS = 1.0
"""From these log-odds of the support model on, each way, two sentences conflict.

Chosen on `eval/conflicts/choose.jsonl` (`python -m eval.conflicts`).
"""

_NEAREST = 8  # passages that each is compared with
_MOST_NEAREST = 576  # passages that are looked through for them: 9, 36, 144, 576
_LEAST_COSINE = 0.5
_AT_ONCE = 16  # passages: a second or several, where much is alike; only then is looked at the clock
_LONGEST = 500  # characters of a sentence: longer ones are lists and tables
_FEWEST_TERMS = 2  # words beside the value: "Duration: 60 minutes" says too little of what it is of


@dataclass(frozen=True, slots=True)
class Stated:
    """A sentence of a passage and a value that it gives. `candidate` has both as people read them."""

    candidate: Candidate
    place: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class _Pair:
    one: Stated
    other: Stated


def find_conflicts(index: Index, access: Access, request: ConflictsRequest) -> ConflictsResponse:
    """Find conflicts among the articles that may be read. Raises WrongUsage without a support model, and IndexMismatch."""
    if index.support is None:
        raise WrongUsage("Conflicts are judged by the support model: leave FOOTNOTE_SUPPORT_MODEL as it is by default.")
    index.check()
    end = monotonic() + request.seconds
    ids = sorted(index.catalog.passage_ids(access, Filters(), limit=index.vectors.count()))
    readable = frozenset(ids)
    found: list[Conflict] = []
    first = compared = bisect_right(ids, request.after) if request.after else 0
    while compared < len(ids) and (compared == first or monotonic() < end):
        check_deadline()
        part = ids[compared : compared + _AT_ONCE]
        for pair, log_odds in judged(
            list(_pairs(index, part, readable, access)), index.sentence_vectors.of, index.support
        ):
            if log_odds >= LEAST_LOG_ODDS:
                found.append(_conflict(pair, log_odds))
        compared += len(part)
    different = likeliest(found)
    shown = different[: request.limit]
    return ConflictsResponse(
        conflicts=shown,
        left_out=len(different) - len(shown),
        compared=compared,
        passages=len(ids),
        next_after=ids[compared - 1] if compared < len(ids) else None,
    )


def likeliest(found: Iterable[Conflict]) -> list[Conflict]:
    """Return each conflict once, the likeliest first: from both of its sides the same one is found."""
    different: dict[frozenset[tuple[str, int, str]], Conflict] = {}
    for conflict in found:
        sides = frozenset((side.article_id, side.start, side.value) for side in (conflict.one, conflict.other))
        different.setdefault(sides, conflict)
    return sorted(different.values(), key=lambda conflict: -conflict.likelihood)


def judged(pairs: Sequence[_Pair], embed: Embed, support: Reader) -> Iterator[tuple[_Pair, float]]:
    """Yield the pairs that seem to be of the same thing, each with the log-odds that they are."""
    sentences = {stated.candidate: None for pair in pairs for stated in (pair.one, pair.other)}
    vectors = dict(zip(sentences, with_vectors(list(sentences), embed), strict=True)) if sentences else {}
    alike = [pair for pair in pairs if same_thing(vectors[pair.one.candidate], vectors[pair.other.candidate])]
    read = [_exchanged(*sides) for pair in alike for sides in ((pair.one, pair.other), (pair.other, pair.one))]
    log_odds = [reading.answered for reading in support.read(read)] if read else []
    yield from zip(alike, map(min, log_odds[::2], log_odds[1::2]), strict=True)


def stated_in(passage: Passage) -> list[Stated]:
    """Return the sentences of a passage that give values, once for each value."""
    found: list[Stated] = []
    article, context = passage.article, path_of(passage.article.title, passage.context)
    for at, span in enumerate(passage.sentences):
        start = span.start
        text = display_text(passage.words_of(span), article.format)
        if at and needs_previous_sentence(text):
            start = passage.sentences[at - 1].start
            text = f"{display_text(passage.words_of(passage.sentences[at - 1]), article.format)} {text}"
        if span.kind == "fragment" or len(text) > _LONGEST:
            continue
        for value in values_of(text):
            said = Candidate(
                article.id, article.version, article.title, article.publisher, article.published, text, value
            )
            if len(terms(without_values(said))) < _FEWEST_TERMS:
                continue
            quote = passage.text[start - passage.start : span.end - passage.start]
            found.append(Stated(said, context, start, span.end, quote))
    return found


def pairs_of(some: Sequence[Stated], others: Sequence[Stated]) -> Iterator[_Pair]:
    """Yield the pairs that give values of one kind that cannot be the same, unless one gives the value of the other, too."""
    for one in some:
        for other in others:
            if differ(one.candidate.answer, other.candidate.answer) and not _gives(one, other, some, others):
                yield _Pair(one, other)


def _gives(one: Stated, other: Stated, some: Sequence[Stated], others: Sequence[Stated]) -> bool:
    return any(
        same_value(stated.candidate.answer, wanted.candidate.answer)
        for wanted, place, stands in ((one, other, others), (other, one, some))
        for stated in stands
        if stated.start == place.start
    )


def _pairs(index: Index, ids: Sequence[str], readable: Set[str], access: Access) -> Iterator[_Pair]:
    vectors = index.vectors.get(ids)
    near = {id_: _near(index, id_, vector, readable) for id_, vector in vectors.items()}
    named = list(dict.fromkeys(one for id_, others in near.items() for one in (id_, *others)))
    passages: Mapping[str, Passage] = index.catalog.passages(named, access, Filters())
    stated = {id_: stated_in(passage) for id_, passage in passages.items()}
    for id_, others in near.items():
        for other in others:
            if id_ in stated and other in stated and _of_two_articles(passages[id_], passages[other]):
                yield from pairs_of(stated[id_], stated[other])


def _near(index: Index, id_: str, vector: Vectors, readable: Set[str]) -> list[str]:
    """Return the nearest passages of other texts among those that may be read."""
    count = _NEAREST + 1
    while True:
        nearest = index.vectors.nearest(vector, min(count, index.vectors.count()))
        alike = [other for other, cosine in nearest.items() if cosine >= _LEAST_COSINE]
        others = [other for other in alike if other in readable and key_of(other) != key_of(id_)]
        if len(others) >= _NEAREST or len(alike) < count or count >= _MOST_NEAREST:
            return others[:_NEAREST]
        count *= 4


def _of_two_articles(one: Passage, other: Passage) -> bool:
    return one.article.id != other.article.id and one.article.version != other.article.version


def _exchanged(one: Stated, other: Stated) -> tuple[str, ReaderPassage]:
    """Return the sentence of one with the value of the other, and the other to read it with."""
    claim = one.candidate.text.replace(one.candidate.answer, other.candidate.answer, 1)
    return claim, ReaderPassage(other.place, other.candidate.text)


def _conflict(pair: _Pair, log_odds: float) -> Conflict:
    return Conflict(one=_side(pair.one), other=_side(pair.other), likelihood=round(1 / (1 + math.exp(-log_odds)), 4))


def _side(stated: Stated) -> ConflictSide:
    said = stated.candidate
    return ConflictSide(
        article_id=said.article_id,
        article_version=said.version,
        title=said.title,
        publisher=said.publisher,
        published=said.published,
        start=stated.start,
        end=stated.end,
        quote=stated.quote,
        value=said.answer,
    )
