"""What became of one question: right, open, or the first stage of the pipeline at which it went wrong."""

from dataclasses import dataclass
from typing import Literal, get_args

from eval.records import Result

Stage = Literal[
    "error",
    "not retrieved",
    "not read",
    "wrong refusal",
    "unsupported",
    "not used",
    "wrong citation",
    "should have refused",
    "open",
    "right",
]
Outcome = Literal["wrong", "open", "right"]

STAGES: tuple[Stage, ...] = get_args(Stage)
FAILURES = STAGES[: STAGES.index("open")]

MEANING: dict[Stage, str] = {
    "error": "there was no answer, for a fault of ours",
    "not retrieved": "nothing that answers the question was among the first ten hits",
    "not read": "evidence was found, but below the passages that are read",
    "wrong refusal": "the evidence was there, and the question was refused",
    "unsupported": "the answer is wrong, and what it cites does not support it",
    "not used": "the evidence was there, and the answer says something else",
    "wrong citation": "no citation points at the evidence",
    "should have refused": "the articles do not answer this, and an answer was given",
    "open": "the set does not say what a right answer is",
    "right": "answered with a known answer and its evidence, or rightly refused",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`open` is an answer to a question whose right answer the set does not give. `words` say it to a person."""

    stage: Stage
    words: str

    @property
    def outcome(self) -> Outcome:
        return self.stage if self.stage in ("open", "right") else "wrong"


def verdict(result: Result) -> Verdict:
    """Judge a result by its status and scores alone; texts are not looked at.

    An answer is right when a known answer stands in its text or quotes, and some citation is about the evidence, where
    a set gives that. What is not right is named by the earliest stage that failed.
    """
    if result.error is not None:
        return Verdict("error", f"There was no answer: {result.error}")
    if not result.answerable:
        return _unanswerable(result)
    missed = _missing(result)
    return _missed_at(result, missed) if missed else _not_wrong(result)


def first_rank(result: Result) -> int | None:
    """Return the rank of the first passage that holds evidence, or else of the first relevant article.

    0 when none is among the first ten, None when the set names neither. Reciprocal ranks are turned back into ranks.
    """
    reciprocal = result.scores.get("evidence_mrr@10", result.scores.get("mrr@10"))
    if reciprocal is None:
        return None
    return round(1 / reciprocal) if reciprocal else 0


def _unanswerable(result: Result) -> Verdict:
    if result.refused:
        return Verdict("right", "Rightly refused: the articles do not answer this.")
    if result.status == "about":
        return Verdict("should have refused", "The articles do not answer this, and it was taken for small talk.")
    return Verdict("should have refused", f"The articles do not answer this, and an answer was given{_sure(result)}.")


def _missing(result: Result) -> Stage | None:
    """Return what an answerable question lacks, without asking whose fault it was."""
    scores = result.scores
    if result.refused:
        return "wrong refusal"
    if result.status == "about":
        return "not used"
    if "answer_in_text" in scores and not (scores["answer_in_text"] or scores.get("answer_in_quotes")):
        return "not used"
    # Of a system that cites whole articles, only those are known.
    cited = scores.get("citation_precision", scores.get("article_citation_precision"))
    return "wrong citation" if cited == 0 else None


def _missed_at(result: Result, missed: Stage) -> Verdict:
    rank = first_rank(result)
    if rank == 0:
        what = "passages holds the evidence" if "evidence_mrr@10" in result.scores else "articles is relevant"
        return Verdict("not retrieved", f"None of the first ten {what}.")
    found = f"The evidence was found at rank {rank}" if rank else "The articles answer this"
    if result.scores.get("evidence_read") == 0 and missed != "wrong citation":
        return Verdict("not read", f"{found}, below the passages that are read.")
    if missed == "wrong refusal":
        return Verdict(missed, f"{found}, but the question was refused{_sure(result)}.")
    if result.status == "about":
        return Verdict(missed, f"{found}, but the question was taken for small talk.")
    supported = min(result.scores.get(name, 1) for name in ("claim_support", "sentences_verified"))
    if missed == "not used" and supported < 1:
        return Verdict("unsupported", f"{found}, but {100 * (1 - supported):.0f} % of the sentences are not supported.")
    if missed == "not used":
        return Verdict(missed, f"{found}, but no known answer is in the text or in the quotes.{_partly(result)}")
    known = "The answer is right" if "answer_in_text" in result.scores else found
    return Verdict(missed, f"{known}, but no citation points at the evidence.")


def _not_wrong(result: Result) -> Verdict:
    if "answer_in_text" not in result.scores:
        return Verdict("open", "Answered. The set gives no answer to compare with.")
    where = "text" if result.scores["answer_in_text"] else "quotes"
    parts = result.scores.get("answer_parts_in_quotes", 1)
    missing = f" Only {100 * parts:.0f} % of its known parts are in the quotes." if parts < 1 else ""
    return Verdict("right", f"A known answer is in the {where}.{missing}")


def _partly(result: Result) -> str:
    """Say it where a question needs several articles and not all were found: that may be why."""
    recall = result.scores.get("recall@10", 1)
    return f" Only {100 * recall:.0f} % of the relevant articles were among the first ten." if 0 < recall < 1 else ""


def _sure(result: Result) -> str:
    return "" if result.confidence is None else f" (confidence {result.confidence:.2f})"
