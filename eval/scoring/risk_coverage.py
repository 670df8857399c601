"""How often the most confident answers are wrong."""

from collections.abc import Sequence
from itertools import groupby

from eval.records import Result


def risks(confidences: Sequence[float], correct: Sequence[bool]) -> list[float]:
    """Return, for each k from 1 to n, the share of wrong ones among the k most confident.

    The risk-coverage curve: El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11,
    2010. Among equal confidences the wrong ones are spread evenly, so that the order of questions plays no part.
    """
    pairs = sorted(zip(confidences, correct, strict=True), reverse=True)
    found: list[float] = []
    wrong = 0
    for _, tied in groupby(pairs, key=lambda pair: pair[0]):
        block = [not right for _, right in tied]
        before = len(found)
        found += [(wrong + sum(block) * k / len(block)) / (before + k) for k in range(1, len(block) + 1)]
        wrong += sum(block)
    return found


def answered_rightly(result: Result) -> bool | None:
    """Say whether an answer is right in the sense of the curve: `answer_in_quotes` is 1. None where nobody knows.

    No answer to an unanswerable question is right. A refusal quotes nothing and is not right either, but its low
    confidence puts it at the end.
    """
    if not result.answerable:
        return False
    return result.scores["answer_in_quotes"] == 1 if "answer_in_quotes" in result.scores else None
