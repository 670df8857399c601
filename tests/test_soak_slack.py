"""The Slack bot for longer: 500 questions across kills, and an answer that takes a minute."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.wire import AskEvent
from tests.slack_deliveries import survive
from tests.slack_fixtures import ScriptedDesk, answered, events_of, quick, running_bot
from tests.slack_server import SlackServer, slack_server, words

pytestmark = pytest.mark.soak


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    with quick(monkeypatch), slack_server() as server:
        yield server


def test_five_hundred_questions_across_four_kills_have_one_reply_each(server: SlackServer, tmp_path: Path) -> None:
    survive(server, tmp_path, questions=500, kills=4, seed=2)


def test_an_answer_may_take_a_minute(server: SlackServer, tmp_path: Path) -> None:
    sentences = [f"Sentence {number}." for number in range(6)]

    def slowly(question: str) -> Iterator[AskEvent]:
        for event in events_of(answered(*sentences)):
            threading.Event().wait(8)
            yield event

    with running_bot(server, ScriptedDesk(slowly), tmp_path):
        (reply,) = server.reply(server.ask("How?"), seconds=120)
        server.wait_until_quiet()
    assert " ".join(f"{sentence} [1]" for sentence in sentences) in words(reply)
    assert not any(server.statuses.values())
