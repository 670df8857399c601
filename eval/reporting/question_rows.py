"""A result as a row of a table of questions, and what is seen when it is opened."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eval.records import Result
from eval.reporting.highlighting import Source, sources
from eval.reporting.points import kind_of
from eval.reporting.verdicts import Verdict, first_rank, verdict


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answer as a person reads it. `numbers` are those of its citations."""

    result: Result
    verdict: Verdict
    sources: tuple[Source, ...]
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One row. `number` counts from 1; `scores` has one place for each score of the run, empty where undefined."""

    number: int
    kind: str
    rank: int | None
    answered: Answered
    scores: tuple[str, ...]


def question_rows(results: Iterable[Result], score_names: Sequence[str]) -> Iterator[QuestionRow]:
    """Yield a row for each result as it comes."""
    for number, result in enumerate(results, 1):
        scores = (result.scores.get(name) for name in score_names)
        yield QuestionRow(
            number=number,
            kind=kind_of(result),
            rank=first_rank(result),
            answered=answered(result),
            scores=tuple(
                "" if score is None else f"{score:g}" if score in (0, 1) else f"{score:.3f}" for score in scores
            ),
        )


def answered(result: Result) -> Answered:
    """Prepare a result to be read."""
    numbers = frozenset(citation.number for citation in result.citations)
    return Answered(result, verdict(result), sources(result.citations), numbers)
