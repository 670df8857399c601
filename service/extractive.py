"""Answers without a language model: the sentences that answer, quoted exactly and cited.

First the best sentence, then what supports it or adds to it, from other articles where they speak to the question.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.records import Span
from index.segmentation import display_text
from index.store import Index
from service.agreement import stretch_words
from service.citing import Draft, Stretch
from service.disagreement import Told, contradict
from service.evidence import Evidence
from service.sought import holds, wanted
from service.values import values_in
from service.wording import asks_ahead, asks_back, asks_for_overview, tells_back

# How much worse than the best a sentence may be to be shown beside it, in score and in similarity to the question. One
# of the same article has to be better than one of another: the first has often said already what it says.
_MARGIN_OTHER_ARTICLE = 2.2
_MARGIN_SAME_ARTICLE = 1.2
_MARGIN_WIDE = 5.0
_SIMILARITY_MARGIN = 0.15
_LEAST_SIMILARITY = 0.4
_COVERED_MARGIN = 0.25
# A heading that matches is shown only where no sentence comes near it.
_MARGIN_FOR_HEADINGS = 4.0
# Above, two sentences say the same; with the same figures in them, one is shown and both are cited.
_SAME = 0.82
_MOST_SENTENCES = 3
_MOST_IN_OVERVIEW = 5
_MOST_CITATIONS = 3

_LEANS_BACK = re.compile(
    r"^[\"“‘']?(?:It|Its|They|Their|He|His|She|Her|That|These|Those|Such|Both|Neither"
    r"|This(?! (?:week|month|quarter|year|spring|summer|autumn|fall|winter|morning|time))"
    r"|The (?:company|firm|group|deal|agreement|move|pact|plan|arrangement|announcement|two|latter|former))\b"
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sentence of the answer: the stretch it is quoted from, and others that say the same."""

    evidence: Evidence
    span: Span
    others: tuple[Evidence, ...] = ()


def quoted(index: Index, question: str, evidence: Sequence[Evidence]) -> list[Draft]:
    """Return the sentences of an answer, best first. `evidence` is ordered, best first, and not empty."""
    return [_draft(index, shown) for shown in _chosen(index, question, evidence)]


def short_answer(question: str, evidence: Sequence[Evidence], *, sure: bool) -> str | None:
    """Return the stretch of the best sentence that answers, as people read it. None without a reader, and for overviews.

    With `sure`, only where the reader finds it likelier than that there is none.
    """
    best = _best(evidence)
    if asks_for_overview(question) or (sure and best.answer is None):
        return None
    return stretch_words(best) or None


def _chosen(index: Index, question: str, evidence: Sequence[Evidence]) -> list[_Shown]:
    best = _best(evidence)
    chosen = [_Shown(best, _span(index, best))]
    for candidate in evidence:
        if candidate is best or candidate.span.kind != "sentence":
            continue
        if best.hit.timely and not candidate.hit.timely:  # what was so at another time neither adds nor contradicts
            continue
        if (at := _same(chosen, candidate)) is not None:
            chosen[at] = _supported(chosen[at], candidate)
        elif _contradicts(candidate, best, question):
            chosen = _with(index, chosen, candidate, question, most=_most(question) + 1)
        elif _worth_showing(candidate, best, question):
            chosen = _with(index, chosen, candidate, question, most=_most(question))
    return chosen


def _most(question: str) -> int:
    return _MOST_IN_OVERVIEW if asks_for_overview(question) else _MOST_SENTENCES


def _with(index: Index, chosen: list[_Shown], candidate: Evidence, question: str, *, most: int) -> list[_Shown]:
    """Return what is shown with this sentence: joined to one that it overlaps, as one more, or left out."""
    span = _span(index, candidate)
    if _repeats(index, chosen, candidate, span):
        span = Span(candidate.span.start, candidate.span.end)
    if (at := _overlapping(chosen, candidate, span)) is not None:
        joined = replace(chosen[at], span=_joined(chosen[at].span, span))
        return [*chosen[:at], joined, *chosen[at + 1 :]]
    room = len(chosen) < most and _adds(candidate, chosen, question)
    return [*chosen, _Shown(candidate, span)] if room else chosen


def _best(evidence: Sequence[Evidence]) -> Evidence:
    near = [e for e in evidence if e.score >= evidence[0].score - _MARGIN_FOR_HEADINGS]
    return next((e for e in near if e.span.kind == "sentence" and not e.text.endswith("?")), evidence[0])


def _worth_showing(candidate: Evidence, best: Evidence, question: str) -> bool:
    wide = asks_for_overview(question)
    margin = _MARGIN_WIDE if wide else _MARGIN_OTHER_ARTICLE
    least = _LEAST_SIMILARITY if wide else max(_LEAST_SIMILARITY, best.similarity - _SIMILARITY_MARGIN)
    return (
        not candidate.text.endswith("?")
        and (wide or candidate.features["covered"] >= best.features["covered"] - _COVERED_MARGIN)
        and candidate.similarity >= least
        and candidate.score >= best.score - margin
    )


def _contradicts(candidate: Evidence, best: Evidence, question: str) -> bool:
    """Say whether another article gives another figure for what is asked: then it is shown, however it ranks."""
    if candidate.similarity < _LEAST_SIMILARITY:
        return False
    return contradict(question, _told(best), _told(candidate))


def _told(evidence: Evidence) -> Told:
    article, at = evidence.hit.passage.article, evidence.span.start
    answer = evidence.answer and Span(evidence.answer.start - at, evidence.answer.end - at)
    return Told(article.id, article.title, evidence.hit.passage.words_of(evidence.span), answer=answer)


def _adds(candidate: Evidence, chosen: Sequence[_Shown], question: str) -> bool:
    """Say whether a sentence tells something that those shown do not."""
    best, kind = chosen[0].evidence, wanted(question)
    if kind is not None and holds(kind, best.text, question) and not holds(kind, candidate.text, question):
        return False
    if asks_back(question) and tells_back(best.text) and not tells_back(candidate.text):
        return False
    if asks_ahead(question) and not tells_back(best.text) and tells_back(candidate.text):
        return False
    of_its_article = [shown for shown in chosen if _article(shown.evidence) == _article(candidate)]
    if asks_for_overview(question):
        return len(of_its_article) < 2
    return not of_its_article or candidate.score >= best.score - _MARGIN_SAME_ARTICLE


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
    """Return which of those shown says the same, with the same figures."""
    for at, shown in enumerate(chosen):
        similar = float(shown.evidence.vector @ candidate.vector) >= _SAME or shown.evidence.text == candidate.text
        if similar and values_in(shown.evidence.text) == values_in(candidate.text):
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
    """Return where a sentence stands, with the one before where it leans back on that ("It", "The company")."""
    before = _sentence_before(index, evidence) if _LEANS_BACK.match(evidence.text) else None
    return Span(before.start if before else evidence.span.start, evidence.span.end)


def _sentence_before(index: Index, evidence: Evidence) -> Span | None:
    """Return the sentence before, also where it ends the passage before; None at a heading or the start."""
    passage = evidence.hit.passage
    if evidence.position:
        before = passage.sentences[evidence.position - 1]
    else:
        neighbour = index.catalog.last_sentence_before(passage)
        if neighbour is None:
            return None
        before = neighbour
    return Span(before.start, before.end) if before.kind == "sentence" else None
