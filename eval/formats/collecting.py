"""Gathers a question set while it is read: what is right is kept, what is wrong is reported with its place."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.records import BroughtArticle, EvalQuestion, QuestionSet, RowProblem


class Row(BaseModel):
    """Base of the shapes of rows: keys that we do not know are ignored; a number is never taken for a text."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Collecting:
    """Questions, articles and problems of one question set, in order. `path` is where rows come from by default."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._questions: dict[str, EvalQuestion] = {}
        self._articles: dict[str, BroughtArticle] = {}
        self._problems: list[RowProblem] = []

    @contextmanager
    def reporting(self, line: int | None = None, *, where: str = "", path: Path | None = None) -> Iterator[None]:
        """Report a row that cannot be read, by its line or its place in the file, and go on with the next."""
        try:
            yield
        except ValueError as error:
            message = _explain(error)
            self.report(f"{where}: {message}" if where else message, line=line, path=path)

    def report(self, message: str, *, line: int | None = None, path: Path | None = None) -> None:
        """Note a row that cannot be asked."""
        self._problems.append(RowProblem(path or self._path, line, message))

    def add(self, question: EvalQuestion) -> None:
        """Keep a question. Raises ValueError when its id is taken, since it identifies results."""
        quotes = (evidence.quote for evidence in question.evidence)
        _check_encodable(question.id, question.question, *question.answers, *quotes)
        if question.id in self._questions:
            raise ValueError(f"the id {question.id!r} is taken by an earlier question")
        self._questions[question.id] = question

    def article_of(self, text: str, *, title: str) -> str:
        """Keep a passage as an article and return its id. The same text is the same article, however often it comes."""
        return self.article(BroughtArticle("", title, text), key=text)

    def article(self, article: BroughtArticle, *, key: str) -> str:
        """Keep an article under an id of ours, which is returned. The same key is the same article."""
        _check_encodable(article.title, article.text, article.url or "", article.publisher or "", *article.authors)
        numbered = replace(article, id=f"article-{len(self._articles) + 1:05d}")
        return self._articles.setdefault(key, numbered).id

    def question_set(
        self, *, corpus: Path | None = None, articles: Iterable[BroughtArticle] | None = None
    ) -> QuestionSet:
        """Return what was gathered. `articles` take the place of those that were kept one by one."""
        brought = tuple(self._articles.values()) if articles is None else articles
        return QuestionSet(tuple(self._questions.values()), tuple(self._problems), corpus, brought)


def filled_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their number, from 1. Bytes, so that a line that is not UTF-8 spoils only itself."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(b"\xef\xbb\xbf").strip()
            if line:
                yield number, line


def _check_encodable(*texts: str) -> None:
    # JSON can write half a surrogate pair, which no file of ours could hold.
    for text in texts:
        text.encode()


def _explain(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8: byte {error.start} does not decode"
    if isinstance(error, UnicodeEncodeError):
        return f"holds half a surrogate pair at character {error.start}, which is no text"
    return _explain_fields(error) if isinstance(error, ValidationError) else str(error)


def _explain_fields(error: ValidationError) -> str:
    reasons = []
    for reason in error.errors(include_url=False):
        # A row is one line, so the JSON reader's "line 1" would contradict the line that is reported.
        message = reason["msg"].replace(" at line 1 column ", " at column ")
        place = ".".join(str(part) for part in reason["loc"])
        reasons.append(f"{place}: {message}" if place else message)
    return "; ".join(reasons)
