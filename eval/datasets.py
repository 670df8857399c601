"""Question sets to questions. A wrong row is reported with its line; the rest is asked."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from eval.collecting import Collecting, Row
from eval.labelled_rag import read_labelled_rag
from eval.records import EvalQuestion, Evidence, QuestionSet, Turn
from eval.squad import read_squad
from index.errors import WrongUsage

QUESTIONS_FILE = "questions.jsonl"
CORPUS_NAMES = ("corpus.jsonl", "corpus")

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _EvidenceRow(Row):
    article_id: Said
    # Never stripped: a quote is compared with its article character by character.
    quote: Annotated[str, StringConstraints(min_length=1)]


class _TurnRow(Row):
    role: Said
    text: str


class _QuestionRow(Row):
    """A line of a question set. Only `question` is required; null means "not given"."""

    question: Said
    id: Said | int | None = None
    answers: list[Said] | None = None
    answerable: bool | None = None
    relevant_ids: list[Said] | None = None
    evidence: list[_EvidenceRow] | None = None
    as_of: date | None = None
    kind: Literal["fact", "synthesis", "disagreement", "unanswerable", "follow_up"] | None = None
    history: list[_TurnRow] | None = None
    article_ids: list[Said] | None = None


def read_questions(path: Path) -> QuestionSet:
    """Read a question set: a `.jsonl` or `.json` file, or a folder with `questions.jsonl`.

    A folder may hold its articles too: `corpus.jsonl`, or a folder `corpus`.

    `.json` files are SQuAD's or LlamaIndex's. Raises WrongUsage when there is no question file of a known kind.
    """
    beside = [path / name for name in CORPUS_NAMES] if path.is_dir() else []
    file = path / QUESTIONS_FILE if path.is_dir() else path
    if not file.is_file():
        raise WrongUsage(f"{file} does not exist. Name a folder with {QUESTIONS_FILE}, a .jsonl or a .json file.")
    if file.suffix.lower() == ".json":
        return _read_json(file)
    if file.suffix.lower() != ".jsonl":
        raise WrongUsage(f"{file} is no question set. Name a folder with {QUESTIONS_FILE}, a .jsonl or a .json file.")
    rows = Collecting(file)
    for number, line in _filled_lines(file):
        with rows.reporting(number):
            rows.add(_question(line, number))
    return rows.question_set(corpus=next((corpus for corpus in beside if corpus.exists()), None))


def _filled_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their number, from 1. Bytes, so that a line that is not UTF-8 spoils only itself."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(b"\xef\xbb\xbf").strip()
            if line:
                yield number, line


def _question(line: bytes, number: int) -> EvalQuestion:
    """Read one line. Raises ValueError when it is malformed or contradicts itself."""
    row = _QuestionRow.model_validate_json(line)
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
    )


def _read_json(path: Path) -> QuestionSet:
    """Read a file of SQuAD or LlamaIndex. Raises WrongUsage when it is no JSON, or neither of them."""
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"{path} is not JSON: {error}") from error
    rows = Collecting(path)
    keys = content.keys() if isinstance(content, dict) else ()
    if "data" in keys:
        read_squad(content["data"], rows)
    elif "examples" in keys:
        read_labelled_rag(content["examples"], rows)
    else:
        raise WrongUsage(f"{path} is neither SQuAD (`data`) nor a LlamaIndex LabelledRagDataset (`examples`).")
    return rows.question_set()
