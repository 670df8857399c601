"""MT-RAG's tasks: conversations become history, passages become articles that count as relevant."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.datasets import read_questions
from eval.opening import without_history_of
from eval.records import Turn

PASSAGE = {"document_id": "1-0-9", "text": "The tower is 84 metres high.", "score": 1.0}
SAID = [{"speaker": "user", "text": "Which tower?"}, {"speaker": "agent", "text": "The one at the harbour."}]
TASK = {
    "conversation_id": "c",
    "task_id": "c<::>2",
    "contexts": [PASSAGE],
    "input": [*SAID, {"speaker": "user", "text": "How high is it? ", "metadata": {}}],
    "targets": [{"speaker": "agent", "text": "84 metres."}],
    "answerability": ["ANSWERABLE"],
}


def write(folder: Path, *rows: Any) -> Path:
    (folder / "tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_the_last_turn_is_asked_with_what_was_said_before(tmp_path: Path) -> None:
    found = read_questions(write(tmp_path, TASK))
    (question,), (article,) = found.questions, tuple(found.articles)
    assert (question.id, question.question, question.answers) == ("c<::>2", "How high is it?", ("84 metres.",))
    assert question.history == (Turn("user", "Which tower?"), Turn("assistant", "The one at the harbour."))
    assert (question.relevant_ids, question.article_ids, question.kind) == ((article.id,), (), "follow_up")
    assert article.text == PASSAGE["text"]
    assert read_questions(tmp_path / "tasks.jsonl").questions == found.questions
    assert without_history_of(found).questions[0].history == ()


@pytest.mark.parametrize(
    ("changes", "answerable"),
    [
        ({"answerability": ["PARTIAL"]}, True),
        ({"answerability": ["UNANSWERABLE"]}, False),
        ({"answerability": ["UNDERSPECIFIED"]}, False),
        ({"contexts": []}, False),
    ],
)
def test_what_cannot_be_answered_is_to_be_refused(tmp_path: Path, changes: dict[str, Any], answerable: bool) -> None:
    (question,) = read_questions(write(tmp_path, TASK | changes)).questions
    assert (question.answerable, bool(question.relevant_ids), bool(question.answers)) == (answerable,) * 3


def test_a_task_without_a_question_is_reported_and_the_rest_is_asked(tmp_path: Path) -> None:
    unasked = TASK | {"task_id": "d", "input": SAID}
    found = read_questions(write(tmp_path, TASK, unasked, {"task_id": "e"}))
    assert [question.id for question in found.questions] == ["c<::>2"]
    assert [problem.line for problem in found.problems] == [2, 3]
    assert "no question" in str(found.problems[0])
