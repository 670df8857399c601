"""Where a question went wrong."""

from collections import Counter

import pytest

from eval.records import Result
from eval.reporting.points import Point, point_of, stages_by_kind
from eval.reporting.verdicts import FAILURES, MEANING, STAGES, Stage, first_rank, verdict
from eval.scoring.risk_coverage import answered_rightly, risks


def answerable(status: str = "answered", **scores: float) -> Result:
    named = {name.replace("_at_", "@"): score for name, score in scores.items()}
    return Result("q", "?", True, status=status, scores=named, confidence=0.25)


@pytest.mark.parametrize(
    ("result", "stage", "words"),
    [
        (answerable(answer_in_text=1, citation_precision=0.5, evidence_mrr_at_10=1), "right", "answer is in the text."),
        (answerable(answer_in_text=0, answer_in_quotes=1), "right", "A known answer is in the quotes."),
        (answerable(answer_in_text=1, answer_parts_in_quotes=0.5), "right", "text. Only 50 % of its known parts are"),
        # What is right is right, wherever it was found.
        (answerable(answer_in_text=1, citation_precision=1, evidence_mrr_at_10=0), "right", "answer is in the text."),
        (answerable(answer_in_text=0, answer_in_quotes=0), "not used", "The articles answer this, but no known answer is"),
        (answerable(answer_in_text=0, answer_in_quotes=0, evidence_mrr_at_10=1 / 3), "not used", "at rank 3"),
        (answerable(answer_in_text=0, evidence_mrr_at_10=0, mrr_at_10=1), "not retrieved", "None of the first ten passages"),
        (answerable(answer_in_text=0, mrr_at_10=0), "not retrieved", "None of the first ten articles is relevant."),
        (answerable(answer_in_text=0, mrr_at_10=1, recall_at_10=0.5), "not used", "Only 50 % of the relevant articles"),
        (answerable(answer_in_text=1, citation_precision=0), "wrong citation", "The answer is right, but no citation"),
        (answerable(answer_in_text=1, citation_precision=0, mrr_at_10=0), "not retrieved", "None of the first ten"),
        (answerable(citation_precision=0, mrr_at_10=0.5), "wrong citation", "found at rank 2, but no citation"),
        (answerable("no_answer", answer_in_text=0, evidence_mrr_at_10=1), "wrong refusal", "refused (confidence 0.25)"),
        (answerable("no_answer", answer_in_text=0, evidence_mrr_at_10=0), "not retrieved", "None of the first ten passages"),
        (answerable("no_answer"), "wrong refusal", "The articles answer this, but the question was refused"),
        (answerable(), "open", "The set gives no answer to compare with."),
        (answerable(citation_precision=1), "open", "The set gives no answer to compare with."),
        (Result("q", "?", False, status="no_answer"), "right", "Rightly refused"),
        (Result("q", "?", False, status="answered", confidence=0.9), "should have refused", "given (confidence 0.90)."),
        (answerable("about", mrr_at_10=0), "not retrieved", "None of the first ten articles is relevant."),
        (answerable("about"), "not used", "The articles answer this, but the question was taken for small talk."),
        (Result("q", "?", False, status="about"), "should have refused", "and it was taken for small talk"),
        (Result("q", "?", False, error="boom"), "error", "There was no answer: boom"),
        (Result("q", "?", True, error="boom", scores={"mrr@10": 0, "answer_in_text": 0}), "error", "no answer: boom"),
    ],
)  # fmt: skip
def test_the_earliest_stage_that_failed_is_named(result: Result, stage: Stage, words: str) -> None:
    judged = verdict(result)
    assert judged.stage == stage
    assert words in judged.words
    assert judged.outcome == (stage if stage in ("right", "open") else "wrong")


def test_every_stage_has_a_meaning() -> None:
    assert list(MEANING) == list(STAGES)
    assert set(STAGES) - set(FAILURES) == {"right", "open"}


@pytest.mark.parametrize("rank", range(1, 11))
def test_ranks_are_read_from_reciprocal_ranks(rank: int) -> None:
    assert first_rank(answerable(mrr_at_10=1 / rank)) == rank
    assert first_rank(answerable(mrr_at_10=1, evidence_mrr_at_10=round(1 / rank, 4))) == rank


def test_no_rank_is_another_thing_than_none_known() -> None:
    assert first_rank(answerable(mrr_at_10=0)) == 0
    assert first_rank(answerable()) is None


def test_stages_are_counted_by_kind() -> None:
    wrong = Result("q", "?", False, status="answered", kind="unanswerable", latency_ms=3.5)
    points = [point_of(wrong), point_of(wrong), point_of(answerable())]
    assert points[0] == Point("unanswerable", "should have refused", None, 3.5, None, False, False)
    assert stages_by_kind(points) == {
        "unanswerable": Counter({"should have refused": 2}),
        "unspecified": Counter({"open": 1}),
    }
    assert list(stages_by_kind(points)) == ["unanswerable", "unspecified"]


def test_risks_by_hand() -> None:
    # Right, wrong, right: none of one, one of two, one of three.
    assert risks([0.9, 0.8, 0.1], [True, False, True]) == pytest.approx([0, 1 / 2, 1 / 3])
    # Equally sure of one right and one wrong answer: each place holds half of the wrong one.
    assert risks([0.5, 0.5], [True, False]) == risks([0.5, 0.5], [False, True]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("result", "rightly"),
    [
        (answerable(answer_in_quotes=1), True),
        (answerable(answer_in_quotes=0), False),
        (answerable(), None),
        (Result("q", "?", False, status="no_answer"), False),
    ],
)
def test_answered_rightly(result: Result, rightly: bool | None) -> None:
    assert answered_rightly(result) is rightly
