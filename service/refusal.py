"""Whether the corpus answers a question at all. The one place that decides it."""

import math
from collections.abc import Sequence

from service.evidence import Evidence
from service.wording import Wanted, covered, holds, missing_names, names_in, terms, wanted

# A logistic curve fitted on development questions with and without an answer (docs/evaluation.md has the figures): the
# similarity of the best sentence, less when names in the question are nowhere in the best sentences.
_INTERCEPT = -3.3
_SIMILARITY = 7.0
_NAME_MISSING = -1.4
# Short questions come out dissimilar to long sentences, even to one that holds every word of them.
_HOLDS_ALL = 1.2

_CERTAIN_KINDS: frozenset[Wanted] = frozenset({"percentage", "amount", "date"})
_READ = 3


def confidence(question: str, evidence: Sequence[Evidence]) -> float:
    """Return the probability that the evidence answers the question. `evidence` is ordered, best first.

    A question for an amount, a percentage or a date is only answered by a sentence that holds one, whatever else it
    says.
    """
    kind = wanted(question)
    best = [e for e in evidence if kind not in _CERTAIN_KINDS or holds(kind, e.text, question)][:_READ]
    if not best:
        return 0.0
    similarity = max(e.similarity for e in best)
    held = len(terms(question)) > 1 and any(covered(terms(question), e.text) == 1.0 for e in best)
    logit = _INTERCEPT + _SIMILARITY * similarity + _HOLDS_ALL * held
    logit += _NAME_MISSING * _is_of_others(question, best)
    return 1 / (1 + math.exp(-logit))


def _is_of_others(question: str, evidence: Sequence[Evidence]) -> bool:
    """Say whether these sentences, their titles and publishers lack more than a third of the names in the question."""
    articles = {e.hit.passage.article for e in evidence}
    texts = [*(e.text for e in evidence), *(f"{a.title} {a.publisher or ''}" for a in articles)]
    return len(missing_names(question, texts)) > len(names_in(question)) / 3
