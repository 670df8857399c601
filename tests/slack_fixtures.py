"""What tests of the Slack bot share: an assistant with scripted answers, the real bot. A plugin of `conftest.py`."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from index.errors import NotInHistory
from index.records import Access
from service.answer.pipeline import NOT_ANSWERED
from service.auth.askers import Asker
from service.auth.state import AuthState
from service.history.database import database_in
from service.history.store import Through
from service.schemas.api import (
    AboutWire,
    AskEvent,
    AskRequest,
    AskResponse,
    CitationWire,
    CollectionsResponse,
    DisagreementWire,
    HitsEvent,
    NearestPassageWire,
    NearestWire,
    PreferencesWire,
    SentenceEvent,
    SentenceWire,
    TimingsWire,
)
from service.schemas.history import FeedbackRequest, StoredAnswerResponse
from service.settings import Settings
from service.slack.running import SlackBot, slack_bot
from tests.service_fixtures import settings_for
from tests.slack_server import slack_server
from tests.slack_workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackServer

PUBLIC_URL = "https://footnote.example.org"
QUOTE = "Amazon will invest $5 billion in Anthropic now."


def citation(number: int = 1, **changes: Any) -> CitationWire:
    given: dict[str, Any] = {
        "number": number,
        "article_id": f"news/amazon-{number}",
        "article_version": "sha256:0",
        "title": f"Amazon invests, part {number}",
        "publisher": "The Daily",
        "published": "2026-04-24",
        "url": f"https://daily.example.org/{number}",
        "passage_id": f"p{number}",
        "quote": QUOTE,
        "start": 0,
        "end": len(QUOTE),
        "page": None,
        "score": 0.9,
    }
    return CitationWire.model_validate(given | changes)


def answered(
    *sentences: str,
    id: str = "ans_1",
    conversation_id: str | None = "conv_1",
    citations: Sequence[CitationWire] = (),
    disagreements: Sequence[DisagreementWire] = (),
    **more: Any,
) -> AskResponse:
    """An answer of these sentences, each with the first citation."""
    cited = list(citations) or [citation()]
    said = [SentenceWire(text=text, start=0, end=0, citations=[1], support="verified") for text in sentences]
    return _response(
        id,
        conversation_id,
        status="answered",
        text=" ".join(f"{text} [1]" for text in sentences),
        sentences=said,
        citations=cited,
        disagreements=list(disagreements),
        **more,
    )


def not_answered(*nearest: str) -> AskResponse:
    listed = [NearestPassageWire(article_id=f"near/{number}", title=title) for number, title in enumerate(nearest)]
    text = NOT_ANSWERED
    return _response("ans_none", "conv_1", status="no_answer", text=text, nearest=listed)


def about(*titles: str, questions: Sequence[str] = ()) -> AskResponse:
    named = [NearestWire(article_id=f"about/{number}", title=title) for number, title in enumerate(titles)]
    what = AboutWire(small_talk="thanks", articles=len(titles), examples=named, questions=list(questions))
    return _response("ans_about", "conv_1", status="about", text="You are welcome. Ask on.", nearest=[], about=what)


def _response(id: str, conversation_id: str | None, **fields: Any) -> AskResponse:
    empty: dict[str, Any] = {"sentences": [], "citations": [], "disagreements": [], "nearest": [], "short_answer": None}
    common: dict[str, Any] = {
        "id": id,
        "conversation_id": conversation_id,
        "question": "?",
        "completed_question": None,
        "preferences": PreferencesWire(),
        "answerer": "extractive",
        "confidence": 0.9,
        "degraded": None,
        "usage": None,
        "timings_ms": TimingsWire(retrieve=1, answer=1, total=2),
    }
    return AskResponse.model_validate(common | empty | fields)


def events_of(response: AskResponse) -> Iterator[AskEvent]:
    """The events of an answer, as an assistant gives them."""
    yield HitsEvent(id="ans_1", hits=[])
    for number, sentence in enumerate(response.sentences):
        yield SentenceEvent(sentence=sentence, citations=response.citations if not number else [])
    yield response


Script = Callable[[str], Iterator[AskEvent]]


@dataclass
class ScriptedAssistant:
    """Answers as its script says, and remembers who asked what. `script` may block, and may raise."""

    script: Script = lambda question: events_of(answered(f"You asked: {question}."))
    asked: list[tuple[AskRequest, Asker]] = field(default_factory=list)
    rated: list[tuple[FeedbackRequest, Asker]] = field(default_factory=list)
    unkept: bool = False
    scopes: list[str] = field(default_factory=list)
    opened: list[tuple[str, Asker]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    to_try: tuple[str, ...] = ("How much does Amazon invest?", "Who is <!channel>?")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_events(self, request: AskRequest, asker: Asker, *, through: Through = "api") -> Iterator[AskEvent]:
        assert through == "slack"
        with self._lock:
            self.asked.append((request, asker))
        return self.script(request.question)

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse:
        self.opened.append((answer_id, asker))
        if self.unkept:
            raise NotInHistory("There is no such answer.")
        [given] = [event for event in self.script("?") if isinstance(event, AskResponse)]
        kept = {"asked": "2026-05-01T12:00:00Z", "own": False, "shared": False}
        return StoredAnswerResponse.model_validate(given.model_dump() | kept)

    def asks_nothing(self, text: str) -> bool:
        return text.startswith("thanks")

    def collections(self, access: Access) -> CollectionsResponse:
        return CollectionsResponse(collections=[], scopes=self.scopes)

    def delete_answer(self, answer_id: str, asker: Asker) -> None:
        self.deleted.append(answer_id)

    def questions_to_try(self, access: Access) -> tuple[str, ...]:
        if "board" in access.groups:
            return ("What was decided?", *self.to_try)
        return self.to_try

    def rate(self, request: FeedbackRequest, asker: Asker) -> None:
        if self.unkept:
            raise NotInHistory("There is no such answer.")
        self.rated.append((request, asker))

    @property
    def questions(self) -> list[str]:
        return [request.question for request, _ in self.asked]


def slack_settings(url: str, data_dir: Path, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "slack_bot_token": SecretStr(BOT_TOKEN),
        "slack_app_token": SecretStr(APP_TOKEN),
        "slack_api_url": url,
    }
    return settings_for(data_dir, **given | changes)


@contextmanager
def started_bot(
    url: str, assistant: Any, data_dir: Path, *, auth_state: AuthState | None = None, **changes: Any
) -> Iterator[SlackBot]:
    """Run the real bot against the server at this address, until left."""
    settings = slack_settings(url, data_dir, **changes)
    with (
        database_in(data_dir, settings.database_url) as engine,
        slack_bot(
            assistant, settings, engine=engine, public_url=PUBLIC_URL, auth_state=auth_state or AuthState()
        ) as bot,
    ):
        bot.running.result(60)
        yield bot


@contextmanager
def running_bot(server: SlackServer, assistant: Any, data_dir: Path, **more: Any) -> Iterator[SlackBot]:
    """Run the real bot against the server, connected by Socket Mode unless it has no token for that."""
    with started_bot(server.url, assistant, data_dir, **more) as bot:
        if more.get("slack_app_token", APP_TOKEN):
            server.wait_for(server.open_sockets, "a connection")
        yield bot


@contextmanager
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait shorter than people would want the bot to."""
    monkeypatch.setattr("service.slack.calls._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("service.slack.working._FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("service.slack.working._SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(
        "service.slack.running._PING_SECONDS", 0.5
    )  # with less, a busy machine passes for a lost connection
    monkeypatch.setattr("service.slack.running._WATCH_SECONDS", 0.02)
    yield


def secret_settings() -> dict[str, Any]:
    """Settings of a bot that is reached over HTTP alone."""
    return {"slack_app_token": None, "slack_signing_secret": SecretStr(SIGNING_SECRET)}


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    """A workspace of Slack, for a bot that waits shorter than people would want it to."""
    with quick(monkeypatch), slack_server() as server:
        yield server


@pytest.fixture
def bot(slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path) -> Iterator[None]:
    """The real bot in front of the assistant of the test that asks for it, connected by Socket Mode."""
    with running_bot(slack, assistant, tmp_path):
        yield
