"""Questions that belong together, such as those of one conversation or about one article.

Their scores rise and fall together, so intervals and tests that take them for independent are too sure. Whole clusters are
resampled and swapped instead: Field and Welsh, "Bootstrapping clustered data", JRSS B 69(3), 2007; for evaluations of
language models: Miller, "Adding Error Bars to Evals", arXiv 2411.00640, 2024.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from eval.records import EvalQuestion, Result

By = Literal["set", "article", "none"]
"""What the set says or its conversations; the first article of each question; or every question by itself."""

Clusters = NDArray[np.intp]
"""The number of the cluster of each row, from 0 without gaps."""

FEW = 30
"""With fewer clusters, intervals are known to come out too narrow."""

_Clustered = TypeVar("_Clustered", EvalQuestion, Result)


class HasCluster(Protocol):
    """A question, or what came of one."""

    @property
    def cluster(self) -> str | None: ...


def clustered(questions: Sequence[EvalQuestion], by: By) -> tuple[EvalQuestion, ...]:
    """Return the questions with the cluster of each: a word that those have in common that belong together, or None.

    By `set`: what the set names (`cluster`); where it names nothing, a conversation: questions with the same first message,
    and the one that is that message.
    """
    match by:
        case "none":
            names: list[str | None] = [None] * len(questions)
        case "article":
            names = [next(iter((*question.relevant_ids, *question.article_ids)), None) for question in questions]
        case "set":
            begun = {question.history[0].text for question in questions if question.history}
            names = [question.cluster or _conversation(question, begun) for question in questions]
    counts = Counter(names)
    return tuple(
        replace(question, cluster=name if name and counts[name] > 1 else None)
        for question, name in zip(questions, names, strict=True)
    )


def clusters_of(results: Sequence[HasCluster]) -> Clusters:
    """Return the cluster of each result. Those without one are each by themselves."""
    numbers: dict[str | int, int] = {}
    keys = (result.cluster or place for place, result in enumerate(results))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)


def said_of(results: Sequence[Result]) -> str | None:
    """Say how many clusters there are, where any question shares one with another."""
    count = int(clusters_of(results).max(initial=-1)) + 1
    if count == len(results):
        return None
    few = " So few make intervals too narrow." if count < FEW else ""
    return f"Intervals and tests take {len(results)} questions as {count} groups that belong together.{few}"


def _conversation(question: EvalQuestion, begun: set[str]) -> str | None:
    first = question.history[0].text if question.history else question.question
    return first if first in begun else None
