"""What tests of evaluation share: a client that answers from a few lines, and questions for it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eval.records import EvalQuestion, Evidence
from index.errors import ArticleUnknown, IndexMismatch
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskRequest,
    AskResponse,
    HitWire,
    SearchRequest,
    SearchResponse,
)
from service.schemas.maintenance import IndexReportWire, StatusResponse
from tests.fake_assistant import ARTICLE, INDEXED, STATUS, answer, answered, citation

QUOTE = "Amazon invests $5 billion now."
PLACE: dict[str, Any] = {
    "passage_id": "p1",
    "article_id": "a",
    "article_version": "v1",
    "title": "A",
    "publisher": None,
    "published": None,
    "url": None,
    "start": 0,
    "end": len(QUOTE),
    "score": 0.9,
}


class FakeClient:
    """Finds article "a" for every question; answers with its only sentence what it does not refuse or fail at."""

    def __init__(self) -> None:
        self.asked: list[AskRequest] = []
        self.indexed: list[str] = []
        self.count = 1

    def ask(self, request: AskRequest) -> AskResponse:
        self.asked.append(request)
        if "boom" in request.question:
            raise RuntimeError("the model is gone")
        if "mismatch" in request.question:
            raise IndexMismatch("made by another model")
        cited = citation(1, **PLACE | {"quote": QUOTE})
        refused = "refuse" in request.question
        said = answer() if refused else answered(QUOTE, citations=[cited])
        hit = HitWire.model_validate(PLACE | {"text": QUOTE, "dense": 0.9, "lexical": 0.9})
        return said.model_copy(update={"question": request.question, "hits": [hit] if request.include_hits else None})

    def search(self, request: SearchRequest) -> SearchResponse:
        raise NotImplementedError

    def articles(self, *, after: str | None = None, limit: int = 100) -> ArticlesResponse:
        raise NotImplementedError

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        if article_id != "a" or version not in (None, "v1"):
            raise ArticleUnknown(article_id)
        return ARTICLE.model_copy(update={"id": "a", "version": "v1", "text": QUOTE})

    def status(self) -> StatusResponse:
        return STATUS.model_copy(update={"articles": self.count})

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        prune: bool = False,
        prune_limit: float = 0.2,
        dry_run: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> IndexReportWire:
        assert (prune, prune_limit, dry_run) == (True, 1.0, False)
        self.indexed += [Path(path).read_text(encoding="utf-8") for path in paths]
        return INDEXED

    def delete(self, article_ids: Sequence[str]) -> None:
        raise NotImplementedError


RIGHT = EvalQuestion(
    "right", "How much?", ("$5 billion",), relevant_ids=("a",), evidence=(Evidence("a", QUOTE),), kind="fact"
)
QUESTIONS = (
    RIGHT,
    EvalQuestion("refused", "refuse?", ("$5 billion",), relevant_ids=("a",), kind="fact"),
    EvalQuestion("boom", "boom?", ("$5 billion",), relevant_ids=("a",), kind="synthesis"),
    EvalQuestion("unanswerable", "refuse!", answerable=False, kind="unanswerable"),
)
