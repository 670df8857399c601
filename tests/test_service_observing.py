"""What is counted and written down of questions, whatever way they came and however they ended."""

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from structlog.testing import capture_logs

from index.errors import QuestionError
from index.records import FOR_EVERYONE
from service.api.app import create_app
from service.auth.askers import Asker
from service.auth.state import AuthState
from service.history.audit import Audit, Entry, entries
from service.history.database import FILE, opened_database
from service.history.store import Through
from service.monitoring.metrics import Metrics
from service.monitoring.observers import Abandoned, Asked, Ending, Failed, Observer, Rated, log_question, observed
from service.schemas.api import AskEvent, AskRequest, AskResponse, HitsEvent, UsageWire
from service.schemas.history import FeedbackRequest
from tests.fake_assistant import FakeAssistant, answer, answered, citation
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS
from tests.test_service_request_log import samples

ANN = Asker("key:ann", FOR_EVERYONE)
SECRET = "What happened to Project Nightjar?"
NOW = datetime(2026, 4, 24, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = opened_database(tmp_path)
    yield engine
    engine.dispose()


def asked(ending: Ending, *, asker: Asker = ANN, through: Through = "api", began: datetime = NOW) -> Asked:
    return Asked(asker, through, began, 0.25, ending, SECRET)


def steps_of(*steps: AskEvent | Exception) -> Generator[AskEvent, None, None]:
    for step in steps:
        if isinstance(step, Exception):
            raise step
        yield step


def watch(events: Generator[AskEvent, None, None], *observers: Observer) -> Generator[AskEvent, None, None]:
    return observed(events, observers, request=AskRequest(question=SECRET), asker=ANN, through="openai")


# How a question ends


def test_an_answer_is_noticed_once_and_passed_on() -> None:
    seen: list[Asked | Rated] = []
    given: list[AskEvent] = [HitsEvent(id="ans_1", hits=[]), answer()]
    assert list(watch(steps_of(*given), seen.append, seen.append)) == given
    first, second = seen
    assert first == second
    assert isinstance(first, Asked)
    assert (first.ending, first.asker, first.through, first.question) == (given[1], ANN, "openai", SECRET)
    assert first.seconds >= 0
    assert SECRET not in repr(first)


def test_an_error_is_noticed_by_its_kind_and_goes_on() -> None:
    seen: list[Asked | Rated] = []
    with pytest.raises(QuestionError):
        list(watch(steps_of(HitsEvent(id="ans_1", hits=[]), QuestionError(SECRET)), seen.append))
    assert [event.ending for event in seen if isinstance(event, Asked)] == [Failed("QuestionError")]


def test_one_who_goes_away_is_noticed_and_the_work_stopped() -> None:
    seen: list[Asked | Rated] = []
    work = steps_of(HitsEvent(id="ans_1", hits=[]), answer())
    events = watch(work, seen.append)
    next(events)
    events.close()
    assert [event.ending for event in seen if isinstance(event, Asked)] == [Abandoned()]
    assert list(work) == []


def test_one_who_goes_away_after_the_answer_has_it() -> None:
    seen: list[Asked | Rated] = []
    events = watch(steps_of(answer()), seen.append)
    next(events)
    events.close()
    assert [event.ending for event in seen if isinstance(event, Asked)] == [answer()]


# The audit record


def test_the_record_says_who_asked_when_and_what_was_cited(database: Engine) -> None:
    audit = Audit(database)
    given = answered("It rained.", citations=[citation(1, "sun"), citation(2, "rain"), citation(3, "rain")])
    audit.record(asked(given, through="slack"))
    audit.record(asked(answer(), began=NOW + timedelta(seconds=1)))
    audit.record(asked(Failed("IndexEmpty"), began=NOW + timedelta(seconds=2)))
    audit.record(asked(Abandoned(), began=NOW + timedelta(seconds=3)))
    assert list(entries(database, since=NOW)) == [
        Entry(NOW, "key:ann", "ask", "slack", given.id, "answered", ("rain", "sun"), 250.0),
        Entry(NOW + timedelta(seconds=1), "key:ann", "ask", "api", answer().id, "no_answer", (), 250.0),
        Entry(NOW + timedelta(seconds=2), "key:ann", "ask", "api", None, "IndexEmpty", (), 250.0),
        Entry(NOW + timedelta(seconds=3), "key:ann", "ask", "api", None, "abandoned", (), 250.0),
    ]
    assert len(list(entries(database, since=NOW + timedelta(seconds=2)))) == 2


def test_the_record_holds_no_question_no_answer_and_no_comment(database: Engine, tmp_path: Path) -> None:
    audit = Audit(database)
    audit.record(asked(answered("The owl flew by night.", citations=[citation(1)])))
    audit.record(Rated(ANN, FeedbackRequest(answer_id="ans_1", rating="down", comment="A mean remark.")))
    assert [(entry.action, entry.status) for entry in entries(database, since=NOW)] == [
        ("ask", "answered"),
        ("rate", "down"),
    ]
    database.dispose()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    assert b"key:ann" in kept
    for words in (SECRET, "The owl flew", "A mean remark"):
        assert words.encode() not in kept


def test_a_long_record_is_given_whole(database: Engine) -> None:
    audit = Audit(database)
    for number in range(1_005):
        audit.record(asked(answer(), began=datetime.now(UTC) - timedelta(seconds=number)))
    assert len(list(entries(database, since=NOW - timedelta(days=90)))) == 1_005


def test_an_answer_is_given_also_when_the_record_cannot_be_written(database: Engine) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    with capture_logs() as lines:
        Audit(database).record(asked(answer()))
    assert [(line["event"], line["kind"]) for line in lines] == [("audit entry not kept", "OperationalError")]


# Metrics


def test_answers_are_counted_by_how_they_ended() -> None:
    metrics = Metrics()
    written = answered("It rained.", citations=[citation(1)])
    usage = UsageWire(prompt_tokens=100, completion_tokens=20)
    doubtful = written.sentences[0].model_copy(update={"support": "unverified"})
    metrics.record(asked(written))
    metrics.record(asked(written.model_copy(update={"answerer": "gpt", "usage": usage, "sentences": [doubtful] * 2})))
    metrics.record(asked(answer().model_copy(update={"degraded": "The model did not answer."}), through="openai"))
    metrics.record(asked(Failed("IndexEmpty")))
    metrics.record(asked(Abandoned(), through="page"))
    for rating in ("up", "up", "down"):
        metrics.record(Rated(ANN, FeedbackRequest.model_validate({"answer_id": "ans_1", "rating": rating})))
    app = create_app(FakeAssistant(), settings=settings_for(Path("unused")), auth_state=AuthState(metrics=metrics))
    seen = samples(TestClient(app, base_url=ADDRESS).get("/metrics").text)
    assert {key[1:]: n for key, n in seen.items() if key[0] == "footnote_answers_total"} == {
        ("extractive", "answered", "api"): 1,
        ("gpt", "answered", "api"): 1,
        ("extractive", "no_answer", "openai"): 1,
        ("none", "failed", "api"): 1,
        ("none", "abandoned", "page"): 1,
    }
    assert seen[("footnote_sentences_total", "verified")] == 1
    assert seen[("footnote_sentences_total", "unverified")] == 2
    assert seen[("footnote_llm_tokens_total", "prompt")] == 100
    assert seen[("footnote_llm_tokens_total", "completion")] == 20
    assert seen[("footnote_llm_errors_total",)] == 1
    assert (seen[("footnote_feedback_total", "up")], seen[("footnote_feedback_total", "down")]) == (2, 1)
    assert {seen[("footnote_answer_seconds_count", stage)] for stage in ("retrieve", "answer", "total")} == {3}


# All of it, over an index


def test_every_way_in_is_noticed(place: Path) -> None:
    database_folder = place / "data"
    with ExitStack() as stack:
        assistant = stack.enter_context(assistant_over(settings_for(database_folder), with_history=True))
        index_into(
            assistant, write(place / "news", {"rain.txt": "It rained 12 millimetres in Ghent on Monday, they said."})
        )
        engine = opened_database(database_folder)
        stack.callback(engine.dispose)
        metrics = Metrics()
        assistant = replace(assistant, observers=(metrics.record, Audit(engine).record, log_question))
        client = TestClient(
            create_app(assistant, settings=settings_for(database_folder), auth_state=AuthState(metrics=metrics)),
            base_url=ADDRESS,
        )
        question = "How much did it rain in Ghent?"
        with capture_logs() as lines:
            given = AskResponse.model_validate(client.post("/api/ask", json={"question": question}).json())
            client.post("/api/ask", json={"question": question, "stream": True})
            client.post(
                "/v1/chat/completions", json={"messages": [{"role": "user", "content": question}], "model": "footnote"}
            )
            assert client.post("/api/ask", json={"question": " "}).status_code == 422
            rated = client.post("/api/feedback", json={"answer_id": given.id, "rating": "up"})
        assert rated.status_code == 204
        record = list(entries(engine, since=datetime.now(UTC) - timedelta(minutes=5)))
        assert [(e.asker, e.action, e.through, e.status, e.article_ids) for e in record] == [
            ("anyone", "ask", "api", "answered", ("rain",)),
            ("anyone", "ask", "api", "answered", ("rain",)),
            ("anyone", "ask", "openai", "answered", ("rain",)),
            ("anyone", "ask", "api", "QuestionError", ()),
            ("anyone", "rate", None, "up", ()),
        ]
        assert record[0].answer_id == given.id
        assert record[0].milliseconds > 0
        seen = samples(client.get("/metrics").text)
        assert seen[("footnote_answers_total", "extractive", "answered", "api")] == 2
        assert seen[("footnote_feedback_total", "up")] == 1
        assert seen[("footnote_index_articles",)] == 1
        assert [line["question"] for line in lines if line["event"] == "asked"] == [question] * 3 + [" "]
        assert json.dumps([line for line in lines if line["event"] != "asked"]).count("Ghent") == 0
