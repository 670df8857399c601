"""Whether the corpus answers a question at all. The one place that decides it."""

import math
from collections.abc import Mapping, Sequence

from service.answer.evidence import Evidence
from service.answer.text.names import missing_names, named_in
from service.answer.verification.modifiers import replaced_modifiers

ANSWERED = 0.3
"""A question is answered from this confidence on."""

NOTHING_NEAR = 0.02
"""Below this confidence not even a language model is asked: fewer than 1 in 200 answerable questions of the development
sets fall under it (docs/evaluation.md)."""

READER_REFUSAL: Mapping[str, float] = {
    "intercept": -2.74,
    "score": 0.43,
    "cosine": 5.39,
    "answered": 0.22,
    "names_missing": -1.5,
    "opposite_asked": -2.5,
}
"""Weights of a logistic curve for the probability that the answer is right: the score of the best sentence, the similarity of
the best passage, the reader's log-odds that one of the passages of the best sentences answers, which share of the question's
names and codes stands in none of these, and whether the best sentence has the opposite of one of the question's words in its
place. `python -m eval.fitting` fits them; the last two are set by hand (docs/research/ablation.md)."""

SIMILARITY_REFUSAL: Mapping[str, float] = {
    "intercept": -1.13,
    "score": 0.78,
    "cosine": 2.88,
    "names_missing": -1.5,
    "opposite_asked": -2.5,
}
"""The same without a reader. The intercept is moved so that the best threshold is that of the reader, .30 instead of .39."""

# Sentences that are looked at: the best ones.
_BEST = 3


def confidence(question: str, evidence: Sequence[Evidence]) -> float:
    """Return the probability that the evidence answers the question. `evidence` is ordered, best first."""
    measures = measured(question, evidence)
    if not measures:
        return 0.0
    weights = READER_REFUSAL if "answered" in measures else SIMILARITY_REFUSAL
    logit = weights["intercept"] + sum(weights[name] * value for name, value in measures.items())
    return 1 / (1 + math.exp(-logit))


def measured(question: str, evidence: Sequence[Evidence]) -> dict[str, float]:
    """Return what tells whether the evidence answers the question, by the names of the weights. Empty without evidence."""
    if not evidence:
        return {}
    best = evidence[:_BEST]
    measures = {
        "score": evidence[0].score,
        "cosine": max(one.hit.dense for one in evidence),
        "names_missing": _share_missing(question, _texts_of(best)),
        "opposite_asked": float(bool(replaced_modifiers(question, evidence[0].text, _texts_of(best[:1])))),
    }
    if "answered" in best[0].features:
        measures["answered"] = max(one.features["answered"] for one in best)
    return measures


def _texts_of(best: Sequence[Evidence]) -> list[str]:
    """Return the passages of these sentences, with the headings above them and what names their articles."""
    articles = {one.hit.passage.article for one in best}
    passages = [f"{one.hit.passage.text} {' '.join(one.hit.passage.context.headings)}" for one in best]
    return [*passages, *(f"{article.title} {article.publisher or ''}" for article in articles)]


def _share_missing(question: str, texts: Sequence[str]) -> float:
    """Return the share of the question's names and codes that stand in none of these texts."""
    named = named_in(question)
    return len(missing_names(question, texts)) / len(named) if named else 0.0
