"""One result in words: right, wrong and why, or open."""

from dataclasses import dataclass
from typing import Literal

from eval.records import Result


@dataclass(frozen=True, slots=True)
class Verdict:
    """`open` is an answer to a question whose right answer the set does not give."""

    outcome: Literal["right", "wrong", "open"]
    words: str


def verdict(result: Result) -> Verdict:
    """Judge a result. An answer is right when a known answer stands in its text (`answer_in_text`)."""
    if result.error is not None:
        return Verdict("wrong", "failed")
    if not result.answerable:
        return Verdict("right", "rightly refused") if result.refused else Verdict("wrong", "should have been refused")
    if result.refused:
        return Verdict("wrong", "wrongly refused")
    if "answer_in_text" not in result.scores:
        return Verdict("open", "answer not known to the set")
    return Verdict("right", "right") if result.scores["answer_in_text"] else Verdict("wrong", "known answer not given")
