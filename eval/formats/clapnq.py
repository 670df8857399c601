"""CLAPNQ: questions with one passage each, long answers, and the sentences that they were written from.

Rosenthal et al., "CLAPNQ: Cohesive Long-form Answers from Passages in Natural Questions for RAG systems", TACL 2025;
layout: https://github.com/primeqa/clapnq.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from eval.formats.collecting import Collecting, Row, filled_lines
from eval.records import EvalQuestion, Evidence

FILES = "*answerable.jsonl"


class _Passage(Row):
    text: str = Field(pattern=r"\S")
    title: str = ""


class _Output(Row):
    answer: str | None = None
    selected_sentences: list[str] | None = None


class _Question(Row):
    id: str | int
    input: str = Field(pattern=r"\S")
    passages: list[_Passage] = Field(min_length=1)
    output: list[_Output]


class _Layout(Row):
    """What tells these rows from those of other sets."""

    input: str
    passages: list[object]


def is_clapnq(file: Path) -> bool:
    """Say whether the first line of a file that can be read at all is laid out like CLAPNQ's."""
    for _, line in filled_lines(file):
        try:
            _Layout.model_validate_json(line)
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] != "json_invalid":
                return False
        else:
            return True
    return False


def read_clapnq(files: Sequence[Path], rows: Collecting) -> None:
    """Gather the questions of these files, each restricted to its own passage, which becomes an article.

    Evidence is every sentence that one of the annotators used; a question that nobody answered has no answer.
    """
    for file in files:
        for number, line in filled_lines(file):
            with rows.reporting(number, path=file):
                _add(_Question.model_validate_json(line), rows)


def _add(row: _Question, rows: Collecting) -> None:
    article_ids = tuple(rows.article_of(passage.text, title=passage.title) for passage in row.passages)
    answers = tuple(dict.fromkeys(filter(None, ((output.answer or "").strip() for output in row.output))))
    evidence = tuple(_evidence(row, article_ids)) if answers else ()
    rows.add(
        EvalQuestion(
            id=str(row.id),
            question=row.input.strip(),
            answers=answers,
            answerable=bool(answers),
            relevant_ids=tuple(dict.fromkeys(e.article_id for e in evidence)) or (article_ids if answers else ()),
            evidence=evidence,
            # Long answers put several sentences together.
            kind="synthesis" if answers else "unanswerable",
            article_ids=tuple(dict.fromkeys(article_ids)),
            cluster=next((passage.title for passage in row.passages), None) or None,
        )
    )


def _evidence(row: _Question, article_ids: Sequence[str]) -> Iterator[Evidence]:
    chosen = dict.fromkeys(
        sentence for output in row.output for sentence in output.selected_sentences or () if sentence.strip()
    )
    for sentence in chosen:
        holding = (id for id, passage in zip(article_ids, row.passages, strict=True) if sentence in passage.text)
        # A sentence that stands nowhere stays, so that checking the set can name it.
        yield Evidence(next(holding, article_ids[0]), sentence)
