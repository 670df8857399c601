"""What the articles lack: refused and badly rated questions, grouped by meaning, for admins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.assistant import LocalAssistant
from service.schemas.history import FeedbackRequest
from tests.history_assistant import ADMIN, GUEST, HEIGHT, LENGTH, STAFF, ask, keeping_assistant, rewrite
from tests.servers import BOTH_IN_SOAK, SettingsOf

PAINTER = "Who painted the ceiling of the chapel?"
SAME = "By whom was the chapel's ceiling painted?"


BACKENDS = BOTH_IN_SOAK


@pytest.fixture
def assistant(place: Path, backend: SettingsOf) -> Iterator[LocalAssistant]:
    with keeping_assistant(place, **backend(place)) as assistant:
        yield assistant


def test_questions_that_mean_the_same_are_one_gap_the_largest_first(assistant: LocalAssistant) -> None:
    ask(assistant, "What does a ferry ticket to Norway cost?", STAFF)
    for question in (PAINTER, SAME, PAINTER):
        ask(assistant, question, STAFF)
    found = assistant.gaps(ADMIN)
    first, second = found.gaps
    assert (first.questions, first.asked, first.refused, first.rated_down) == ([PAINTER, SAME], 3, 3, 0)
    assert second.questions == ["What does a ferry ticket to Norway cost?"]
    assert (found.questions, found.left_out) == (4, 0)


def test_answers_that_were_rated_down_are_gaps_too(assistant: LocalAssistant) -> None:
    answer = ask(assistant, HEIGHT, STAFF)
    assert assistant.gaps(ADMIN).gaps == []
    assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down"), STAFF)
    (gap,) = assistant.gaps(ADMIN).gaps
    assert (gap.questions, gap.refused, gap.rated_down, gap.answer_ids) == ([HEIGHT], 0, 1, [answer.id])
    assert gap.nearest[0].article_id == "tower"


def test_what_is_nearest_is_of_today(place: Path, assistant: LocalAssistant) -> None:
    ask(assistant, PAINTER, STAFF)
    text = "---\ntitle: The chapel\n---\nAnna Rossi painted the ceiling of the chapel in 1921.\n"
    rewrite(place, assistant, "chapel.md", text)
    (gap,) = assistant.gaps(ADMIN).gaps
    assert gap.nearest[0].quote == "Anna Rossi painted the ceiling of the chapel in 1921."


def test_admins_see_only_what_they_may_read(assistant: LocalAssistant) -> None:
    answer = ask(assistant, LENGTH, STAFF)
    assistant.rate(FeedbackRequest(answer_id=answer.id, rating="down"), STAFF)
    ask(assistant, PAINTER, STAFF)  # the mast of the staff is among what came nearest
    found = assistant.gaps(GUEST)
    assert "mast" not in found.model_dump_json()
