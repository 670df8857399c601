"""A summary of one article: the few sentences that together come nearest to all of it, in their order.

The greedy choice by the centroid of the sentences' embeddings is that of Ghalandari, "Revisiting the Centroid-based Method"
(2017, https://aclanthology.org/W17-4511/).
"""

import re
from collections.abc import Sequence

import numpy as np

from index.models.embedding import Vectors
from service.answer.evidence import Evidence
from service.answer.text.terms import asks_for_overview, covered, stem_set, terms

_MOST = 5
_DOCUMENT = re.compile(
    r"\b(?:articles?|minutes|polic(?:y|ies)|manual|recipe|changelog|report|memo|letter|paper|post|document|guide|handbook"
    r"|transcript|notes|newsletter|story|interview)\b",
    re.IGNORECASE,
)
_OF_SUMMARIES = frozenset(terms("summarise summarize summary overview describe explain short brief document"))


def asked_of_one_article(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return what was read of the article that a question wants summed up; empty where it names none, or several."""
    if not (asks_for_overview(question) and _DOCUMENT.search(question)):
        return []
    named = {stem: weight for stem, weight in terms(question).items() if stem not in _OF_SUMMARIES}
    kinds = stem_set(" ".join(_DOCUMENT.findall(question)))
    # "The minutes" may be all that is said; of "the recipe for the soup" the title may only say "soup".
    asked = {stem: weight for stem, weight in named.items() if stem not in kinds} or named
    titled = {
        article.id: article
        for article in (one.hit.passage.article for one in evidence)
        if asked and covered(asked, article.title) == 1.0
    }
    return [one for one in evidence if one.hit.passage.article.id in titled] if len(titled) == 1 else []


def summary_of(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return at most five sentences of one article, in its order, that lie nearest to the whole of what was read of it."""
    left = sorted({one.span.start: one for one in evidence if one.span.kind == "sentence"}.values(), key=_start)
    whole: Vectors = np.sum([one.vector for one in left], axis=0, dtype=np.float32)
    chosen: list[Evidence] = []
    while left and len(chosen) < _MOST:
        so_far = np.sum([one.vector for one in chosen], axis=0) if chosen else np.zeros_like(whole)
        best = max(left, key=lambda one: _cosine(so_far + one.vector, whole))
        chosen.append(best)
        left.remove(best)
    return sorted(chosen, key=_start)


def _start(one: Evidence) -> int:
    return one.span.start


def _cosine(one: Vectors, other: Vectors) -> float:
    return float(one @ other) / (float(np.linalg.norm(one) * np.linalg.norm(other)) or 1.0)
