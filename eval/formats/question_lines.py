"""Rows of a question set in our own format: a JSON object a line, or what the row of a table is turned into."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from eval.formats.collecting import Collecting, Row, filled_lines
from eval.records import EvalQuestion, Evidence, Turn

_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
# A name that scores are grouped by: it has to fit a table's cell.
_Kind = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

_UNREVIEWED = 'is not reviewed yet, so it is not asked. Check it, then set "reviewed" to true or delete the row'


class _EvidenceRow(Row):
    article_id: _Said
    # Never stripped: a quote is compared with its article character by character.
    quote: Annotated[str, StringConstraints(min_length=1)]


class _TurnRow(Row):
    role: Literal["user", "assistant"]
    text: str


class _QuestionRow(Row):
    """A line of a question set. Only `question` is required; null means "not given"."""

    question: _Said
    id: _Said | int | None = None
    answers: list[_Said] | None = None
    answerable: bool | None = None
    relevant_ids: list[_Said] | None = None
    evidence: list[_EvidenceRow] | None = None
    as_of: date | None = None
    kind: _Kind | None = None
    style: _Kind | None = None
    history: list[_TurnRow] | None = None
    article_ids: list[_Said] | None = None
    collections: list[_Said] | None = None
    scope: _Said | None = None
    reviewed: bool | None = None
    cluster: _Kind | None = None
    forbidden: list[_Said] | None = None


def read_question_lines(path: Path, rows: Collecting) -> None:
    """Gather the questions of a `.jsonl` file."""
    for number, line in filled_lines(path):
        with rows.reporting(number):
            rows.add(question_from(line, number))


def question_from(line: bytes, number: int) -> EvalQuestion:
    """Read one row, given as JSON. Raises ValueError when it is malformed, contradicts itself, or is not reviewed yet."""
    row = _QuestionRow.model_validate_json(line)
    if row.reviewed is False:
        raise ValueError(_UNREVIEWED)
    if row.kind == "unanswerable" and row.answerable:
        raise ValueError("answerable: is true, but kind is 'unanswerable'")
    evidence = tuple(Evidence(e.article_id, e.quote) for e in row.evidence or ())
    # Evidence says which articles are relevant, so a set need not say it twice.
    relevant = row.relevant_ids or [e.article_id for e in evidence]
    return EvalQuestion(
        id=str(row.id) if row.id is not None else f"line-{number}",
        question=row.question,
        answers=tuple(row.answers or ()),
        answerable=row.answerable if row.answerable is not None else row.kind != "unanswerable",
        relevant_ids=tuple(dict.fromkeys(relevant)),
        evidence=evidence,
        as_of=row.as_of,
        kind=row.kind,
        history=tuple(Turn(t.role, t.text) for t in row.history or ()),
        article_ids=tuple(row.article_ids or ()),
        collections=tuple(row.collections or ()),
        scope=row.scope,
        style=row.style,
        cluster=row.cluster,
        forbidden=tuple(row.forbidden or ()),
    )
