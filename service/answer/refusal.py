"""Whether the corpus answers a question at all. The one place that decides it."""

import math
from collections.abc import Mapping, Sequence

from index.records import Hit
from service.answer.evidence import Evidence
from service.answer.text.names import missing_names, named_in
from service.answer.verification.modifiers import replaced_modifiers

ANSWERED = 0.3
"""A question is answered from this confidence on."""

NOTHING_NEAR = 0.02
"""Below this confidence not even a language model is asked: fewer than 1 in 200 answerable questions of the development
sets fall under it (docs/evaluation.md)."""

READER_REFUSAL: Mapping[str, float] = {
    "intercept": -3.05,
    "evidence": 0.18,
    "cosine": 5.51,
    "names_missing": -1.5,
    "name_unknown": -3.0,
    "opposite_asked": -2.5,
}
"""Weights of a logistic curve for the probability that the answer is right, of the best sentence: the reader's log-odds that
it belongs to the answer, how similar its passage is to the question, which share of the question's names and codes stands
neither in its passage nor in those of the next two sentences, whether one of them stands in nothing that was found, and
whether the sentence has the opposite of one of the question's words in its place. `python -m eval.fitting` fits them; the
last three are set by hand (docs/research/ablation.md)."""

SIMILARITY_REFUSAL: Mapping[str, float] = {
    "intercept": -1.13,
    "score": 0.78,
    "cosine": 2.88,
    "names_missing": -1.5,
    "name_unknown": -3.0,
    "opposite_asked": -2.5,
}
"""The same without a reader. The intercept is moved so that the best threshold is that of the reader, .30 instead of .39."""

# Sentences that are looked at: the best ones.
_BEST = 3


def probability(measures: Mapping[str, float]) -> float:
    """Return the probability that the evidence with these measures answers its question; 0 without any."""
    if not measures:
        return 0.0
    weights = weights_of(measures)
    logit = weights["intercept"] + sum(weights.get(name, 0.0) * value for name, value in measures.items())
    return 1 / (1 + math.exp(-logit))


def weights_of(measures: Mapping[str, float]) -> Mapping[str, float]:
    """Return the weights that count for these measures: those with a reader, or without one."""
    return READER_REFUSAL if "evidence" in measures else SIMILARITY_REFUSAL


def measured(question: str, hits: Sequence[Hit], evidence: Sequence[Evidence], *, asked: str) -> dict[str, float]:
    """Return what tells whether the evidence answers the question, by the names of the weights. Empty without evidence.

    `hits` are all that were found, and `evidence` is ordered, best first. `asked` is the question without what was asked
    before it, whose names the answer need not have.
    """
    if not evidence:
        return {}
    best = evidence[0]
    missing = missing_names(question, _texts_of([one.hit for one in evidence[:_BEST]]))
    unknown = missing and missing_names(asked, _texts_of(hits))
    measures = {
        "score": best.score,
        "names_missing": len(missing) / len(named_in(question)) if missing else 0.0,
        "name_unknown": float(bool(unknown)),
        "opposite_asked": float(bool(replaced_modifiers(question, best.text, [best.text, *_headings_of(best)]))),
    }
    return measures | {name: best.features[name] for name in ("cosine", "evidence") if name in best.features}


def _texts_of(hits: Sequence[Hit]) -> list[str]:
    """Return the passages of these hits, with the headings above them and what names their articles."""
    articles = {hit.passage.article for hit in hits}
    passages = [" ".join([hit.passage.text, hit.passage.article.title, *hit.passage.context.headings]) for hit in hits]
    return [*passages, *(f"{article.title} {article.publisher or ''}" for article in articles)]


def _headings_of(one: Evidence) -> tuple[str, ...]:
    return (one.hit.passage.article.title, *one.hit.passage.context.headings)
