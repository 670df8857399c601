"""The same answers from a folder and from servers: `python -m tests.compare_backends DATA_DIR QUESTIONS`.

Moves a copy of a data folder to a PostgreSQL database and a Chroma server, which are started for this, and asks each question
of both in turn. Prints which answers and hits differ, by how much their scores do, and how long both took.
"""

import argparse
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from eval.asking import request_for
from eval.datasets import read_questions
from eval.records import EvalQuestion
from index.records import EVERYTHING
from index.stores.ownership import Owner
from service.assistant import LocalAssistant
from service.auth.askers import Asker
from service.local import open_assistant
from service.maintenance.migration import migrate
from service.schemas.api import AskResponse, HitWire, SearchRequest
from service.settings import Settings
from tests.servers import running_chroma, running_postgresql
from tests.service_fixtures import settings_for

_WARMING = 5
_HITS = 50
_OF_EACH_ANSWER = {"id", "conversation_id", "timings_ms"}
# Reads all, so that all scores are shown. Not the owner, whose answers are not stored.
_ASKER = Asker("measuring", EVERYTHING)


@dataclass
class Side:
    """What one of the two answered, and how long each question took it, in seconds."""

    assistant: LocalAssistant
    answers: list[AskResponse] = field(default_factory=list)
    hits: list[list[HitWire]] = field(default_factory=list)
    answering: list[float] = field(default_factory=list)
    searching: list[float] = field(default_factory=list)

    def ask(self, question: EvalQuestion) -> None:
        """Search for a question, then answer it."""
        request = request_for(question)
        search = SearchRequest(question=request.question, filters=request.filters, as_of=request.as_of, limit=_HITS)
        started = perf_counter()
        self.hits.append(self.assistant.search(search, EVERYTHING).hits)
        searched = perf_counter()
        self.answers.append(self.assistant.ask(request, _ASKER))
        self.searching.append(searched - started)
        self.answering.append(perf_counter() - searched)


@contextmanager
def both(data_dir: Path) -> Iterator[tuple[Side, Side]]:
    """Open a copy of a data folder, and what `footnote migrate` made of it on servers."""
    with (
        TemporaryDirectory() as name,
        running_postgresql() as postgresql,
        running_chroma() as chroma,
        ExitStack() as stack,
    ):
        folder = settings_for(shutil.copytree(data_dir, Path(name) / "folder"))
        database = postgresql.database("compared")
        started = perf_counter()
        migrate(folder, database.get_secret_value(), chroma_url=chroma.url)
        print(f"moved to servers in {perf_counter() - started:.1f} s", flush=True)
        servers = settings_for(Path(name) / "node", database_url=database, chroma_url=chroma.url)

        def opened(settings: Settings) -> Side:
            owner = Owner(os.getpid(), "comparing")
            return Side(stack.enter_context(open_assistant(settings, owner, with_history=True)))

        yield opened(folder), opened(servers)


def ask_both(sides: tuple[Side, Side], questions: Sequence[EvalQuestion]) -> None:
    """Ask each question of both, the one that is asked first changing each time."""
    for side in sides:
        side.assistant.ready()
    for number, question in enumerate(questions):
        for side in sides if number % 2 else sides[::-1]:
            side.ask(question)
        if number % 100 == 99:
            print(f"{number + 1} of {len(questions)}", flush=True)


def report(folder: Side, servers: Side) -> None:
    """Print what differs, and how long both took."""
    answers = [(one, other) for one, other in zip(folder.answers, servers.answers, strict=True)]
    differing = [one.question for one, other in answers if _said(one) != _said(other)]
    hits = list(zip(folder.hits, servers.hits, strict=True))
    print(f"{len(answers)} questions; answers that differ, with their hits and scores: {len(differing)}")
    print(f"lists of {_HITS} hits that differ in a passage, their order or a score: {sum(a != b for a, b in hits)}")
    for question in differing:
        print(f"  {question}")
    print(f"largest difference of a score: {max((_apart(a, b) for a, b in hits), default=0.0)}")
    for what in ("answering", "searching"):
        one, other = (median(getattr(side, what)[_WARMING:]) * 1000 for side in (folder, servers))
        print(f"{what}, median of {len(answers) - _WARMING}: {one:.1f} -> {other:.1f} ms, {other / one:.2f} times")


def _said(answer: AskResponse) -> AskResponse:
    return answer.model_copy(update=dict.fromkeys(_OF_EACH_ANSWER))


def _apart(ours: Sequence[HitWire], theirs: Sequence[HitWire]) -> float:
    """Return the largest difference between the scores of the same passage."""
    scores = {hit.passage_id: hit.score for hit in theirs}
    return max((abs(hit.score - scores[hit.passage_id]) for hit in ours if hit.passage_id in scores), default=0.0)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("questions", type=Path)
    given = parser.parse_args()
    with both(given.data_dir) as sides:
        ask_both(sides, read_questions(given.questions).questions)
        report(*sides)


if __name__ == "__main__":
    main()
