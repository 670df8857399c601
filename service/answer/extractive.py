"""Answers without a language model: the sentences that answer, quoted exactly and cited.

First the best sentence, then what supports it or adds to it, from other articles where they speak to the question.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.ingest.segmentation import display_text
from index.records import Span
from index.retrieval import Retrieved
from index.stores.store import Index
from service.answer.agreement import stretch_words
from service.answer.boilerplate import is_boilerplate
from service.answer.choosing import best_of, choosing_for, tells
from service.answer.citations import Draft, Stretch
from service.answer.disagreement import Told, contradict
from service.answer.evidence import Evidence, read_sentences
from service.answer.leaning import announced, leans_back
from service.answer.refusal import confidence
from service.answer.retrieval.parts import compared
from service.answer.sought import wanted
from service.answer.summarising import asked_of_one_article, summary_of
from service.answer.text.amounts import values_in
from service.answer.text.terms import (
    asks_for_list,
    asks_for_overview,
    asks_whether,
    name_others,
    new_names,
    parts_of,
    stem_set,
    terms,
)

# Above, two sentences say the same; with the same figures in them, one is shown and both are cited.
_SAME = 0.82
_LEAST_SIMILARITY = 0.4
_MOST_CITATIONS = 3
_MOST_OF_A_PART = 2
# A sentence before may lean back itself.
_MOST_BEFORE = 2
# What only names somebody or a figure is no answer to "Did they approve it?".
_TELLING_WORD = re.compile(
    r"\b(?:no|not|never|only|longer|is|are|was|were|do|does|did|has|have|had|can|could|will|would|must|may|might|should"
    r"|needs?|\w+ed|\w+ing)\b|n['’]t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sentence of the answer: the stretch it is quoted from, and others that say the same."""

    evidence: Evidence
    span: Span
    others: tuple[Evidence, ...] = ()


def quoted(index: Index, question: str, evidence: Sequence[Evidence]) -> list[Draft]:
    """Return the sentences of an answer, best first. `evidence` is ordered, best first, and not empty.

    Of a question with several parts, each part that the evidence answers is answered, in their order.
    """
    if read := asked_of_one_article(question, evidence):
        return [_draft(index, shown) for shown in _summary(index, read)]
    if things := compared(question):
        sides = [_answered_part(index, thing, evidence, beside=things) for thing in things]
        of_parts = sides if all(sides) else []  # one side alone is no comparison
    else:
        parts = parts_of(question)
        of_parts = [_answered_part(index, part, evidence) for part in parts] if len(parts) > 1 else []
    chosen: list[_Shown] = []
    for part in of_parts:
        for shown in part[:_MOST_OF_A_PART]:
            chosen = _beside(chosen, shown)
    return [_draft(index, shown) for shown in chosen or _chosen(index, question, evidence)]


def short_answer(question: str, evidence: Sequence[Evidence], *, sure: bool) -> str | None:
    """Return the stretch of the best sentence that answers, as people read it.

    None without a reader, for overviews, lists and questions with several parts, where it names nobody and a person is
    asked for, and where it only names somebody or a figure and the question is whether. With `sure`, only where the reader
    finds it likelier than that there is none.
    """
    best = _best(question, evidence)
    several = asks_for_overview(question) or asks_for_list(question) or len(parts_of(question)) > 1
    if several or (sure and best.answer is None):
        return None
    words = stretch_words(best)
    if wanted(question) == "person" and not new_names(words, question):
        return None
    return None if asks_whether(question) and not _TELLING_WORD.search(words) else words or None


