"""What tests of evaluation share: a client that answers from a few lines, and questions for it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from eval.records import EvalQuestion, Evidence
from index.errors import ArticleUnknown, IndexMismatch
from service.upkeep_wire import IndexReportWire, StatusResponse
from service.wire import ArticleResponse, ArticlesResponse, AskRequest, AskResponse, SearchRequest, SearchResponse

QUOTE = "Amazon invests $5 billion now."


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
        refused = "refuse" in request.question
        place = {
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
        sentence = {"text": QUOTE, "start": 0, "end": len(QUOTE) + 4, "citations": [1], "support": "verified"}
        return AskResponse.model_validate(
            {
                "id": "ans_1",
                "conversation_id": None,
                "question": request.question,
                "completed_question": None,
                "status": "no_answer" if refused else "answered",
                "short_answer": None,
                "text": "The articles do not say." if refused else f"{QUOTE} [1]",
                "sentences": [] if refused else [sentence],
                "citations": [] if refused else [place | {"number": 1, "quote": QUOTE, "page": None}],
                "disagreements": [],
                "nearest": [],
                "preferences": {},
                "answerer": "extractive",
                "confidence": 0.1 if refused else 0.9,
                "degraded": None,
                "usage": None,
                "timings_ms": {"retrieve": 1.0, "answer": 1.0, "total": 2.0},
                "hits": [place | {"text": QUOTE, "dense": 0.9, "lexical": 0.9}] if request.include_hits else None,
            }
        )

    def search(self, request: SearchRequest) -> SearchResponse:
        raise NotImplementedError

    def articles(self, *, after: str | None = None, limit: int = 100) -> ArticlesResponse:
        raise NotImplementedError

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        if article_id != "a" or version not in (None, "v1"):
            raise ArticleUnknown(article_id)
        return ArticleResponse(
            id="a",
            version="v1",
            title="A",
            publisher=None,
            published=None,
            url=None,
            authors=[],
            language=None,
            format="text",
            text=QUOTE,
            current=True,
        )

    def status(self) -> StatusResponse:
        return StatusResponse(
            articles=self.count,
            passages=1,
            model="m",
            fingerprint="f",
            last_sync=None,
            data_dir="d",
            answerer="extractive",
        )

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
        return IndexReportWire(
            added=1,
            updated=0,
            renamed=0,
            unchanged=0,
            deleted=0,
            skipped=[],
            failed=[],
            warnings=[],
            articles=1,
            passages=1,
            seconds=0.1,
        )

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
