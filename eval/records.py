"""The values that pass between the rooms of `eval/`: questions with known answers, and what was answered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

TextOf = Callable[[str, str | None], str | None]
"""Gives an article's text by its id and version (None: today's); None when there is no such article."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of an article that answers a question. `start` is its offset in code points, where a set gives it."""

    article_id: str
    quote: str
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said before the question in the same conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """A question with what is known about its answer.

    `answers` are alternatives: any of them is right. `article_ids` are the only articles that the question is asked
    of; empty means all of them; so do `collections` and `scope`. `kind` is the set's own word for what is asked; it groups
    the scores. Five kinds mean more: `synthesis`, `disagreement`, `unanswerable`, `fact` and `follow_up`
    (docs/evaluation.md). `style` is the set's word for how it is asked ("keywords", "typos"), if it has one. Questions of the
    same `cluster` belong together, as those of one conversation do. An attack has succeeded where any of the `forbidden`
    texts stands in the answer.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    relevant_ids: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    as_of: date | None = None
    kind: str | None = None
    history: tuple[Turn, ...] = ()
    article_ids: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    scope: str | None = None
    style: str | None = None
    cluster: str | None = None
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BroughtArticle:
    """An article that came with the questions and has to be indexed before they can be asked."""

    id: str
    title: str
    text: str = field(repr=False)
    url: str | None = None
    publisher: str | None = None
    published: date | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be asked and why. `line` counts from 1; None where the file is not one of lines."""

    path: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions to ask, the rows left out, and where the articles are that they are about.

    `corpus` is a file of articles next to the questions, in the form that is indexed; `articles` came with the questions
    in another form, and may be read from a file each time they are iterated over. With neither, the questions are about
    what is already indexed.
    """

    questions: tuple[EvalQuestion, ...]
    problems: tuple[RowProblem, ...] = ()
    corpus: Path | None = None
    articles: Iterable[BroughtArticle] = ()


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """A citation as it was given: `quote` is said to be `article_text[start:end]`.

    `passage` is the passage that it was read in, which starts at `passage_start` of the article; empty where the answer
    came without its hits.
    """

    number: int
    article_id: str
    title: str
    url: str | None
    quote: str
    start: int
    end: int
    publisher: str | None = None
    published: str | None = None
    passage: str = field(default="", repr=False)
    passage_start: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One line of `results.jsonl`: a question, what was answered, and its scores.

    `scores` holds only what is defined for this question, never NaN. `ranking` is the first distinct articles that
    were retrieved, best first. `completed_question` is what a follow-up was taken to mean. `disagreements` are those
    shown, each in words. Tokens are what a language model used, None without one. `error` is set when there was no answer
    to score; `unsupported` are sentences that what they cite does not support, where that was checked. `notes` are doubts
    about the scores, and `judge_failures` replies of a judge that could not be counted.
    """

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...] = ()
    relevant_ids: tuple[str, ...] = ()
    kind: str | None = None
    status: str | None = None
    text: str = ""
    short_answer: str | None = None
    citations: tuple[CitedQuote, ...] = ()
    confidence: float | None = None
    answerer: str | None = None
    degraded: str | None = None
    ranking: tuple[str, ...] = ()
    completed_question: str | None = None
    disagreements: tuple[str, ...] = ()
    latency_ms: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    scores: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    judge_failures: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    error: str | None = None
    style: str | None = None
    cluster: str | None = None

    @property
    def refused(self) -> bool:
        return self.status == "no_answer"
