"""An assistant that answers from memory, for tests of the HTTP edge."""

import threading
from collections.abc import Callable, Generator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from index.records import Access, Span
from service.auth.askers import Asker
from service.history.store import Through
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    AskResponse,
    CitationWire,
    CollectionsResponse,
    CollectionWire,
    HitsEvent,
    PreferencesWire,
    PublishersResponse,
    PublisherWire,
    SearchRequest,
    SearchResponse,
    SentenceEvent,
    SentenceWire,
    TimingsWire,
)
from service.schemas.conflicts import ConflictsRequest, ConflictsResponse
from service.schemas.explaining import ExplainResponse
from service.schemas.maintenance import (
    BackupResponse,
    CheckRequest,
    CheckResponse,
    IndexReportWire,
    RebuildResponse,
    StatusResponse,
)
from tests.service_fixtures import BACKED_UP, CHECKED, REBUILT, KeepsNothing

ARTICLE = ArticleResponse(
    id="reports/2026/Q1 #1?.v2",
    version="sha256:1",
    title="A title",
    publisher=None,
    published=date(2026, 4, 24),
    url=None,
    authors=[],
    language=None,
    format="text",
    text="😀 It rained.",
    current=True,
)
STATUS = StatusResponse(
    articles=1, passages=2, model="m", fingerprint="f", last_sync=None, data_dir="/data", answerer="extractive"
)
INDEXED = IndexReportWire(
    added=1,
    updated=0,
    renamed=0,
    unchanged=0,
    deleted=0,
    skipped=["a.bin"],
    failed=[],
    warnings=[],
    articles=1,
    passages=1,
    seconds=0.5,
)


def answer(question: str = "Why?", **fields: Any) -> AskResponse:
    """Return what is said where the articles do not answer, or other fields."""
    refused: dict[str, Any] = {
        "id": "ans_1",
        "conversation_id": None,
        "question": question,
        "completed_question": None,
        "status": "no_answer",
        "short_answer": None,
        "text": "The articles do not answer this.",
        "sentences": [],
        "citations": [],
        "disagreements": [],
        "nearest": [],
        "preferences": PreferencesWire(),
        "answerer": "extractive",
        "confidence": 0.1,
        "degraded": None,
        "usage": None,
        "timings_ms": TimingsWire(retrieve=1, answer=1, total=2),
    }
    return AskResponse.model_validate(refused | fields)


def citation(number: int, article_id: str = "rain", **fields: Any) -> CitationWire:
    """Return a citation of an article without an address of its own, or other fields."""
    cited: dict[str, Any] = {
        "number": number,
        "article_id": article_id,
        "article_version": "sha256:1",
        "title": f"Title of {article_id}",
        "publisher": "The Herald",
        "published": date(2026, 4, 24),
        "url": None,
        "passage_id": f"{article_id}-0",
        "quote": "It rained.",
        "start": 2,
        "end": 12,
        "page": None,
        "score": 0.9,
    }
    return CitationWire.model_validate(cited | fields)


def answered(*said: str, citations: Sequence[CitationWire] = (), **fields: Any) -> AskResponse:
    """Return an answer of these sentences. Sentence n carries citation n, as far as there are that many."""
    sentences: list[SentenceWire] = []
    text = ""
    for number, words in enumerate(said, start=1):
        numbers = [number] if number <= len(citations) else []
        start = len(text) + bool(text)
        text += f"{' ' if text else ''}{words}{f' [{number}]' if numbers else ''}"
        support = "verified" if numbers else "unverified"
        sentences.append(SentenceWire(text=words, start=start, end=len(text), citations=numbers, support=support))
    told = {"status": "answered", "text": text, "sentences": sentences, "citations": list(citations)}
    return answer(**(told | {"confidence": 0.9} | fields))


