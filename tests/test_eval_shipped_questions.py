"""The question set that ships is right about the articles that ship."""

from collections import Counter
from pathlib import Path

import frontmatter
import pytest

from eval.check import check_questions
from eval.datasets import read_questions
from eval.records import EvalQuestion, QuestionSet

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"fact", "synthesis", "disagreement", "unanswerable", "follow_up"}


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
    assert set(kinds) <= KINDS
    assert kinds.total() >= 60
    assert sum(not question.answerable for question in question_set.questions) >= 15
    assert all(question.answerable != (question.kind == "unanswerable") for question in question_set.questions)


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


def test_every_answer_stands_in_a_quote(answerable: list[EvalQuestion]) -> None:
    missing = [
        (question.id, answer)
        for question in answerable
        for answer in question.answers
        if not any(answer.lower() in row.quote.lower() for row in question.evidence)
    ]
    assert missing == []


def test_what_has_no_answer_names_none(question_set: QuestionSet) -> None:
    for question in question_set.questions:
        if not question.answerable:
            assert (question.answers, question.relevant_ids, question.evidence) == ((), (), ()), question.id
