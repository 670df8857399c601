"""How good kept answers are is scored when their day is over, and a change of level is marked: over a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import update

from index.errors import ModelUnusable
from service.assistant import LocalAssistant
from service.history import schema
from service.monitoring.metrics import Metrics
from service.quality import scoring as scoring_module
from service.quality.levels import levels_of
from service.quality.reports import QualityReports
from service.quality.scoring import Scoring, is_drawn, score_of, scoring_nightly
from service.schemas.api import AskResponse
from service.schemas.history import FeedbackRequest
from service.schemas.quality import QualityResponse
from tests.history_assistant import GUEST, HEIGHT, STAFF, ask, keeping_assistant, rows
from tests.servers import BOTH_IN_SOAK, SettingsOf
from tests.test_service_watching import eventually

NOW = datetime.now(UTC)
BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def assistant(place: Path, backend: SettingsOf) -> Iterator[LocalAssistant]:
    with keeping_assistant(place, **backend(place)) as assistant:
        yield assistant


def scoring(assistant: LocalAssistant, share: float = 1.0) -> Scoring:
    assert assistant.history
    return Scoring(assistant.history.engine, assistant.live, share)


def aged(assistant: LocalAssistant, answer: AskResponse, days: int) -> AskResponse:
    """Make an answer older."""
    assert assistant.history
    with assistant.history.engine.begin() as connection:
        asked = {"asked": NOW - timedelta(days=days)}
        connection.execute(update(schema.answers).where(schema.answers.c.id == answer.id).values(asked))
    return answer


def report(assistant: LocalAssistant) -> QualityResponse:
    assert assistant.history
    return QualityReports(assistant.history.engine, 1.0).report(30, today=NOW.date())


def test_answers_are_scored_once_when_their_day_is_over(assistant: LocalAssistant) -> None:
    answered = aged(assistant, ask(assistant, HEIGHT, GUEST), 2)
    aged(assistant, ask(assistant, "Who painted the ceiling of the chapel?", GUEST), 1)
    ask(assistant, HEIGHT, GUEST)
    assistant.rate(FeedbackRequest(answer_id=answered.id, rating="up"), GUEST)
    assert [scoring(assistant).score_due(NOW), scoring(assistant).score_due(NOW)] == [2, 0]
    measured = {measure.name: measure for measure in report(assistant).measures}
    assert {name: [day.mean for day in measure.days] for name, measure in measured.items()} == {
        "supported": [1.0],
        "refused": [0.0, 1.0],
        "rated_good": [1.0],
    }
    assert [day.day for day in measured["refused"].days] == [NOW.date() - timedelta(days=ago) for ago in (2, 1)]


def test_times_are_measured_by_the_first_ones(assistant: LocalAssistant) -> None:
    given = ask(assistant, HEIGHT, GUEST)
    assert assistant.history
    for number in range(54):
        timings = given.timings_ms.model_copy(update={"total": 100.0 if number < 52 else 900.0})
        again = given.model_copy(update={"id": f"ans_{number:032}", "conversation_id": None, "timings_ms": timings})
        kept = assistant.history.save(again, GUEST, provenance={}, through="api")
        aged(assistant, kept, 20 if number < 50 else 1)
    scoring(assistant).score_due(NOW)
    (slower,) = [measure for measure in report(assistant).measures if measure.name == "slower"]
    assert (slower.than_ms, [(day.n, day.mean) for day in slower.days]) == (100.0, [(4, 0.5)])


def test_a_sentence_that_its_source_does_not_say_is_not_supported(assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, GUEST)
    (sentence,) = answer.sentences
    changed = sentence.model_copy(update={"text": "The old tower at the harbour is 99 metres high."})
    with assistant.live.pinned() as index:
        said = score_of(answer, index)
        altered = score_of(answer.model_copy(update={"sentences": [changed]}), index)
    assert (said.claims, said.supported) == (1, 1)
    assert (altered.claims, altered.supported) == (1, 0)


def test_a_deleted_conversation_leaves_nothing(assistant: LocalAssistant) -> None:
    answer = aged(assistant, ask(assistant, HEIGHT, STAFF), 1)
    assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down"), STAFF)
    scoring(assistant).score_due(NOW)
    assert (rows(assistant, "answer_scores"), report(assistant).scored) == (1, 1)
    assert answer.conversation_id
    assistant.delete_conversation(answer.conversation_id, STAFF)
    assert rows(assistant, "answer_scores") == 0
    assert (report(assistant).scored, report(assistant).measures) == (0, [])


def test_a_share_is_the_same_answers_every_time() -> None:
    ids = [f"ans_{number}" for number in range(2_000)]
    drawn = {one for one in ids if is_drawn(one, 0.1)}
    assert 140 < len(drawn) < 260
    assert drawn <= {one for one in ids if is_drawn(one, 0.2)}
    assert [sum(is_drawn(one, share) for one in ids) for share in (0.0, 1.0)] == [0, 2_000]


def test_a_service_scores_by_itself_and_fills_its_metrics(
    assistant: LocalAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(assistant, ask(assistant, HEIGHT, GUEST), 1)
    metrics, faults = Metrics(), iter([ModelUnusable("It cannot be read.")])
    score = scoring_module.score_of

    def fails_first(*arguments: object) -> object:
        if fault := next(faults, None):
            raise fault
        return score(*arguments)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(scoring_module, "score_of", fails_first)
    monkeypatch.setattr(scoring_module, "_SECONDS", 0.01)
    with scoring_nightly(scoring(assistant), lambda now: metrics.record_quality(report(assistant))):
        level = "footnote_answer_quality", {"measure": "supported"}
        eventually(lambda: metrics.registry.get_sample_value(*level) == 1.0)


def days_of(*shares: tuple[int, float]) -> list[NDArray[np.float64]]:
    """Return days of 40 values, each 1 with this chance: so many days of each."""
    draw = np.random.default_rng(7)
    chances = [chance for days, chance in shares for _ in range(days)]
    return [(draw.random(40) < chance).astype(np.float64) for chance in chances]


def test_a_fall_is_found_with_its_day_and_a_return_too() -> None:
    levels = levels_of(days_of((20, 0.95), (15, 0.7), (15, 0.95)))
    assert [round(level.mean, 1) for level in levels] == [1.0, 0.7, 1.0]
    assert all(abs(level.first - day) <= 1 for level, day in zip(levels, (0, 20, 35), strict=True))
    assert all(level.low < level.mean < level.high for level in levels)


def test_a_level_that_stays_is_one_level_however_often_it_is_looked_at() -> None:
    draws = np.random.default_rng(11)
    for chance in (0.0, 0.5, 0.97, 1.0):
        days = [(draws.random(20) < chance).astype(np.float64) for _ in range(60)]
        assert len(levels_of(days)) == 1


def test_what_is_found_stays_found_as_days_are_added() -> None:
    days = days_of((20, 0.95), (30, 0.6))
    firsts = [[level.first for level in levels_of(days[:count])] for count in range(1, len(days) + 1)]
    seen = next(count for count, found in enumerate(firsts) if len(found) > 1)
    assert 20 <= seen < 30
    assert all(found == firsts[seen] for found in firsts[seen:])