def _told_of(thing: str, things: Sequence[str], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the sentences with a word that only this of the things compared has, and what leans on one before it."""
    others = stem_set(" ".join(other for other in things if other != thing))
    own = terms(thing).keys() - others
    return [one for one in evidence if own & stem_set(one.text) or leans_back(one.text)]


def _summary(index: Index, read: Sequence[Evidence]) -> list[_Shown]:
    """Return the sentences that sum up one article, one that leans on another joined to it."""
    chosen: list[_Shown] = []
    for one in summary_of(read):
        chosen = _with(index, chosen, one, most=len(chosen) + 1)
    return chosen


def _answered_part(
    index: Index, part: str, evidence: Sequence[Evidence], *, beside: Sequence[str] = ()
) -> list[_Shown]:
    """Return what answers one part of a question, of what was read for all of it. Empty where nothing does.

    Of one of several things that are compared, `beside`, only what tells of this one.
    """
    hits = tuple({one.hit.passage.id: one.hit for one in sorted(evidence, key=lambda one: one.rank)}.values())
    found = read_sentences(index, part, Retrieved(hits, index.embedder.embed_questions([part])[0]))
    found = _told_of(part, beside, found) if beside else found
    return _chosen(index, part, found) if found and confidence(part, found) >= 0.5 else []


def _beside(chosen: list[_Shown], shown: _Shown) -> list[_Shown]:
    """Return what is shown with one more, unless some of its stretch is there already."""
    return chosen if _overlapping(chosen, shown.evidence, shown.span) is not None else [*chosen, shown]


def _best(question: str, evidence: Sequence[Evidence]) -> Evidence:
    """Return the sentence that comes first: the best, or the one of the time in question that gives another value."""
    best = best_of(evidence)
    if best.hit.timely:
        return best
    timely = (one for one in evidence if one.hit.timely and tells(one))
    return next((one for one in timely if _contradicts(one, best, question)), best)


def _chosen(index: Index, question: str, evidence: Sequence[Evidence]) -> list[_Shown]:
    best = _best(question, evidence)
    choosing = choosing_for(question, evidence)
    chosen = [_Shown(best, _with_announced(best, _span(index, best)))]
    for candidate in sorted(evidence, key=lambda one: -choosing.order(one)):
        if candidate is best or not tells(candidate):
            continue
        if best.hit.timely and not candidate.hit.timely:  # what was so at another time neither adds nor contradicts
            continue
        if (at := _same(chosen, candidate)) is not None:
            chosen[at] = _supported(chosen[at], candidate)
        elif _contradicts(candidate, best, question):
            chosen = _with(index, chosen, candidate, most=choosing.most + 1)
        elif choosing.worth(candidate, [shown.evidence for shown in chosen]):
            chosen = _with(index, chosen, candidate, most=choosing.most)
    return _in_order(chosen)


def _in_order(chosen: list[_Shown]) -> list[_Shown]:
    """Return what is shown article by article, and each article's sentences as they stand in it; the best stays first."""
    best, *others = chosen
    articles = list(dict.fromkeys(_article(shown.evidence) for shown in chosen))
    return [best, *sorted(others, key=lambda shown: (articles.index(_article(shown.evidence)), shown.span.start))]


def _with(index: Index, chosen: list[_Shown], candidate: Evidence, *, most: int) -> list[_Shown]:
    """Return what is shown with this sentence: joined to one that it overlaps, as one more, or left out."""
    span = _span(index, candidate)
    if _repeats(index, chosen, candidate, span):
        span = Span(candidate.span.start, candidate.span.end)
    if (at := _overlapping(chosen, candidate, span)) is not None:
        joined = replace(chosen[at], span=_joined(chosen[at].span, span))
        return [*chosen[:at], joined, *chosen[at + 1 :]]
    return [*chosen, _Shown(candidate, span)] if len(chosen) < most else chosen


def _contradicts(candidate: Evidence, best: Evidence, question: str) -> bool:
    """Say whether another article gives another figure for what is asked: then it is shown, however it ranks."""
    if candidate.similarity < _LEAST_SIMILARITY:
        return False
    return contradict(question, _told(best), _told(candidate))


def _told(evidence: Evidence) -> Told:
    article, at = evidence.hit.passage.article, evidence.span.start
    answer = evidence.answer and Span(evidence.answer.start - at, evidence.answer.end - at)
    return Told(article.id, article.title, evidence.hit.passage.words_of(evidence.span), answer=answer)


def _repeats(index: Index, chosen: Sequence[_Shown], candidate: Evidence, span: Span) -> bool:
    """Say whether the sentence taken along is in the answer already, from another place that says it word for word."""
    if span.start == candidate.span.start:
        return False
    article = candidate.hit.passage.article
    along = index.catalog.stretch(article.version, Span(span.start, candidate.span.start)) or ""
    return display_text(along, article.format) in {shown.evidence.text for shown in chosen}


def _overlapping(chosen: Sequence[_Shown], candidate: Evidence, span: Span) -> int | None:
    """Return which of those shown is quoted from a stretch of the same text that overlaps this one."""
    version = candidate.hit.passage.article.version
    for at, shown in enumerate(chosen):
        same_text = shown.evidence.hit.passage.article.version == version
        if same_text and shown.span.start < span.end and span.start < shown.span.end:
            return at
    return None


def _same(chosen: Sequence[_Shown], candidate: Evidence) -> int | None:
    """Return which of those shown says the same, with the same figures, of the same names."""
    for at, shown in enumerate(chosen):
        text, other = shown.evidence.text, candidate.text
        similar = text == other or float(shown.evidence.vector @ candidate.vector) >= _SAME
        if similar and values_in(text) == values_in(other) and not name_others(text, other):
            return at
    return None


def _supported(shown: _Shown, candidate: Evidence) -> _Shown:
    """Return a sentence with one more citation, where that comes from another article than those it has."""
    articles = {_article(evidence) for evidence in (shown.evidence, *shown.others)}
    if _article(candidate) in articles or len(articles) >= _MOST_CITATIONS:
        return shown
    return replace(shown, others=(*shown.others, candidate))


def _joined(one: Span, other: Span) -> Span:
    return Span(min(one.start, other.start), max(one.end, other.end))


def _article(evidence: Evidence) -> str:
    return evidence.hit.passage.article.id


def _draft(index: Index, shown: _Shown) -> Draft:
    first = _stretch(index, shown.evidence, shown.span)
    others = [_stretch(index, other, Span(other.span.start, other.span.end)) for other in shown.others]
    text = display_text(first.words, shown.evidence.hit.passage.article.format)
    # Verified: what is shown is its own quote.
    return Draft(text, (first, *others), "verified")


def _stretch(index: Index, evidence: Evidence, span: Span) -> Stretch:
    words = index.catalog.stretch(evidence.hit.passage.article.version, span)
    if words is None:  # deleted since it was found: what was read of it then is all that there is
        span = Span(evidence.span.start, evidence.span.end)
        words = evidence.hit.passage.words_of(span)
    return Stretch(evidence.hit, span, words, evidence.similarity, evidence.answer)


def _span(index: Index, evidence: Evidence) -> Span:
    """Return where a sentence stands, with what comes before where it leans back on that ("It", "The company").

    The mark that closes a row of a table is left out.
    """
    words = evidence.hit.passage.words_of(evidence.span)
    end = evidence.span.end - (len(words) - len(words.rstrip(" |")))
    start, text, position = evidence.span.start, evidence.text, evidence.position
    for _ in range(_MOST_BEFORE):
        before = _sentence_before(index, evidence, position) if leans_back(text) else None
        if before is None:
            break
        start, position = before.start, position - 1
        words = index.catalog.stretch(evidence.hit.passage.article.version, before) or ""
        text = display_text(words, evidence.hit.passage.article.format)
        if is_boilerplate(text):
            return Span(evidence.span.start, end)
    return Span(start, end)


def _with_announced(best: Evidence, span: Span) -> Span:
    """Return a stretch with the sentences behind it that its last one announces: "draws three lessons." takes three along."""
    passage = best.hit.passage
    for one in passage.sentences[best.position + 1 :][: announced(best.text)]:
        # A fragment on the same line is a short sentence; on one of its own it is a heading.
        if one.kind != "sentence" and "\n" in passage.words_of(Span(span.end, one.start)):
            break
        span = Span(span.start, one.end)
    return span


def _sentence_before(index: Index, evidence: Evidence, position: int) -> Span | None:
    """Return the sentence before that position, also where it ends the passage before; None at a heading or the start."""
    passage = evidence.hit.passage
    if position < 0:  # further back than the passage before's last sentence
        return None
    before = passage.sentences[position - 1] if position else index.catalog.last_sentence_before(passage)
    return Span(before.start, before.end) if before and before.kind == "sentence" else None
