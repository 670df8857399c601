"""LlamaIndex's LabelledRagDataset, as `LabelledRagDataset.save_json` writes it.

Its reference contexts become articles: each question is asked of all of them together and should find its own.
"""

from typing import Any

from pydantic import Field, TypeAdapter

from eval.formats.collecting import Collecting, Row
from eval.records import EvalQuestion

_LIST: TypeAdapter[list[Any]] = TypeAdapter(list[Any])


class _Example(Row):
    query: str = Field(pattern=r"\S")
    reference_contexts: list[str] | None = None
    reference_answer: str | None = None


def read_labelled_rag(examples: object, rows: Collecting) -> None:
    """Gather the questions of `examples`. They have no ids of their own: `example-<number>`, from 0, is given."""
    with rows.reporting(where="examples"):
        for number, example in enumerate(_LIST.validate_python(examples)):
            with rows.reporting(where=f"examples[{number}]"):
                rows.add(_question(_Example.model_validate(example), rows, number))


def _question(row: _Example, rows: Collecting, number: int) -> EvalQuestion:
    contexts = [context for context in row.reference_contexts or () if context.strip()]
    answer = (row.reference_answer or "").strip()
    return EvalQuestion(
        id=f"example-{number}",
        question=row.query.strip(),
        answers=(answer,) if answer else (),
        relevant_ids=tuple(dict.fromkeys(rows.article_of(text, title=_title(text)) for text in contexts)),
    )


def _title(text: str) -> str:
    """The context's first line, shortened: these passages come without titles."""
    line = text.strip().splitlines()[0]
    return line if len(line) <= 80 else line[:79] + "…"
