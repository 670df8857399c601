"""Drafts before a person: a page to accept, mend or reject them by keyboard, and its decisions put into the question set."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.drafting.draft_file import rejected_file
from eval.formats.collecting import filled_lines
from eval.formats.question_lines import question_from
from eval.reporting.pages import write_from
from eval.results import written_whole
from index.control_characters import visible_controls
from index.errors import WrongUsage


class _Decision(BaseModel):
    """A line that the page saves. Without a `decision` the draft was looked at and left open."""

    model_config = ConfigDict(extra="ignore", strict=True)

    key: str
    question: str
    answers: list[str]
    answerable: bool
    decision: Literal["accept", "reject"] | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of decisions: how many drafts were accepted and rejected, and why others were not."""

    accepted: int
    rejected: int
    problems: tuple[str, ...]


def write_review_page(path: Path, out: Path) -> int:
    """Write a page with the drafts of a `.jsonl` file, and return how many there are.

    Raises WrongUsage where the file cannot be read or nothing in it waits for review, or `out` cannot be written.
    """
    items = [_item(line, row) for line in _lines(path) if (row := _draft(line)) is not None]
    if not items:
        raise WrongUsage(f"Nothing in {path} waits for review. `footnote eval draft` proposes questions.")
    try:
        write_from("review.html", out, code=("review.js", "deck.js"), items=items)
    except OSError as error:
        raise WrongUsage(f"{out} cannot be written ({error.strerror}). Name another file with --out.") from error
    return len(items)


def apply_reviews(path: Path, decisions: Path) -> Applied:
    """Put decisions into a `.jsonl` file: accepted drafts are asked from now on, rejected ones go to a file beside it.

    All other lines stay as they are. Decisions about lines that have changed since are left out and told. Raises WrongUsage
    where a file cannot be read, or a line is no decision.
    """
    decided = _decisions(decisions)
    lines, known = _lines(path), {key_of(line) for line in _lines(path)}
    gone = (one.question for key, one in decided.items() if key not in known)
    problems = [f"{question}: its draft is not in {path} any more, or has changed" for question in gone]
    rejected = [line for line in lines if _decision(line, decided) == "reject"]
    kept: list[bytes] = []
    accepted = 0
    for line in lines:
        if _decision(line, decided) == "accept":
            try:
                line, accepted = _accepted(line, decided[key_of(line)]), accepted + 1
            except ValueError as error:
                problems.append(f"{decided[key_of(line)].question}: is no question of a set: {error}")
        kept.append(line)
    _add(rejected_file(path), rejected)
    with written_whole(path) as file:
        file.writelines(line + b"\n" for line in kept if line not in rejected)
    return Applied(accepted, len(rejected), tuple(problems))


def key_of(line: bytes) -> str:
    """Return what names a draft: a hash of its line."""
    return hashlib.sha256(line).hexdigest()[:20]


def _lines(path: Path) -> list[bytes]:
    try:
        return [line for _, line in filled_lines(path)]
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read ({error.strerror}).") from error


def _draft(line: bytes) -> dict[str, Any] | None:
    """Return a row that waits for review. Others are reported when the set is checked or run."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    waits = isinstance(row, dict) and row.get("reviewed") is False and isinstance(row.get("question"), str)
    return row if waits else None


def _item(line: bytes, row: Mapping[str, Any]) -> dict[str, Any]:
    evidence = [one for one in row.get("evidence") or () if isinstance(one, dict)]
    notes = row.get("notes")
    return {
        "key": key_of(line),
        "question": visible_controls(row["question"]),
        "answers": [visible_controls(str(answer)) for answer in row.get("answers") or ()],
        "answerable": row.get("answerable", row.get("kind") != "unanswerable"),
        "evidence": [
            {name: visible_controls(str(one.get(name, ""))) for name in ("article_id", "quote")} for one in evidence
        ],
        "notes": visible_controls(json.dumps(notes, ensure_ascii=False)) if notes else "",
    }


def _decisions(path: Path) -> dict[str, _Decision]:
    found = {}
    for number, line in enumerate(_lines(path), 1):
        try:
            decision = _Decision.model_validate_json(line)
        except ValidationError as error:
            raise WrongUsage(f"{path}:{number} is no decision: {error.errors()[0]['msg']}.") from error
        found[decision.key] = decision
    return found


def _decision(line: bytes, decided: Mapping[str, _Decision]) -> str | None:
    one = decided.get(key_of(line))
    return one.decision if one and _draft(line) is not None else None


def _accepted(line: bytes, decision: _Decision) -> bytes:
    """Return a draft as a question that is asked. Raises ValueError where it would be none."""
    row = _draft(line) or {}
    mended = {"question": decision.question, "answers": decision.answers, "answerable": decision.answerable}
    written = json.dumps(row | mended | {"reviewed": True}, ensure_ascii=False).encode()
    question_from(written, 1)
    return written


def _add(path: Path, lines: list[bytes]) -> None:
    """Add the lines that a file does not have yet: the same decisions may be applied twice."""
    there = set(_lines(path)) if path.exists() else set()
    if new := [line for line in lines if line not in there]:
        with path.open("ab") as file:
            file.writelines(line + b"\n" for line in new)
