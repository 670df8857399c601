"""Whether the corpus answers a question at all. The one place that decides it."""

import math
import re
from collections.abc import Sequence

from service.evidence import Evidence
from service.wording import Wanted, holds, stem_set, wanted

# Probability that the sentences found answer the question, from the similarity of the best one: a logistic curve whose
# middle is where answered and unanswered development questions are best told apart (docs/evaluation.md).
_MIDDLE = 0.45
_STEEPNESS = 8.0
# A name in the question that no passage holds means that it is about something else.
_UNKNOWN_NAME_COSTS = 0.12

_CERTAIN_KINDS: frozenset[Wanted] = frozenset({"percentage", "amount", "date"})
_NAME = re.compile(r"\b[A-Z][^\W_]+(?:[-&][^\W_]+)*")
_READ = 3


def confidence(question: str, evidence: Sequence[Evidence]) -> float:
    """Return the probability that the evidence answers the question. `evidence` is ordered, best first.

    A question for an amount, a percentage or a date is only answered by a sentence that holds one, whatever else it says.
    """
    kind = wanted(question)
    fitting = [e for e in evidence if kind not in _CERTAIN_KINDS or holds(kind, e.text, question)]
    if not fitting:
        return 0.0
    similarity = max(e.similarity for e in fitting[:_READ])
    similarity -= _UNKNOWN_NAME_COSTS * bool(unknown_names(question, evidence))
    return 1 / (1 + math.exp(-_STEEPNESS * (similarity - _MIDDLE)))


def unknown_names(question: str, evidence: Sequence[Evidence]) -> list[str]:
    """Return the names in a question that none of the passages read holds, nor their titles and publishers."""
    articles = {e.hit.passage.article for e in evidence}
    passages = {e.hit.passage.id: e.hit.passage.text for e in evidence}
    texts = [*passages.values(), *(f"{a.title} {a.publisher or ''}" for a in articles)]
    held = frozenset[str]().union(*(stem_set(text) for text in texts))
    # The first word of a question has a capital whatever it is.
    names = [match.group() for match in _NAME.finditer(question.strip()) if match.start() > 0]
    return [name for name in names if not stem_set(name) <= held]
