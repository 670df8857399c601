"""Whether the corpus answers a question at all. The one place that decides it."""

import math
from collections.abc import Mapping, Sequence

from service.agreement import agreeing
from service.evidence import Evidence
from service.relations import untold
from service.sought import Wanted, holds, lacks, wanted
from service.wording import covered, missing_names, names_in, terms

SIMILARITY_REFUSAL: Mapping[str, float] = {
    "intercept": -3.3,
    "similarity": 7.0,
    # Short questions come out dissimilar to long sentences, even to one that holds every word of them.
    "holds_all": 1.2,
    "names_missing": -1.4,
}
"""Weights of a logistic curve without a reader: the similarity of the best sentence, whether one of the best holds every
word of the question, whether names in the question are nowhere in them. docs/evaluation.md has the figures."""

READER_REFUSAL: Mapping[str, float] = {
    "intercept": -2.3,
    "similarity": 2.8,
    "cosine": 2.4,
    "names_missing": -0.5,
    "answered": 0.37,
    "lacks": -1.2,
    "untold": -1.3,
    # By hand, on the low side: what is fitted depends on the sets, where hardly anything stands in two articles.
    "agreeing": 0.3,
}
"""The same with a reader: how similar the best passage is, how sure the reader is that one of the best sentences' passages
answers, and how many further articles give the same value."""

_CERTAIN_KINDS: frozenset[Wanted] = frozenset({"percentage", "amount", "date"})
_READ = 3
_AGREEING_MOST = 3


def confidence(question: str, evidence: Sequence[Evidence]) -> float:
    """Return the probability that the evidence answers the question. `evidence` is ordered, best first.

    A question for an amount, a percentage or a date is only answered by a sentence that holds one, whatever else it
    says.
    """
    measures = measured(question, evidence)
    if not measures:
        return 0.0
    weights = READER_REFUSAL if "answered" in measures else SIMILARITY_REFUSAL
    logit = weights["intercept"] + sum(weights[name] * value for name, value in measures.items())
    return 1 / (1 + math.exp(-logit))


def measured(question: str, evidence: Sequence[Evidence]) -> dict[str, float]:
    """Return what tells whether the evidence answers the question, by the names of the weights. Empty where nothing can."""
    kind = wanted(question)
    best = [e for e in evidence if kind not in _CERTAIN_KINDS or holds(kind, e.text, question)][:_READ]
    if not best:
        return {}
    similarity = max(e.similarity for e in best)
    names_missing = float(_is_of_others(question, best))
    read = [e.found.answered for e in best if e.found]
    if not read:
        held = len(terms(question)) > 1 and any(covered(terms(question), e.text) == 1.0 for e in best)
        return {"similarity": similarity, "holds_all": float(held), "names_missing": names_missing}
    return {
        "similarity": similarity,
        "cosine": max(e.hit.dense for e in evidence),
        "names_missing": names_missing,
        "answered": max(read),
        "lacks": lacks(question, evidence[0].text),
        "untold": float(untold(question, evidence[0].text)),
        "agreeing": float(min(agreeing(evidence), _AGREEING_MOST)),
    }


def _is_of_others(question: str, evidence: Sequence[Evidence]) -> bool:
    """Say whether these sentences, their titles and publishers lack more than a third of the names in the question."""
    articles = {e.hit.passage.article for e in evidence}
    texts = [*(e.text for e in evidence), *(f"{a.title} {a.publisher or ''}" for a in articles)]
    return len(missing_names(question, texts)) > len(names_in(question)) / 3
