"""The question set that ships is right about the articles that ship."""

from collections import Counter
from pathlib import Path

import frontmatter
import pytest

from eval.check import check_questions
from eval.datasets import read_questions
from eval.records import EvalQuestion, QuestionSet
from eval.scoring.answer_scores import holds_answer

ROOT = Path(__file__).resolve().parent.parent
FEWEST = {"fact": 40, "synthesis": 15, "disagreement": 15, "follow_up": 15, "unanswerable": 35}
# Their answers are parts of the whole; those of other kinds are alternatives.
IN_PARTS = {"synthesis", "disagreement"}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The body of each shipped article by its id."""
    paths = sorted((ROOT / "corpus").glob("*.md"))
    return {path.stem: frontmatter.loads(path.read_text(encoding="utf-8")).content for path in paths}


@pytest.fixture(scope="module")
def question_set() -> QuestionSet:
    return read_questions(ROOT / "eval" / "questions")


@pytest.fixture(scope="module")
def answerable(question_set: QuestionSet) -> list[EvalQuestion]:
    return [question for question in question_set.questions if question.answerable]


def test_nothing_is_odd_about_it(question_set: QuestionSet, texts: dict[str, str]) -> None:
    assert check_questions(question_set, lambda article_id, version: texts.get(article_id)) == []


def test_there_are_enough_of_each_sort(question_set: QuestionSet) -> None:
    kinds = Counter(question.kind for question in question_set.questions)
    assert set(kinds) == set(FEWEST)
    assert kinds.total() >= 125
    assert {kind: kinds[kind] for kind in FEWEST if kinds[kind] < FEWEST[kind]} == {}
    assert all(question.answerable != (question.kind == "unanswerable") for question in question_set.questions)


def test_follow_ups_have_a_conversation_before_them(question_set: QuestionSet) -> None:
    for question in question_set.questions:
        roles = [turn.role for turn in question.history]
        assert roles == ["user", "assistant"] * (len(roles) // 2), question.id
        assert roles or question.kind != "follow_up", question.id


def test_every_quote_stands_in_its_article_once(answerable: list[EvalQuestion], texts: dict[str, str]) -> None:
    counts = {
        (question.id, row.quote): texts.get(row.article_id, "").count(row.quote)
        for question in answerable
        for row in question.evidence
    }
    assert {key: count for key, count in counts.items() if count != 1} == {}


def test_every_relevant_article_exists_and_is_quoted(answerable: list[EvalQuestion], texts: dict[str, str]) -> None:
    for question in answerable:
        assert question.relevant_ids, question.id
        assert set(question.relevant_ids) <= set(texts), question.id
        assert {row.article_id for row in question.evidence} == set(question.relevant_ids), question.id


def test_every_quote_holds_an_answer(answerable: list[EvalQuestion]) -> None:
    without = [
        (question.id, row.quote)
        for question in answerable
        for row in question.evidence
        if not any(holds_answer(row.quote, answer) for answer in question.answers)
    ]
    assert without == []


def test_the_first_answer_and_every_part_of_one_stand_in_a_quote(answerable: list[EvalQuestion]) -> None:
    missing = [
        (question.id, answer)
        for question in answerable
        for answer in (question.answers if question.kind in IN_PARTS else question.answers[:1])
        if not any(holds_answer(row.quote, answer) for row in question.evidence)
    ]
    assert missing == []


def test_parts_of_an_answer_come_from_several_articles_and_do_not_repeat_each_other(
    answerable: list[EvalQuestion],
) -> None:
    for question in answerable:
        if question.kind in IN_PARTS:
            parts = question.answers
            assert len(question.relevant_ids) > 1, question.id
            assert [(a, b) for a in parts for b in parts if a != b and holds_answer(a, b)] == [], question.id


def test_what_has_no_answer_names_none(question_set: QuestionSet) -> None:
    for question in question_set.questions:
        if not question.answerable:
            assert (question.answers, question.relevant_ids, question.evidence) == ((), (), ()), question.id


def test_the_near_misses_are_unanswerable_and_none_is_asked_twice() -> None:
    near = read_questions(ROOT / "eval" / "questions" / "near")
    shipped = {question.question.lower() for question in read_questions(ROOT / "eval" / "questions").questions}
    asked = [question.question.lower() for question in near.questions]
    assert (len(asked), near.problems) == (60, ())
    assert not any(question.answerable for question in near.questions)
    assert len(set(asked)) == 60
    assert shipped.isdisjoint(asked)
