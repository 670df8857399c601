"""A question that stands in an article as a heading, as in a list of frequent questions, is answered by what stands below."""

from collections.abc import Sequence
from dataclasses import replace

from index.stores.lexical import stems
from service.answer.evidence import Evidence, best_first
from service.answer.text.terms import terms

# Two questions are one if they hold the same terms, and so large a share of their words is the same (Dice's coefficient).
_SAME = 0.7
# Sentences below the heading that answer, and the log-odds that they do.
_SENTENCES, _ANSWERS = 3, 3.0


def asked_as_heading(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence with what stands first below a heading that asks this very question as the best.

    Other questions are no answer then. `evidence` stays as it is where no heading asks it.
    """
    below = [one for one in evidence if _same(question, one.below) and not one.text.endswith("?")]
    if not below:
        return list(evidence)
    first = {id(one): _ANSWERS for one in sorted(below, key=lambda one: (one.rank, one.position))[:_SENTENCES]}
    answers = [one for one in evidence if not one.text.endswith("?")]
    return best_first([replace(one, score=max(one.score, first.get(id(one), one.score))) for one in answers])


def _same(question: str, heading: str) -> bool:
    if terms(question).keys() != terms(heading).keys():
        return False
    words, others = frozenset(stems(question)), frozenset(stems(heading))
    return 2 * len(words & others) >= _SAME * (len(words) + len(others))
