"""A question that stands in an article as a heading, as in a list of frequent questions, is answered by what stands below."""

from collections.abc import Sequence
from dataclasses import replace

from index.stores.lexical import stems
from service.answer.evidence import Evidence, best_first
from service.answer.text.terms import terms

# Two questions are one if they hold the same terms, and so large a share of their words is the same (Dice's coefficient).
_SAME = 0.7
# Sentences below the heading that answer.
_SENTENCES = 3


def asked_as_heading(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence with what stands first below the best heading that asks this very question as the best.

    It takes the score of the best sentence, so that a question is answered no more readily. Other questions, and what stands
    below them, are no answer then. `evidence` stays as it is where no heading asks it.
    """
    below = [one for one in evidence if _same(question, one.below) and not one.text.endswith("?")]
    if not below:
        return list(evidence)
    best = min(below, key=lambda one: one.rank)
    of_best = [one for one in below if _heading(one) == _heading(best)]
    answers = sorted(of_best, key=lambda one: one.span.start)[:_SENTENCES]
    most = max(one.score for one in evidence)
    others = [one for one in evidence if one not in answers and not (one.text.endswith("?") or one.below.endswith("?"))]
    return best_first([*(replace(one, score=most) for one in answers), *others])


def _heading(one: Evidence) -> tuple[str, str]:
    """Return the article of a sentence, and the heading that it stands below."""
    return one.hit.passage.article.id, one.below


def _same(question: str, heading: str) -> bool:
    if terms(question).keys() != terms(heading).keys():
        return False
    words, others = frozenset(stems(question)), frozenset(stems(heading))
    return 2 * len(words & others) >= _SAME * (len(words) + len(others))