def streamed(whole: AskResponse) -> list[AskEvent]:
    """Return the events that lead to an answer whose sentence n carries citation n."""
    cited = {found.number: found for found in whole.citations}
    said = [
        SentenceEvent(sentence=sentence, citations=[cited[number] for number in sentence.citations])
        for sentence in whole.sentences
    ]
    return [HitsEvent(id=whole.id, hits=[]), *said, whole]


class FakeAssistant(KeepsNothing):
    """Remembers its calls and returns something of the right shape, or raises what it was told to.

    A streamed answer goes through `steps`, which may be exceptions and functions to call; `closed` is set when the
    question is over, also before its end.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.error: Exception | None = None
        self.steps: list[AskEvent | Exception | Callable[[], object]] = []
        self.made = 0
        self.closed = threading.Event()

    @property
    def called(self) -> tuple[object, ...]:
        """The last call, or nothing."""
        return self.calls[-1] if self.calls else ()

    def _note(self, *call: object) -> None:
        self.calls.append(call)
        if self.error:
            raise self.error

    def ask_events(
        self, request: AskRequest, asker: Asker, *, through: Through = "api"
    ) -> Generator[AskEvent, None, None]:
        self._note("ask", request, asker.access)
        try:
            for step in self.steps or [answer(request.question)]:
                self.made += 1
                if isinstance(step, Exception):
                    raise step
                elif callable(step):
                    step()
                else:
                    yield step
        finally:
            self.closed.set()

    def count_tokens(self, texts: Sequence[str]) -> int:
        return sum(len(text.split()) for text in texts)

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        self._note("search", request, access)
        return SearchResponse(question=request.question, hits=[])

    def explain(self, request: SearchRequest, access: Access) -> ExplainResponse:
        self._note("explain", request, access)
        whole = answer(request.question)
        return ExplainResponse(outcome="nothing_found", threshold=0.3, language=None, answer=whole, searches=[])

    def articles(
        self, access: Access, *, after: str | None, limit: int, titled: str = "", collection: str | None = None
    ) -> ArticlesResponse:
        self._note("articles", access, titled, after, limit)
        return ArticlesResponse(articles=[], total=0, next_after=None)

    def article(
        self, article_id: str, access: Access, version: str | None, stretch: Span | None = None
    ) -> ArticleResponse:
        self._note("article", article_id, access, version)
        return ARTICLE

    def publishers(self, access: Access) -> PublishersResponse:
        self._note("publishers", access)
        return PublishersResponse(
            publishers=[PublisherWire(name="The Herald", articles=2)],
            earliest=date(2026, 4, 1),
            latest=date(2026, 4, 24),
        )

    def collections(self, access: Access) -> CollectionsResponse:
        self._note("collections", access)
        return CollectionsResponse(collections=[CollectionWire(name="handbook", articles=2)], scopes=["hr"])

    def questions_to_try(self, access: Access) -> tuple[str, ...]:
        self._note("questions_to_try", access)
        return ("Why did it rain?",)

    def status(self) -> StatusResponse:
        self._note("status")
        return STATUS

    def index(self, paths: Sequence[Path | str], *, prune: bool, prune_limit: float, dry_run: bool) -> IndexReportWire:
        self._note("index", list(paths), prune, prune_limit, dry_run)
        return INDEXED

    def rebuild(self) -> RebuildResponse:
        self._note("rebuild")
        return REBUILT

    def backup(self) -> BackupResponse:
        self._note("backup")
        return BACKED_UP

    def check(self, request: CheckRequest) -> CheckResponse:
        self._note("check", request.repair)
        return CHECKED

    def conflicts(self, request: ConflictsRequest, access: Access) -> ConflictsResponse:
        self._note("conflicts", request.limit)
        return ConflictsResponse(conflicts=[], left_out=0, compared=0, passages=0)

    def delete(self, article_ids: Sequence[str]) -> None:
        self._note("delete", list(article_ids))

    def ready(self) -> None:
        self._note("ready")
