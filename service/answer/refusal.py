"""Whether the corpus answers a question at all. The one place that decides it."""

import math
from collections.abc import Mapping, Sequence

from index.ingest.segmentation import display_text
from service.answer.agreement import agreeing, stretch_words
from service.answer.evidence import Evidence
from service.answer.leaning import leans_back
from service.answer.relations import untold
from service.answer.sought import Wanted, holds, lacks, wanted
from service.answer.text.terms import asks_for_overview, covered, missing_names, names_in, stem_set, terms

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
    "intercept": -2.8,
    "similarity": 3.0,
    "cosine": 3.0,
    "names_missing": -0.4,
    "answered": 0.36,
    "lacks": -2.0,
    "untold": -1.8,
    "agreeing": 0.3,
}
"""The same with a reader: how similar the best sentence and passage are, how sure the reader is that a passage of the best
sentences answers,
whether the best sentence lacks the kind of thing asked for (`service.answer.sought`) or tells nothing of what
is asked about it (`service.answer.relations`), and how many further articles give the same value."""

_CERTAIN_KINDS: frozenset[Wanted] = frozenset({"percentage", "amount", "date"})
_READ = 3
# What a passage counts for that tells of all that an overview is asked of, in the reader's log-odds.
_TOLD_OF = 2.0
_OF_OVERVIEWS = stem_set(
    "summarise summarize summary overview compare comparison describe explain differ difference tell"
)
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
        "answered": max([*read, *([_TOLD_OF] if _is_told_of(question, best) else [])]),
        "lacks": max(lacks(question, evidence[0].text), float(_answers_with_itself(question, evidence[0]))),
        "untold": float(untold(question, _with_what_it_leans_on(evidence[0]))),
        "agreeing": float(min(agreeing(evidence), _AGREEING_MOST)),
    }


def _is_told_of(question: str, best: Sequence[Evidence]) -> bool:
    """Say whether a passage has all words of what an overview is asked of. A reader looks for one stretch, not for those."""
    asked = {stem: weight for stem, weight in terms(question).items() if stem not in _OF_OVERVIEWS}
    texts = (f"{e.hit.passage.article.title} {e.hit.passage.text}" for e in best)
    return asks_for_overview(question) and bool(asked) and any(covered(asked, text) == 1.0 for text in texts)


def _answers_with_itself(question: str, best: Evidence) -> bool:
    """Say whether the person found has a name that the question names something else by: Crane of the Crane plant."""
    if wanted(question) != "person":
        return False
    return any(
        stem_set(name) & stem_set(found)
        for name in names_in(question)
        for found in names_in(f"– {stretch_words(best)}")
    )


def _is_of_others(question: str, evidence: Sequence[Evidence]) -> bool:
    """Say whether these sentences, their titles and publishers lack more than a third of the names in the question."""
    articles = {e.hit.passage.article for e in evidence}
    texts = [*map(_with_what_it_leans_on, evidence), *(f"{a.title} {a.publisher or ''}" for a in articles)]
    return len(missing_names(question, texts)) > len(names_in(question)) / 3


def _with_what_it_leans_on(one: Evidence) -> str:
    """Return a sentence with the one before it in its passage where it leans on that: whose name is in "It", it is of."""
    if not (one.position and leans_back(one.text)):
        return one.text
    passage = one.hit.passage
    return f"{display_text(passage.words_of(passage.sentences[one.position - 1]), passage.article.format)} {one.text}"
