"""Gathers a question set while it is read: what is right is kept, what is wrong is reported with its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.records import BroughtArticle, EvalQuestion, QuestionSet, RowProblem


class Row(BaseModel):
    """Base of the shapes of rows: keys that we do not know are ignored; a number is never taken for a text."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Collecting:
    """Questions, articles and problems of one file, in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._questions: dict[str, EvalQuestion] = {}
        self._articles: dict[str, BroughtArticle] = {}
        self._problems: list[RowProblem] = []

    @contextmanager
    def reporting(self, line: int | None = None, *, where: str = "") -> Iterator[None]:
        """Report a row that cannot be read, by its line or its place in the file, and go on with the next."""
        try:
            yield
        except ValueError as error:
            message = _explain(error) if isinstance(error, ValidationError) else str(error)
            self._problems.append(RowProblem(self._path, line, f"{where}: {message}" if where else message))

    def add(self, question: EvalQuestion) -> None:
        """Keep a question. Raises ValueError when its id is taken: results are told apart by it."""
        if question.id in self._questions:
            raise ValueError(f"the id {question.id!r} is taken by an earlier question")
        self._questions[question.id] = question

    def article_of(self, text: str, *, title: str) -> str:
        """Keep a passage as an article and return its id. The same text is the same article, however often it comes."""
        article = BroughtArticle(f"article-{len(self._articles) + 1:05d}", title, text)
        return self._articles.setdefault(text, article).id

    def question_set(self, *, corpus: Path | None = None) -> QuestionSet:
        """Return what was gathered."""
        questions, articles = tuple(self._questions.values()), tuple(self._articles.values())
        return QuestionSet(questions, tuple(self._problems), corpus, articles)


def _explain(error: ValidationError) -> str:
    reasons = []
    for reason in error.errors(include_url=False):
        # A row is one line, so the JSON reader's "line 1" would contradict the line that is reported.
        message = reason["msg"].replace(" at line 1 column ", " at column ")
        place = ".".join(str(part) for part in reason["loc"])
        reasons.append(f"{place}: {message}" if place else message)
    return "; ".join(reasons)
