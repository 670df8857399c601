"""Scores of one question, computed by hand."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import failed_scores, score
from eval.records import EvalQuestion, Evidence
from eval.scoring.answer_scores import exact_match, holds_answer, normalise, token_f1
from eval.scoring.citation_scores import EVIDENCE_CITED
from eval.scoring.evidence import evidence_targets
from eval.scoring.retrieval_scores import article_scores, ranked_articles
from service.schemas.api import AskResponse

TEXTS = {
    "a": "Amazon invests $5 billion now. More may follow. Amazon invests $5 billion now.",
    "b": "Anthropic spends $100 billion. The deal lasts ten years.",
}


def text_of(article_id: str, version: str | None) -> str | None:
    return TEXTS.get(article_id) if version in (None, "v1") else None


def hit(article_id: str, start: int = 0, end: int = 10) -> dict[str, Any]:
    return {
        "passage_id": f"{article_id}-{start}",
        "article_id": article_id,
        "article_version": "v1",
        "title": article_id,
        "publisher": None,
        "published": None,
        "url": None,
        "text": "…",
        "start": start,
        "end": end,
        "score": 0.5,
        "dense": 0.5,
        "lexical": 0.5,
    }


def cite(article_id: str, start: int, end: int, **changed: Any) -> dict[str, Any]:
    quote = TEXTS[article_id][start:end]
    kept = {k: v for k, v in hit(article_id, start, end).items() if k not in ("text", "dense", "lexical")}
    return kept | {"number": 1, "quote": quote, "page": None} | changed


def response(*sentences: str, **changed: Any) -> AskResponse:
    fields: dict[str, Any] = {
        "id": "ans_1",
        "conversation_id": None,
        "question": "?",
        "completed_question": None,
        "status": "answered",
        "short_answer": None,
        "text": " ".join(f"{sentence} [1]" for sentence in sentences),
        "sentences": [
            {"text": sentence, "start": 0, "end": 1, "citations": [1], "support": "verified"} for sentence in sentences
        ],
        "citations": [],
        "disagreements": [],
        "nearest": [],
        "preferences": {},
        "answerer": "extractive",
        "confidence": 0.9,
        "degraded": None,
        "usage": None,
        "timings_ms": {"retrieve": 1.0, "answer": 1.0, "total": 2.0},
        "hits": [],
    }
    return AskResponse.model_validate(fields | changed)


def refusal(**changed: Any) -> AskResponse:
    return response(status="no_answer", text="The articles do not say.", **changed)


def scores_of(question: EvalQuestion, answered: AskResponse) -> dict[str, float]:
    return score(question, answered, text_of)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cat, sat.", "cat sat"),
        ("an  apple\na day", "apple day"),
        ("$5 Billion!", "5 billion"),
        ("Theatre", "theatre"),
    ],
)
def test_normalise_as_squad_does(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("given_text", "answer", "expected"),
    [
        ("Wilhelm Röntgen", "Wilhelm Conrad Röntgen", 0.8),  # precision 1, recall 2/3
        ("the cat", "a cat", 1.0),
        ("cat cat dog", "cat cat cat", 2 / 3),  # two of three tokens either way
        ("dog", "cat", 0.0),
        ("the", "a", 1.0),
        ("cat", "the", 0.0),
    ],
)
def test_token_f1_by_hand(given_text: str, answer: str, expected: float) -> None:
    assert token_f1(given_text, answer) == pytest.approx(expected)


def test_exact_match_ignores_case_punctuation_and_articles() -> None:
    assert exact_match("The $5 billion.", "$5 Billion") == 1
    assert exact_match("$5 billion now", "$5 billion") == 0


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It costs $5 billion, she said.", "$5 billion"),
        ("Paris's mayor", "Paris"),
        ("the U.S. economy", "US"),
        ("150,782 crowns", "150782"),
        ("from 1997\u20131998", "1998"),
        ("Wilhelm Ro\u0308ntgen won", "Röntgen"),
        ("**The Beatles** played", "beatles"),
    ],
)
def test_an_answer_is_found_as_whole_words(text: str, answer: str) -> None:
    assert holds_answer(text, answer)


@pytest.mark.parametrize(
    ("text", "answer"), [("150 people", "5"), ("7.5 percent", "5"), ("Iran", "ran"), ("anything", "the"), ("", "x")]
)
def test_parts_of_words_and_empty_answers_are_not_found(text: str, answer: str) -> None:
    assert not holds_answer(text, answer)


@given(st.text(), st.text(), st.text())
def test_a_text_holds_any_words_it_was_made_around(before: str, answer: str, after: str) -> None:
    if normalise(answer):
        assert holds_answer(f"{before} {answer} {after}", answer)


@given(st.text(), st.text())
def test_f1_is_symmetric_a_share_and_1_on_an_exact_match(one: str, other: str) -> None:
    f1 = token_f1(one, other)
    assert 0 <= f1 <= 1
    assert f1 == token_f1(other, one)
    assert f1 == 1 or not exact_match(one, other)


def test_ranking_is_over_distinct_articles_in_order_of_first_appearance() -> None:
    hits = response(hits=[hit("a"), hit("a", 20, 30), hit("b"), hit("a", 40, 50), hit("c")]).hits
    assert hits is not None
    assert ranked_articles(hits) == ("a", "b", "c")


def test_article_scores_by_hand() -> None:
    question = EvalQuestion("q", "?", relevant_ids=("b", "d"))
    scores = article_scores(question, ("a", "b", "c", "x", "d"))
    # Gains at ranks 2 and 5 of what could be ranks 1 and 2.
    ideal = 1 + 1 / math.log2(3)
    assert scores == pytest.approx(
        {
            "hits@1": 0.0,
            "hits@4": 1.0,
            "hits@10": 1.0,
            "mrr@10": 0.5,
            "ndcg@10": (1 / math.log2(3) + 1 / math.log2(6)) / ideal,
            "recall@10": 1.0,
            "all_evidence_recall@10": 1.0,
        }
    )


def test_only_the_first_ten_articles_count() -> None:
    ranking = (*(f"x{i}" for i in range(9)), "a", "b")
    scores = article_scores(EvalQuestion("q", "?", relevant_ids=("a", "b")), ranking)
    assert scores["mrr@10"] == pytest.approx(0.1)
    assert scores["recall@10"] == 0.5
    assert scores["all_evidence_recall@10"] == 0


def test_nothing_found_is_zero_and_no_task_is_no_score() -> None:
    assert set(article_scores(EvalQuestion("q", "?", relevant_ids=("a",)), ()).values()) == {0.0}
    assert article_scores(EvalQuestion("q", "?"), ("a",)) == {}
    # Only the relevant article may be found: nothing to rank.
    assert article_scores(EvalQuestion("q", "?", relevant_ids=("a",), article_ids=("a",)), ("a",)) == {}
    assert article_scores(EvalQuestion("q", "?", relevant_ids=("a",), article_ids=("a", "b")), ("a",))["hits@1"] == 1


def test_a_passage_counts_with_half_of_a_quote() -> None:
    # 30 characters, at 0 and again at 48.
    question = EvalQuestion("q", "?", evidence=(Evidence("a", "Amazon invests $5 billion now."),))
    fourteen_of_it, fifteen_of_it = hit("a", 16, 62), hit("a", 16, 63)
    scores = scores_of(question, response(hits=[hit("b"), fourteen_of_it]))
    assert (scores["evidence_hits@10"], scores["evidence_mrr@10"]) == (0, 0)
    scores = scores_of(question, response(hits=[hit("b"), fourteen_of_it, fifteen_of_it]))
    assert (scores["evidence_hits@1"], scores["evidence_hits@4"], scores["evidence_hits@10"]) == (0, 1, 1)
    assert scores["evidence_mrr@10"] == pytest.approx(1 / 3)


def test_evidence_is_found_where_the_set_says_or_anywhere_it_stands() -> None:
    quote = "Amazon invests $5 billion now."
    at_first, anywhere, wrong = Evidence("a", quote, 48), Evidence("a", quote), Evidence("a", quote, 3)
    targets = evidence_targets(EvalQuestion("q", "?", evidence=(at_first, anywhere, wrong)), text_of)
    starts = [[span.start for span in target.spans or ()] for target in targets]
    assert starts == [[48], [0, 48], [0, 48]]


def test_answer_scores_compare_the_short_answer_and_search_the_text() -> None:
    question = EvalQuestion("q", "?", answers=("ten years", "$5 billion"))
    answered = response(
        "More may follow.", "Amazon invests $5 billion.", short_answer="$5 billion", citations=[cite("b", 31, 56)]
    )
    scores = scores_of(question, answered)
    assert scores["exact_match"] == scores["token_f1"] == 1
    assert scores["answer_in_text"] == 1
    assert scores["answer_in_first_sentence"] == 0
    assert scores["answer_in_quotes"] == 1  # "The deal lasts ten years."


@pytest.mark.parametrize("kind", ["synthesis", "disagreement", "fact"])
def test_answers_that_are_parts_count_each(kind: str) -> None:
    question = EvalQuestion("q", "?", answers=("ten years", "$5 billion", "$8 billion"), kind=kind)
    scores = scores_of(question, response("No.", citations=[cite("b", 31, 56), cite("a", 0, 30)]))
    assert scores["answer_in_quotes"] == 1
    assert scores.get("answer_parts_in_quotes") == (None if kind == "fact" else pytest.approx(2 / 3))
    assert scores_of(question, refusal()).get("answer_parts_in_quotes") == (None if kind == "fact" else 0)
    assert failed_scores(question).get("answer_parts_in_quotes") == (None if kind == "fact" else 0)


def test_without_a_short_answer_the_text_is_compared_without_markers() -> None:
    scores = scores_of(EvalQuestion("q", "?", answers=("Five billion",)), response("Five billion."))
    assert scores["exact_match"] == 1


def test_a_wrong_refusal_is_wrong_in_every_answer_metric_but_not_in_retrieval() -> None:
    question = EvalQuestion("q", "?", answers=("x",), relevant_ids=("a",))
    assert scores_of(question, refusal(hits=[hit("a")])) == pytest.approx(
        {
            "hits@1": 1,
            "hits@4": 1,
            "hits@10": 1,
            "mrr@10": 1,
            "ndcg@10": 1,
            "recall@10": 1,
            "all_evidence_recall@10": 1,
            "exact_match": 0,
            "token_f1": 0,
            "answer_in_text": 0,
            "answer_in_quotes": 0,
            "answer_in_first_sentence": 0,
            **dict.fromkeys(EVIDENCE_CITED, 0),
            "refusal_precision": 0,
            "answerable_answered": 0,
        }
    )


def test_unanswerable_questions_have_refusal_scores_alone() -> None:
    question = EvalQuestion("q", "?", answerable=False)
    assert scores_of(question, refusal()) == {"refusal_precision": 1, "refusal_recall": 1}
    # Whoever takes a question for small talk did not say that it has no answer.
    assert scores_of(question, response(status="about", text="Hello!")) == {"refusal_recall": 0}
    assert scores_of(question, response("Yes."))["refusal_recall"] == 0


def test_citations_are_right_with_half_of_the_shorter() -> None:
    evidence = (Evidence("b", "Anthropic spends $100 billion."), Evidence("a", "More may follow."))
    question = EvalQuestion("q", "?", evidence=evidence, relevant_ids=("a", "b"))
    # Within the first quote; 8 of 16 characters of the second, itself 17 long; the wrong sentence.
    cited = [cite("b", 17, 29), cite("a", 22, 39), cite("b", 31, 56)]
    scores = scores_of(question, response("Yes.", citations=cited))
    assert scores["citation_precision"] == pytest.approx(2 / 3)
    assert scores["citation_recall"] == 1
    assert scores["citation_f1"] == pytest.approx(2 * (2 / 3) / (2 / 3 + 1))
    assert [scores[f"article_citation_{name}"] for name in ("precision", "recall", "f1")] == [1, 1, 1]
    scores = scores_of(question, response("Yes.", citations=[cite("a", 21, 38)]))
    assert [scores[f"citation_{name}"] for name in ("precision", "recall", "f1")] == [0, 0, 0]
    # The wrong stretch of one of two right articles.
    assert [scores[f"article_citation_{name}"] for name in ("precision", "recall", "f1")] == [1, 0.5, 2 / 3]


def test_the_same_evidence_in_two_articles_is_two_rows_to_recall() -> None:
    evidence = (Evidence("a", "More may follow."), Evidence("b", "The deal lasts ten years."))
    question = EvalQuestion("q", "?", evidence=evidence)
    scores = scores_of(question, response("Yes.", citations=[cite("b", 31, 56)]))
    assert (scores["citation_precision"], scores["citation_recall"]) == (1, 0.5)


def test_without_evidence_citations_count_by_article() -> None:
    question = EvalQuestion("q", "?", relevant_ids=("a", "c"))
    scores = scores_of(question, response("Yes.", citations=[cite("a", 0, 5), cite("b", 0, 5)]))
    assert (scores["citation_precision"], scores["citation_recall"]) == (0.5, 0.5)
    assert "citation_precision" not in scores_of(EvalQuestion("q", "?"), response("Yes."))


def test_citations_must_resolve_exactly_in_the_version_they_name() -> None:
    cited = [
        cite("a", 0, 6),
        cite("a", 0, 6, quote="amazon"),
        cite("a", 0, 6, article_version="v0"),
        cite("a", -78, 6),
    ]
    scores = scores_of(EvalQuestion("q", "?"), response("Yes.", citations=cited))
    assert scores["citations_exact"] == 0.25


def test_sentences_verified_is_the_share_of_sentences() -> None:
    unverified = {"text": "B.", "start": 0, "end": 1, "citations": [], "support": "unverified"}
    sentences = [unverified | {"support": "verified"}, unverified]
    assert scores_of(EvalQuestion("q", "?"), response(sentences=sentences))["sentences_verified"] == 0.5


def test_a_missing_quote_is_noted_and_cannot_be_matched() -> None:
    question = EvalQuestion("q", "?", evidence=(Evidence("a", "Nobody wrote this."),))
    scores, notes = score(question, response("Yes.", citations=[cite("a", 0, 5)], hits=[hit("a", 0, 78)]), text_of)
    assert (scores["citation_precision"], scores["evidence_hits@10"]) == (0, 0)
    assert notes == ("evidence 1: its quote is not in article 'a'",)


def test_hits_that_were_not_given_are_an_error() -> None:
    with pytest.raises(ValueError, match="no hits"):
        score(EvalQuestion("q", "?"), response("Yes.", hits=None), text_of)


@pytest.mark.parametrize(
    "question",
    [
        EvalQuestion("q", "?"),
        EvalQuestion("q", "?", answerable=False),
        EvalQuestion("q", "?", answers=("x",), relevant_ids=("a",)),
        EvalQuestion("q", "?", answers=("x",), evidence=(Evidence("a", "More"),), relevant_ids=("a",)),
        EvalQuestion("q", "?", answers=("x",), evidence=(Evidence("a", "More"),), article_ids=("a",)),
    ],
)
def test_an_error_is_wrong_in_all_that_an_answer_could_be_right_in(question: EvalQuestion) -> None:
    failed = failed_scores(question)
    assert set(failed.values()) <= {0.0}
    # What is said about an answer itself has no sense without one.
    about_answers = {"sentences_verified", "citations_exact", "refusal_precision"}
    assert set(failed) == set(scores_of(question, response("Yes."))) - about_answers
