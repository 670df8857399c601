"""SQuAD 1.1 and 2.0: each question comes with the passage that it is asked of.

Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", EMNLP 2016; Rajpurkar, Jia and Liang,
"Know What You Don't Know: Unanswerable Questions for SQuAD", ACL 2018.
"""

from dataclasses import replace
from typing import Any

from pydantic import Field, TypeAdapter

from eval.formats.collecting import Collecting, Row
from eval.records import EvalQuestion, Evidence

_LIST: TypeAdapter[list[Any]] = TypeAdapter(list[Any])


class _Answer(Row):
    text: str
    answer_start: int


class _Question(Row):
    """1.1 has no `is_impossible`: everything in it has an answer."""

    id: str | int
    question: str = Field(pattern=r"\S")
    answers: list[_Answer] = Field(default_factory=list)
    is_impossible: bool = False


class _Paragraph(Row):
    context: str = Field(pattern=r"\S")
    # Rows stay loose until their own turn, so that a wrong one does not take its neighbours along.
    qas: list[Any]


class _Entry(Row):
    title: str = ""
    paragraphs: list[Any]


def read_squad(data: object, rows: Collecting) -> None:
    """Gather the questions of `data`, each restricted to its passage, which becomes an article."""
    with rows.reporting(where="data"):
        for i, entry in enumerate(_LIST.validate_python(data)):
            with rows.reporting(where=f"data[{i}]"):
                _read_entry(_Entry.model_validate(entry), rows, where=f"data[{i}]")


def _read_entry(entry: _Entry, rows: Collecting, *, where: str) -> None:
    for i, loose in enumerate(entry.paragraphs):
        place = f"{where}.paragraphs[{i}]"
        with rows.reporting(where=place):
            paragraph = _Paragraph.model_validate(loose)
            article_id = rows.article_of(paragraph.context, title=entry.title.replace("_", " "))
            for k, question in enumerate(paragraph.qas):
                with rows.reporting(where=f"{place}.qas[{k}]"):
                    asked = _question(_Question.model_validate(question), article_id)
                    rows.add(replace(asked, cluster=entry.title or article_id))


def _question(row: _Question, article_id: str) -> EvalQuestion:
    given = [answer for answer in row.answers if answer.text.strip()]
    answers = [] if row.is_impossible else given
    # The answers are what several people marked, nearly always in one place: the first stands for it.
    evidence = tuple(Evidence(article_id, answer.text, answer.answer_start) for answer in answers[:1])
    return EvalQuestion(
        id=str(row.id),
        question=row.question.strip(),
        answers=tuple(dict.fromkeys(answer.text for answer in answers)),
        answerable=not row.is_impossible,
        relevant_ids=() if row.is_impossible else (article_id,),
        evidence=evidence,
        kind="unanswerable" if row.is_impossible else "fact",
        article_ids=(article_id,),
    )
