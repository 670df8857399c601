"""MultiHop-RAG's measures, computed by hand from what its scripts do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.records import EvalQuestion, Evidence
from eval.scoring.multihop_scores import (
    MULTIHOP_METRICS,
    multihop_metrics_of,
    multihop_scores,
    retrieval_scores,
    shares_a_word,
)
from service.schemas.api import AskResponse

FACTS = ("The Bears won.", "eBay gives a coupon.")
ASKED = EvalQuestion("q", "?", ("Chicago Bears",), evidence=tuple(Evidence("a", fact) for fact in FACTS))
NULL = EvalQuestion("q", "?", answerable=False, kind="unanswerable")


def response(*passages: str, text: str = "", **changed: Any) -> AskResponse:
    hit = {
        "passage_id": "p",
        "article_id": "a",
        "article_version": "v",
        "title": "The Bears won.",
        "start": 0,
        "end": 1,
    }
    hit |= {"publisher": None, "published": None, "url": None, "score": 1.0, "dense": 1.0, "lexical": 1.0}
    sentence = {"text": text, "start": 0, "end": 1, "citations": [1], "support": "verified"}
    fields: dict[str, Any] = {
        "id": "ans_1",
        "conversation_id": None,
        "question": "?",
        "completed_question": None,
        "status": "answered",
        "short_answer": None,
        "text": f"{text} [1]",
        "sentences": [sentence] if text else [],
        "citations": [],
        "disagreements": [],
        "nearest": [],
        "preferences": {},
        "answerer": "extractive",
        "confidence": 0.9,
        "degraded": None,
        "usage": None,
        "timings_ms": {"retrieve": 1.0, "answer": 1.0, "total": 2.0},
        "hits": [hit | {"text": passage} for passage in passages],
    }
    return AskResponse.model_validate(fields | changed)


@pytest.mark.parametrize(
    ("passages", "hits_at_4", "hits_at_10", "average_precision", "reciprocal_rank"),
    [
        # Both facts in the first passage: 2/1 over 2 facts. It can reach 1 in no other way with two facts.
        (["The Bears won. eBay gives a coupon."], 1, 1, 1, 1),
        # One fact each at ranks 1 and 3: (1/1 + 1/3) / 2.
        (["The Bears won.", "x", "eBay gives a coupon."], 1, 1, 2 / 3, 1),
        # Found again at rank 2: counts no second time.
        (["The Bears won.", "He said: The Bears won."], 1, 1, 1 / 2, 1),
        # First found at rank 5: 1/5 over 2.
        (["x", "x", "x", "x", "The\nBears  won."], 0, 1, 1 / 10, 1 / 5),
        (["x"] * 9 + ["The Bears won."], 0, 1, 1 / 20, 1 / 10),
        # Beyond the tenth.
        (["x"] * 10 + ["The Bears won."], 0, 0, 0, 0),
        (["The bears won."], 0, 0, 0, 0),
        ([], 0, 0, 0, 0),
    ],
)
def test_retrieval(
    passages: list[str], hits_at_4: float, hits_at_10: float, average_precision: float, reciprocal_rank: float
) -> None:
    assert retrieval_scores(FACTS, passages) == pytest.approx(
        {
            "multihop_hits@4": hits_at_4,
            "multihop_hits@10": hits_at_10,
            "multihop_map@10": average_precision,
            "multihop_mrr@10": reciprocal_rank,
        }
    )


def test_a_fact_that_is_listed_twice_is_found_once() -> None:
    assert retrieval_scores(["One.", "One."], ["One."])["multihop_map@10"] == 1 / 2


def test_more_than_ten_facts_count_as_ten() -> None:
    facts = [f"fact-{n:02d};" for n in range(12)]
    assert retrieval_scores(facts, ["".join(facts[:5])])["multihop_map@10"] == 5 / 10


@pytest.mark.parametrize(
    ("given", "answer", "score"),
    [
        ("the Bears", "Chicago bears", 1),
        ("The deal.", "the treaty", 1),  # what makes it lenient
        ("Yes.", "Yes", 0),  # and what makes it strict: punctuation is part of a word
        ("", "Yes", 0),
    ],
)
def test_a_shared_word(given: str, answer: str, score: float) -> None:
    assert shares_a_word(given, answer) == score


def test_an_answer_is_compared_by_its_short_form_without_markers() -> None:
    scores = multihop_scores(ASKED, response("The Bears won.", text="Bears won it."))
    assert list(scores) == [
        "multihop_hits@4",
        "multihop_hits@10",
        "multihop_map@10",
        "multihop_mrr@10",
        MULTIHOP_METRICS[-1],
    ]
    assert (scores["multihop_hits@4"], scores["multihop_accuracy"]) == (1, 1)
    short = multihop_scores(ASKED, response(text="Bears won it.", short_answer="Vikings"))
    assert (short["multihop_hits@10"], short["multihop_accuracy"]) == (0, 0)


def test_the_best_of_several_answers_counts() -> None:
    question = EvalQuestion("q", "?", ("Vikings", "Bears"))
    assert multihop_scores(question, response(text="Bears won.")) == {"multihop_accuracy": 1}


def test_an_answer_in_the_frame_that_their_prompt_asks_for_is_taken_out() -> None:
    text = 'The answer to the question is "Vikings" and not Bears.'
    assert multihop_scores(ASKED, response(text=text))["multihop_accuracy"] == 0


def test_a_refusal_is_the_answer_of_a_null_query() -> None:
    refused = response(status="no_answer", text="The articles do not say.")
    assert multihop_scores(NULL, refused) == {"multihop_accuracy": 1}
    assert multihop_scores(NULL, response(text="Bears won.")) == {"multihop_accuracy": 0}
    assert multihop_scores(ASKED, refused)["multihop_accuracy"] == 0


def test_what_is_defined() -> None:
    assert multihop_metrics_of(ASKED) == MULTIHOP_METRICS
    assert multihop_metrics_of(NULL) == ("multihop_accuracy",)
    assert multihop_metrics_of(EvalQuestion("q", "?", relevant_ids=("a",))) == ()
    assert multihop_scores(EvalQuestion("q", "?"), response(text="x")) == {}


TEXTS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=10)


@given(TEXTS, TEXTS)
def test_scores_keep_their_order_and_white_space_changes_nothing(facts: list[str], passages: list[str]) -> None:
    scores = retrieval_scores(facts, passages)
    assert 0 <= scores["multihop_hits@4"] <= scores["multihop_hits@10"] <= 1
    assert scores["multihop_map@10"] <= scores["multihop_hits@10"]
    assert (scores["multihop_mrr@10"] > 0) == bool(scores["multihop_hits@10"])
    assert retrieval_scores([" \n".join(fact) for fact in facts], passages) == scores
