"""Answers without a language model: the sentences that answer, quoted exactly and cited.

First the best sentence, then what supports it or adds to it, from other articles where they speak to the question.
"""

import re
from collections.abc import Iterable, Sequence

from index.records import Span
from index.segmentation import display_text
from index.store import Index
from service.citing import Draft, Stretch
from service.evidence import Evidence
from service.values import values_in
from service.wording import Wanted, asks_for_overview, holds, wanted

# A sentence adds to an answer when it is nearly as good as the best one; further sentences of the same article, which
# the first has often said already, have to be better than those of others.
_MARGIN_OTHER_ARTICLE = 2.6
_MARGIN_SAME_ARTICLE = 1.4
_MARGIN_OVERVIEW = 5.0
_LEAST_SIMILARITY = 0.35
# Above, two sentences say the same; with the same figures in them, one is shown and both are cited.
_SAME = 0.86
_MOST_SENTENCES = 3
_MOST_IN_OVERVIEW = 5
_MOST_CITATIONS = 3

_LEANS_BACK = re.compile(
    r"^[\"“‘']?(?:It|Its|They|Their|He|His|She|Her|This|That|These|Those|Such|Both|Neither"
    r"|The (?:company|firm|group|deal|agreement|move|pact|plan|arrangement|announcement|two|latter|former))\b"
)


def quoted(index: Index, question: str, evidence: Sequence[Evidence]) -> list[Draft]:
    """Return the sentences of an answer, best first. `evidence` is ordered, best first, and not empty."""
    chosen = _chosen(question, evidence)
    return [_draft(index, best, also) for best, also in chosen]


def _chosen(question: str, evidence: Sequence[Evidence]) -> list[tuple[Evidence, list[Evidence]]]:
    """Return the sentences to show, each with those that say the same in other articles."""
    overview, kind = asks_for_overview(question), wanted(question)
    best = evidence[0]
    chosen: list[tuple[Evidence, list[Evidence]]] = [(best, [])]
    for candidate in evidence[1:]:
        if not _worth_showing(candidate, best, overview=overview):
            continue
        if same := next((entry for entry in chosen if _says_the_same(entry[0], candidate)), None):
            if _article(candidate) not in map(_article, [same[0], *same[1]]) and len(same[1]) + 1 < _MOST_CITATIONS:
                same[1].append(candidate)
        elif len(chosen) < (_MOST_IN_OVERVIEW if overview else _MOST_SENTENCES) and _adds(
            candidate, [entry[0] for entry in chosen], question=question, kind=kind, overview=overview
        ):
            chosen.append((candidate, []))
    return chosen


def _worth_showing(candidate: Evidence, best: Evidence, *, overview: bool) -> bool:
    margin = _MARGIN_OVERVIEW if overview else _MARGIN_OTHER_ARTICLE
    return (
        candidate.span.kind == "sentence"
        and not candidate.text.endswith("?")
        and candidate.similarity >= _LEAST_SIMILARITY
        and candidate.score >= best.score - margin
    )


def _adds(
    candidate: Evidence, shown: Sequence[Evidence], *, question: str, kind: Wanted | None, overview: bool
) -> bool:
    """Say whether a sentence tells something that those shown do not."""
    if kind is not None and holds(kind, shown[0].text, question) and not holds(kind, candidate.text, question):
        return False
    of_its_article = [e for e in shown if _article(e) == _article(candidate)]
    if overview:
        return len(of_its_article) < 2
    return not of_its_article or candidate.score >= shown[0].score - _MARGIN_SAME_ARTICLE


def _says_the_same(one: Evidence, other: Evidence) -> bool:
    similar = float(one.vector @ other.vector) >= _SAME or one.text == other.text
    return similar and values_in(one.text) == values_in(other.text)


def _article(evidence: Evidence) -> str:
    return evidence.hit.passage.article.id


def _draft(index: Index, best: Evidence, also: Iterable[Evidence]) -> Draft:
    first = _stretch(index, best)
    format = best.hit.passage.article.format
    return Draft(
        text=display_text(first.words, format),
        stretches=(first, *(_stretch(index, evidence) for evidence in also)),
        support="verified",  # the sentence is its own quote
    )


def _stretch(index: Index, evidence: Evidence) -> Stretch:
    """Return the sentence as a stretch of its article, with the one before where it leans back on that."""
    passage, span = evidence.hit.passage, evidence.span
    if _LEANS_BACK.match(evidence.text) and (before := _sentence_before(index, evidence)) is not None:
        joined = Span(before.start, span.end)
        return Stretch(
            evidence.hit, joined, index.catalog.stretch(passage.article.version, joined), evidence.similarity
        )
    return Stretch(evidence.hit, Span(span.start, span.end), passage.words_of(span), evidence.similarity)


def _sentence_before(index: Index, evidence: Evidence) -> Span | None:
    """Return the sentence before, also where the passage before ends with it, but never a heading."""
    passage = evidence.hit.passage
    if evidence.position:
        before = passage.sentences[evidence.position - 1]
    else:
        neighbour = index.catalog.last_sentence_before(passage)
        if neighbour is None:
            return None
        before = neighbour
    return Span(before.start, before.end) if before.kind == "sentence" else None
