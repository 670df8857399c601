"""Asks a sample of question sets of each contender, into a folder where a run that was cut off goes on; and the table."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median

from eval.datasets import read_questions
from eval.language_model.contenders import CONTENDERS, CountedModel
from eval.opening import opened
from eval.outcomes import MEASURES, outcome_shares, shown
from eval.records import EvalQuestion, QuestionSet, Result
from eval.results import read_results
from eval.run import Course, run
from index.errors import LanguageModelFailed
from service.client import Client, LocalClient
from service.schemas.api import AskRequest, AskResponse
from service.settings import Settings

CALLS_FILE = "calls.jsonl"
_HEADS = (
    "| answers | right | wrong | wrongly refused | rightly refused | seconds, median | calls, mean | tokens read, median |\n"
    "|---|---|---|---|---|---|---|---|"
)
# Bytes of English a token, where the server does not count.
_BYTES_A_TOKEN = 4

Tokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Sample:
    """So many questions with an answer and without one, over all kinds alike, drawn with a seed."""

    answerable: int
    unanswerable: int
    seed: int = 0

    def of(self, question_set: QuestionSet) -> QuestionSet:
        """Return the set with the questions that are drawn, in their order."""
        asked = question_set.questions
        drawn = {
            question.id
            for most, answerable in ((self.answerable, True), (self.unanswerable, False))
            for question in _over_kinds([q for q in asked if q.answerable is answerable], self.seed)[:most]
        }
        return replace(question_set, questions=tuple(question for question in asked if question.id in drawn))


def _over_kinds(questions: Sequence[EvalQuestion], seed: int) -> list[EvalQuestion]:
    """Return the questions in an order of which each beginning has its share of every kind."""
    drawing = random.Random(seed)
    kinds: dict[str, list[EvalQuestion]] = defaultdict(list)
    for question in questions:
        kinds[question.kind or ""].append(question)
    places: list[tuple[float, float, EvalQuestion]] = []
    for kind in sorted(kinds):
        drawing.shuffle(kinds[kind])
        share = 1 / len(kinds[kind])
        places.extend(((at + 0.5) * share, drawing.random(), one) for at, one in enumerate(kinds[kind]))
    return [question for _, _, question in sorted(places, key=lambda place: place[:2])]


@dataclass(frozen=True, slots=True)
class _Noted(LocalClient):
    """A client that writes down what the model was told and said for each question."""

    inner: Client
    model: CountedModel
    path: Path
    tokens: Tokens

    def ask(self, request: AskRequest) -> AskResponse:
        self.model.calls.clear()
        self.model.fault = None
        response = self.inner.ask(request)
        if self.model.fault:
            # What Footnote does without its server is not what is measured. The question is asked again in the next run.
            raise LanguageModelFailed(f"The language model failed: {self.model.fault!r}") from self.model.fault
        calls = [{"told": told, "said": said, "tokens": self.tokens(told)} for told, said in self.model.calls]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"question": request.question, "calls": calls}, ensure_ascii=False) + "\n")
        return response


def measure(
    dataset: Path, name: str, *, sample: Sample, settings: Settings, model: CountedModel, out: Path, tokens: Tokens
) -> None:
    """Ask a sample of a question set of one contender, as far as it was not asked yet.

    Raises WrongUsage when the folder holds a run of other questions or another model.
    """
    questions = sample.of(read_questions(dataset))
    offline = settings.model_copy(update={"llm_provider": "none"})
    with opened(questions, dataset, offline) as (client, _):
        assert isinstance(client, LocalClient), "no service has the data folder open"
        out.mkdir(parents=True, exist_ok=True)
        asked = CONTENDERS[name](client, settings, model)
        noted = _Noted(client.assistant, asked, model, out / CALLS_FILE, tokens)
        depends_on = {"dataset": dataset.name, "answers": name, "model": settings.llm_model}
        run(questions, noted, out, Course(workers=1, resume=True, settings=depends_on))


def table(runs: Mapping[str, Sequence[Path]]) -> str:
    """Return a Markdown table with a line for each contender, over its runs."""
    return "\n".join([_HEADS, *(_line(name, folders) for name, folders in runs.items())])


def _line(name: str, folders: Sequence[Path]) -> str:
    results = [result for folder in folders for result in read_results(folder)]
    shares = outcome_shares(results)
    cells = [shown(shares[measure]) if measure in shares else "" for measure in MEASURES]
    seconds = median(result.latency_ms or 0.0 for result in results) / 1000
    calls = calls_of(folders, results)
    read = median(sum(call["tokens"] for call in of_one) for of_one in calls)
    return f"| {name} | {' | '.join(cells)} | {seconds:.1f} | {mean(map(len, calls)):.2f} | {read:.0f} |"


def calls_of(folders: Sequence[Path], results: Sequence[Result]) -> list[list[dict[str, int]]]:
    """Return the calls for each question that did not end in an error: those of the last time that it was asked."""
    lines = [json.loads(line) for folder in folders for line in (folder / CALLS_FILE).read_text("utf-8").splitlines()]
    by_question = {line["question"]: line["calls"] for line in lines}
    return [by_question[result.question] for result in results if result.question in by_question]


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return len(text.encode()) // _BYTES_A_TOKEN
