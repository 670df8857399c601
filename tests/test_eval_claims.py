"""Answers checked claim by claim with the shipped check, and where questions were lost, stage by stage."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eval.asking import Asking, answering_by, ask
from eval.records import EvalQuestion, Evidence, QuestionSet, Result
from eval.reporting.funnel import funnel, refusals_of, steps_of
from eval.reporting.page import write_page
from eval.reporting.points import point_of
from eval.reporting.verdicts import verdict
from eval.run import Course, run
from eval.scoring.claims import ClaimCheck, checked_claims, opened_check, unchecked_claims
from index.settings import IndexSettings
from service.schemas.api import AskResponse
from tests.eval_client import QUESTIONS, FakeClient
from tests.eval_fixtures import report_of, run_in
from tests.fake_assistant import answer, answered, citation

FERRY = "The ferry sails at 9:15 every morning. Children under six travel free of charge."
QUESTION = EvalQuestion(
    "q", "When does the ferry sail?", ("9:15",), evidence=(Evidence("a", "The ferry sails at 9:15 every morning."),)
)


@pytest.fixture(scope="module")
def check() -> Iterator[ClaimCheck]:
    with opened_check(IndexSettings()) as check:
        yield check


def said(*sentences: str, passage: str = FERRY, hits: bool = False) -> AskResponse:
    response = answered(*sentences, citations=[citation(1, quote=passage)])
    return response if not hits else response.model_copy(update={"hits": []})


def test_a_supported_answer_that_says_what_is_known(check: ClaimCheck) -> None:
    found = checked_claims(check, QUESTION, said("The ferry sails at 9:15 every morning."))
    assert found.scores == {"claim_support": 1, "claim_precision": 1, "claim_recall": 1, "claim_f1": 1}
    assert found.unsupported == ()


def test_what_no_passage_supports_is_named(check: ClaimCheck) -> None:
    wrong = "The ferry sails at 10:45 every morning."
    found = checked_claims(check, QUESTION, said("The ferry sails at 9:15 every morning.", wrong))
    assert found.unsupported == (wrong,)
    assert found.scores["claim_support"] == 0.5
    assert found.scores["claim_precision"] == 0.5
    assert found.scores["claim_recall"] == 1


def test_what_is_supported_and_was_not_asked_is_no_right_claim(check: ClaimCheck) -> None:
    found = checked_claims(check, QUESTION, said("Children under six travel free of charge."))
    assert found.scores == {"claim_support": 1, "claim_precision": 0, "claim_recall": 0, "claim_f1": 0}


def test_of_parts_each_counts_and_a_list_is_as_many_claims_as_it_has_sentences(check: ClaimCheck) -> None:
    parts = replace(QUESTION, kind="synthesis", answers=("9:15", "free of charge", "on the island"))
    found = checked_claims(check, parts, said("- The ferry sails at 9:15 every morning.\n- The ferry sails to Norway."))
    assert found.unsupported == ("The ferry sails to Norway.",)
    assert found.scores["claim_recall"] == pytest.approx(1 / 3)


def test_refusals_and_errors_say_nothing_of_what_is_known(check: ClaimCheck) -> None:
    refused = checked_claims(check, QUESTION, answer())
    assert refused.scores == {"claim_precision": 0, "claim_recall": 0, "claim_f1": 0} == unchecked_claims(QUESTION)
    unknown = EvalQuestion("u", "Who?", answerable=False)
    assert checked_claims(check, unknown, answer()).scores == unchecked_claims(unknown) == {}
    assert unchecked_claims(replace(QUESTION, evidence=())) == {"claim_recall": 0}


def test_what_was_retrieved_is_measured_by_itself(check: ClaimCheck) -> None:
    result = ask(QUESTIONS[0], Asking(answering_by(FakeClient()), check=check))
    assert result.scores["claims_retrieved"] == 1
    assert checked_claims(check, QUESTION, said("It is late.", hits=True)).scores["claims_retrieved"] == 0


def test_a_run_with_claims_cannot_be_gone_on_with_without_them(tmp_path: Path, check: ClaimCheck) -> None:
    report = run(QuestionSet(QUESTIONS), FakeClient(), tmp_path, Course(check=check))
    # Right, refused, and an error: of what is known one third is said.
    assert report["metrics"]["claim_recall"]["mean"] == pytest.approx(1 / 3)
    assert report["metrics"]["claim_support"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert json.loads((tmp_path / "run.json").read_text())["claims"] == "checked"


def question(stage: str) -> Result:
    """Return the result of a question that ended at this stage."""
    ended = {
        "error": Result("q", "?", True, error="gone"),
        "not retrieved": Result("q", "?", True, status="answered", scores={"answer_in_text": 0, "evidence_mrr@10": 0}),
        "not read": Result(
            "q", "?", True, status="no_answer", scores={"answer_in_text": 0, "evidence_mrr@10": 1 / 9, "evidence_read": 0}
        ),
        "wrong refusal": Result("q", "?", True, status="no_answer", scores={"answer_in_text": 0, "evidence_read": 1}),
        "unsupported": Result("q", "?", True, status="answered", scores={"answer_in_text": 0, "claim_support": 0.5}),
        "not used": Result("q", "?", True, status="answered", scores={"answer_in_text": 0, "claim_support": 1}),
        "wrong citation": Result("q", "?", True, status="answered", scores={"answer_in_text": 1, "citation_precision": 0}),
        "right": Result("q", "?", True, status="answered", scores={"answer_in_text": 1, "claim_support": 0}),
        "open": Result("q", "?", True, status="answered"),
        "should have refused": Result("q", "?", False, status="answered"),
        "rightly refused": Result("q", "?", False, status="no_answer"),
    }  # fmt: skip
    return ended[stage]


EACH = (
    "error", "not retrieved", "not read", "not read", "wrong refusal", "unsupported", "not used", "wrong citation",
    "right", "right", "open", "should have refused", "rightly refused",
)  # fmt: skip


def test_each_stage_is_told_apart() -> None:
    for stage in EACH[:-1]:
        assert verdict(question(stage)).stage == stage
    assert "at rank 9, below the passages that are read" in verdict(question("not read")).words
    assert "50 % of the sentences are not supported" in verdict(question("unsupported")).words
    # Of a language model's answer the service says itself what it could not verify.
    own = Result("q", "?", True, status="answered", scores={"answer_in_text": 0, "sentences_verified": 0})
    assert verdict(own).stage == "unsupported"


def test_stages_by_hand() -> None:
    points = [point_of(question(stage)) for stage in EACH]
    steps = steps_of(points)
    assert [(step.name, step.reached, step.through) for step in steps] == [
        ("retrieved", 10, 8), ("read", 8, 6), ("answered", 6, 5), ("supported", 5, 4), ("right", 4, 3), ("cited", 3, 2),
    ]  # fmt: skip
    assert steps[0].lost == (("error", 1), ("not retrieved", 1))
    assert refusals_of(points) == (1, 2)
    drawn = str(funnel(steps))
    assert drawn.count("data-pick=") == 7
    # All parts end where the bar of all questions would.
    ends = [
        float(x) + float(w)
        for x, w in re.findall(r'class="not-retrieved" x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)
    ]
    assert ends == [360.0]
    assert steps_of([point_of(question("open"))]) == []


def test_the_page_shows_stages_and_unsupported_sentences(tmp_path: Path) -> None:
    results = [question(stage) for stage in EACH]
    results[0] = replace(question("unsupported"), unsupported=("It <b>rained</b>.",))
    page = write_page(report_of(), run_in(tmp_path / "run", *results)).read_text(encoding="utf-8")
    assert "How far they came" in page
    assert "Not supported by what it cites" in page
    assert "It &lt;b&gt;rained&lt;/b&gt;." in page
    none = write_page(report_of(), run_in(tmp_path / "none", question("rightly refused"))).read_text(encoding="utf-8")
    assert "How far they came" not in none
