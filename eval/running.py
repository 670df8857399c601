"""What `footnote eval run` does: opens what is asked, runs the set, and writes everything that is made of the results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.asking import Answering, answering_by
from eval.cost import Tokens, predicted, prices_of
from eval.datasets import read_questions
from eval.opening import asked_of, opened, without_history_of
from eval.records import EvalQuestion, QuestionSet
from eval.results import Report
from eval.run import Course, run
from eval.scoring.claims import ClaimCheck, opened_check
from eval.scoring.clusters import By, clustered
from eval.scoring.judging import judge_from
from index.errors import WrongUsage
from service.answer.pipeline import EXTRACTIVE
from service.settings import Settings, load_settings

if TYPE_CHECKING:
    from eval.against.opening import Other
    from eval.compare import Comparison


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of what: a question set, other articles in place of its own, and another system in place of Footnote.

    `judged`: by the judge of the settings, if they have one.
    """

    dataset: Path
    corpus: Path | None = None
    other: "Other | None" = None
    without_history: bool = False
    cluster_by: By = "set"
    claims: bool = False
    judged: bool = True


def run_into(folder: Path, asked: Asked, course: Course, warn: Callable[[str, list[str]], None]) -> Report:
    """Run a question set into a folder. `warn` is given what could not be read, as a title and lines.

    Raises what `run` raises, SystemUnusable where another system does not answer.
    """
    settings = load_settings()
    judge = judge_from(settings) if asked.judged else None
    questions = asked_of(read_questions(asked.dataset), asked.corpus)
    questions = without_history_of(questions) if asked.without_history else questions
    questions = replace(questions, questions=clustered(questions.questions, asked.cluster_by))
    warn("Rows that are not asked", [str(problem) for problem in questions.problems])
    prices = prices_of(settings)
    with _opened(asked, questions, settings) as (answering, left_out), _check(asked, settings) as check:
        warn("Articles that could not be read", left_out)
        tokens = _predicted(questions.questions[: course.limit], answering, settings)
        expected = tokens.in_words(prices) if tokens else None
        warn("Predicted of the language model", [expected] if expected else [])
        recorded = _recorded(asked, course, settings)
        course = replace(course, judge=judge, check=check, settings=recorded, predicted=expected, prices=prices)
        return run(questions, answering, folder, course)


def predict(asked: Asked, limit: int | None) -> str:
    """Say what asking a question set would take of the language model, without asking it.

    Raises WrongUsage where no language model would answer, and what opening an index raises.
    """
    settings = load_settings()
    questions = asked_of(read_questions(asked.dataset), asked.corpus)
    with _opened(asked, questions, settings) as (answering, _):
        tokens = _predicted(questions.questions[:limit], answering, settings)
    if tokens is None:
        raise WrongUsage(
            "No language model of Footnote's would answer. Set FOOTNOTE_LLM_PROVIDER, and leave out --against."
        )
    return f"{len(questions.questions[:limit])} questions: about {tokens.in_words(prices_of(settings))}"


def _predicted(questions: Sequence[EvalQuestion], answering: Answering, settings: Settings) -> Tokens | None:
    if answering.search is None or answering.depends_on.get("answerer") == EXTRACTIVE:
        return None
    return predicted(questions, answering.search, settings)


def new_folder(dataset: Path) -> Path:
    """Return a folder for a run in the data folder, named after the question set and the time."""
    return load_settings().data_dir / "eval" / "runs" / f"{dataset.stem}-{datetime.now():%Y%m%d-%H%M%S}"


def write_all(report: Report, folder: Path, baseline: Path | None, comparison: "Comparison | None") -> None:
    """Write the page, the summary and the list of tests of a run and, where there is a baseline, the comparison with it."""
    from eval.reporting.comparison_page import write_comparison_page
    from eval.reporting.junit import write_junit
    from eval.reporting.page import write_page
    from eval.reporting.summary import write_summary

    write_page(report, folder)
    write_summary(report, folder, comparison)
    write_junit(report, folder)
    if baseline and comparison:
        write_comparison_page(comparison, baseline, folder)


@contextmanager
def _opened(asked: Asked, questions: QuestionSet, settings: Settings) -> Iterator[tuple[Answering, list[str]]]:
    if asked.other:
        from eval.against.opening import opened_other

        with opened_other(asked.other, questions, settings) as (answering, unread):
            yield answering, unread
        return
    with opened(questions, asked.dataset, settings) as (client, left_out):
        yield answering_by(client), left_out


@contextmanager
def _check(asked: Asked, settings: Settings) -> Iterator[ClaimCheck | None]:
    if not asked.claims:
        yield None
        return
    with opened_check(settings) as check:
        yield check


def _recorded(asked: Asked, course: Course, settings: Settings) -> dict[str, Any]:
    """Return what the report says of how the run was made. Footnote's own settings mean nothing for another system."""
    named = {"dataset": str(asked.dataset), "corpus": asked.corpus and str(asked.corpus), "limit": course.limit}
    named |= {"without_history": True} if asked.without_history else {}
    if asked.other:
        return named | asked.other.recorded
    secret = {"llm_api_key", "judge_api_key", "against_api_key"}
    return named | settings.model_dump(mode="json", exclude=secret)
