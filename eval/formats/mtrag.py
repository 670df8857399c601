"""MT-RAG's tasks: the last question of a conversation, with the passages that were found for it.

Katsis et al., "mtRAG: A Multi-Turn Conversational Benchmark for Evaluating Retrieval-Augmented Generation Systems", TACL
2025; layout: https://github.com/IBM/mt-rag-benchmark. Passages of a task are taken as relevant: these files mark none.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from eval.formats.collecting import Collecting, Row, filled_lines
from eval.records import BroughtArticle, EvalQuestion, Turn

FILE = "tasks.jsonl"
_ANSWERABLE = {"ANSWERABLE", "PARTIAL"}


class _Context(Row):
    document_id: str
    text: str
    title: str = ""


class _Turn(Row):
    speaker: Literal["user", "agent"]
    text: str


class _Task(Row):
    task_id: str
    contexts: list[_Context]
    input: list[_Turn] = Field(min_length=1)
    targets: list[_Turn]
    answerability: list[str]
    conversation_id: str | None = None


def is_mtrag(file: Path) -> bool:
    """Say whether the first line of a file is laid out like MT-RAG's."""
    for _, line in filled_lines(file):
        try:
            _Task.model_validate_json(line)
        except ValidationError:
            return False
        return True
    return False


def read_mtrag(file: Path, rows: Collecting) -> None:
    """Gather the last question of each conversation, asked of the passages of all of them."""
    for number, line in filled_lines(file):
        with rows.reporting(number):
            _add(_Task.model_validate_json(line), rows)


def _add(task: _Task, rows: Collecting) -> None:
    *history, question = task.input
    if question.speaker != "user" or not question.text.strip():
        raise ValueError("the last turn of `input` is no question")
    passages = [BroughtArticle("", context.title, context.text) for context in task.contexts if context.text.strip()]
    answerable = bool(passages) and not _ANSWERABLE.isdisjoint(task.answerability)
    article_ids = tuple(dict.fromkeys(rows.article(passage, key=passage.text) for passage in passages))
    rows.add(
        EvalQuestion(
            id=task.task_id,
            question=question.text.strip(),
            answers=tuple(target.text for target in task.targets if target.text.strip()) if answerable else (),
            answerable=answerable,
            relevant_ids=article_ids if answerable else (),
            kind="follow_up" if history else None,
            cluster=task.conversation_id,
            history=tuple(Turn("user" if turn.speaker == "user" else "assistant", turn.text) for turn in history),
        )
    )
