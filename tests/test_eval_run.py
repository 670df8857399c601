"""Whole runs, with a client that answers from a few lines."""

import json
from pathlib import Path

import pytest

from eval.records import EvalQuestion, QuestionSet, RowProblem, Turn
from eval.results import read_results
from eval.run import Course, run
from eval.scoring.citation_scores import EVIDENCE_CITED
from index.errors import IndexEmpty, IndexMismatch, WrongUsage
from service.schemas.api import MessageWire
from tests.eval_client import QUESTIONS, QUOTE, RIGHT, FakeClient


def test_a_run_by_hand(tmp_path: Path) -> None:
    report = run(QuestionSet(QUESTIONS), FakeClient(), tmp_path / "out", Course(settings={"dataset": "d"}))
    scores = report["metrics"]
    means = {name: score["mean"] for name, score in scores.items() if "mean" in score}
    assert means == pytest.approx(
        {
            "hits@1": 2 / 3,
            "hits@4": 2 / 3,
            "hits@10": 2 / 3,
            "mrr@10": 2 / 3,
            "ndcg@10": 2 / 3,
            "recall@10": 2 / 3,
            "all_evidence_recall@10": 2 / 3,
            "evidence_hits@1": 1,
            "evidence_hits@4": 1,
            "evidence_hits@10": 1,
            "evidence_mrr@10": 1,
            "evidence_read": 1,
            "exact_match": 0,
            "token_f1": 2 * 2 / (5 + 2) / 3,  # two of five tokens are the whole answer
            "answer_in_text": 1 / 3,
            "answer_in_quotes": 1 / 3,
            "answer_in_first_sentence": 1 / 3,
            **dict.fromkeys(EVIDENCE_CITED, 1 / 3),
            "answer_parts_in_quotes": 0,
            "citations_exact": 1,
            "sentences_verified": 1,
            "refusal_precision": 1 / 2,
            "refusal_recall": 1,
            "answerable_answered": 1 / 3,
        }
    )
    assert scores["refusal_balanced_accuracy"]["value"] == pytest.approx((1 + 1 / 3) / 2)
    # One right at .9, two wrong tied at .1, the error last: risks 0, 1/2, 2/3, 3/4.
    assert scores["risk_coverage_area"]["value"] == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4)
    assert scores["latency_ms_p50"] == {"value": 2.0, "low": None, "high": None, "n": 3}


def test_the_report_says_what_was_asked_of_what(tmp_path: Path) -> None:
    problems = (RowProblem(Path("q.jsonl"), 3, "Invalid JSON"),)
    client = FakeClient()
    report = run(QuestionSet(QUESTIONS, problems), client, tmp_path, Course(settings={"dataset": "d"}))
    assert report["questions"] == 4
    assert report["errors"] == [{"id": "boom", "question": "boom?", "error": "RuntimeError: the model is gone"}]
    assert report["problems"] == ["q.jsonl:3: Invalid JSON"]
    assert report["settings"] == {"dataset": "d"}
    assert report["index"]["fingerprint"] == "f"
    assert report["versions"]["chromadb"]
    assert set(report["by_kind"]) == {"fact", "synthesis", "unanswerable"}
    assert report["by_kind"]["synthesis"]["hits@1"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "n": 1}
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report
    results = list(read_results(tmp_path))
    assert [result.id for result in results] == ["right", "refused", "boom", "unanswerable"]
    assert results[0].citations[0].quote == QUOTE
    assert results[0].ranking == ("a",)
    assert results[2].error == "RuntimeError: the model is gone"


def test_questions_are_asked_as_the_set_says(tmp_path: Path) -> None:
    client = FakeClient()
    follow_up = EvalQuestion("f", "And then?", history=(Turn("user", "Who?"),), article_ids=("a", "b"))
    report = run(QuestionSet((follow_up,)), client, tmp_path)
    (request,) = client.asked
    assert request.filters.article_ids == ["a", "b"]
    assert request.include_hits
    assert request.history == [MessageWire(role="user", text="Who?")]
    assert report["notes"] == ["1 questions follow on a conversation (`history`); 0 were completed from it."]
    assert set(report["by_kind"]) == {"unspecified"}


def test_limit_asks_the_first_and_earlier_files_are_replaced(tmp_path: Path) -> None:
    run(QuestionSet(QUESTIONS), FakeClient(), tmp_path)
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    report = run(QuestionSet(QUESTIONS), FakeClient(), tmp_path, Course(limit=1))
    assert report["questions"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "report.json", "results.jsonl", "run.json"]
    assert len(list(read_results(tmp_path))) == 1


def test_finished_questions_are_kept_when_a_run_is_stopped(tmp_path: Path) -> None:
    hopeless = QuestionSet((RIGHT, EvalQuestion("m", "mismatch?")))
    with pytest.raises(IndexMismatch):
        run(hopeless, FakeClient(), tmp_path)
    assert [result.id for result in read_results(tmp_path)] == ["right"]
    assert not (tmp_path / "report.json").exists()


def test_nothing_to_ask_and_nothing_to_ask_of(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no question"):
        run(QuestionSet(()), FakeClient(), tmp_path)
    client = FakeClient()
    client.count = 0
    with pytest.raises(IndexEmpty, match="--corpus"):
        run(QuestionSet(QUESTIONS), client, tmp_path)
