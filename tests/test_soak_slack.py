"""The Slack bot for longer: hundreds of questions across kills, on one node and on two, and an answer that takes a minute."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.schemas.api import AskEvent
from tests.servers import PostgresServer
from tests.slack_deliveries import survive
from tests.slack_fixtures import ScriptedAssistant, answered, events_of, running_bot
from tests.slack_workspace import SlackServer, words

pytestmark = pytest.mark.soak


def test_two_hundred_questions_across_four_kills_have_one_reply_each(slack: SlackServer, tmp_path: Path) -> None:
    survive(slack, tmp_path, questions=200, kills=4, seed=2)


def test_five_hundred_questions_to_two_nodes_across_eight_kills_have_one_reply_each(
    slack: SlackServer, tmp_path: Path, postgresql: PostgresServer
) -> None:
    database = postgresql.database(str(tmp_path)).get_secret_value()
    survive(slack, tmp_path, questions=500, kills=8, seed=4, database=database)


def test_an_answer_may_take_a_minute(slack: SlackServer, tmp_path: Path) -> None:
    sentences = [f"Sentence {number}." for number in range(6)]

    def slowly(question: str) -> Iterator[AskEvent]:
        for event in events_of(answered(*sentences)):
            threading.Event().wait(8)
            yield event

    # As with a language model that is given its time.
    with running_bot(slack, ScriptedAssistant(slowly), tmp_path, question_seconds=300):
        (reply,) = slack.reply(slack.ask("How?"), seconds=240)
        slack.wait_until_quiet()
    assert " ".join(f"{sentence} [1]" for sentence in sentences) in words(reply)
    assert not any(slack.statuses.values())
