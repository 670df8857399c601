"""The file that drafts are added to: what it asks already, and adding to it without touching what is there."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eval.drafting.draft_records import Draft
from eval.formats.collecting import filled_lines
from eval.scoring.answer_scores import normalise
from index.errors import WrongUsage


@dataclass(frozen=True, slots=True)
class Known:
    """What is asked already: questions as they are compared, and by article the quotes that they rest on."""

    questions: set[str] = field(default_factory=set)
    quotes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, question: str, evidence: Iterable[tuple[str, str]]) -> None:
        """Note a question with the articles and quotes that answer it."""
        self.questions.add(normalise(question))
        for article_id, quote in evidence:
            self.quotes[article_id].append(quote)

    def covers(self, draft: Draft) -> bool:
        """Say whether the question is known, or one that rests on the same words."""
        quotes = self.quotes.get(draft.article_id, ())
        return normalise(draft.question) in self.questions or any(q in draft.quote or draft.quote in q for q in quotes)


def known_in(path: Path) -> Known:
    """Return what a `.jsonl` file asks already, reviewed or not, and what was rejected.

    A line that cannot be read asks nothing. Raises WrongUsage when the file cannot be read.
    """
    known = Known()
    try:
        for file in (path, rejected_file(path)):
            for _, line in filled_lines(file) if file.exists() else ():
                _note(line, known)
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read ({error.strerror or error}).") from error
    return known


def rejected_file(path: Path) -> Path:
    """Return the file next to a `.jsonl` file that keeps the drafts which a person rejected."""
    return path.with_suffix(f".rejected{path.suffix}")


@contextmanager
def appending(path: Path) -> Iterator[Callable[[Draft], None]]:
    """Open a `.jsonl` file for adding drafts, each marked as not reviewed and written at once.

    Raises what `appending_rows` raises.
    """
    with appending_rows(path) as append:
        yield lambda draft: append(_row(draft))


@contextmanager
def appending_rows(path: Path) -> Iterator[Callable[[Mapping[str, object]], None]]:
    """Open a `.jsonl` file for adding rows, each written at once.

    What is in the file stays as it is, byte for byte. Raises WrongUsage when it is no `.jsonl` file or cannot be written.
    """
    if path.suffix.lower() != ".jsonl" or path.is_dir():
        raise WrongUsage(f"{path} is no .jsonl file. Drafts are lines of JSON: name a file that ends so.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _end_last_line(path)
        file = path.open("ab")
    except OSError as error:
        raise WrongUsage(f"{path} cannot be written ({error.strerror or error}). Name another file.") from error
    with file:

        def append(row: Mapping[str, object]) -> None:
            file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            # A model takes its time, and a run that is stopped keeps what it has.
            file.flush()

        yield append


def _end_last_line(path: Path) -> None:
    if path.exists() and (written := path.read_bytes()) and not written.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def _note(line: bytes, known: Known) -> None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return  # whoever checks or runs the set is told of it
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        return
    evidence = row.get("evidence")
    rows = [e for e in evidence if isinstance(e, dict)] if isinstance(evidence, list) else []
    known.add(row["question"], [(str(e.get("article_id")), str(e["quote"])) for e in rows if e.get("quote")])


def _row(draft: Draft) -> dict[str, object]:
    name = hashlib.sha256(f"{draft.article_id}\n{draft.question}".encode()).hexdigest()[:10]
    return {
        "id": f"draft-{name}",
        "question": draft.question,
        "answers": [draft.answer],
        "answerable": True,
        "relevant_ids": [draft.article_id],
        "evidence": [{"article_id": draft.article_id, "quote": draft.quote}],
        "kind": "fact",
        "reviewed": False,
    }


def ids_in(path: Path) -> set[object]:
    """Return the ids in a `.jsonl` file. A line that cannot be read has none. Raises WrongUsage when the file cannot be."""
    try:
        lines = [line for _, line in filled_lines(path)] if path.exists() else []
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read ({error.strerror or error}).") from error
    return {_id_of(line) for line in lines}


def _id_of(line: bytes) -> object:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None  # whoever checks or runs the set is told of it
    return str(row.get("id")) if isinstance(row, dict) else None
