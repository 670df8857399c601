"""Exactly one reply to each question, however often Slack delivers it, also when the bot is killed in the middle."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.deadline import check_deadline
from index.stores.ownership import folder_id
from service.history.database import opened_database
from service.schemas.api import AskEvent
from service.slack.asked import InThread, message_key
from service.slack.events import Remembered
from service.slack.wording import PUT_OFF
from tests.slack_deliveries import survive
from tests.slack_fixtures import ScriptedAssistant, answered, events_of, running_bot
from tests.slack_workspace import BOT, SlackServer, mention, words


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_twenty_questions_across_a_kill_have_one_reply_each(slack: SlackServer, tmp_path: Path) -> None:
    survive(slack, tmp_path, questions=20, kills=1, seed=1)


def test_what_is_delivered_again_later_is_not_answered_again(slack: SlackServer, tmp_path: Path) -> None:
    assistant = ScriptedAssistant()
    body = slack.say(f"<@{BOT}> How?")
    with running_bot(slack, assistant, tmp_path):
        slack.deliver(body)
        slack.reply(body)
        slack.wait_until_quiet()
    with running_bot(slack, assistant, tmp_path):
        for event in (body, mention(body), mention(body)):
            slack.deliver(event)
        slack.wait_for(lambda: len(slack.acknowledged) == 4, "the acknowledgements")
        slack.wait_until_quiet()
    assert assistant.questions == ["How?"]


def test_a_question_that_ends_the_process_each_time_is_given_up(slack: SlackServer, tmp_path: Path) -> None:
    body = slack.say(f"<@{BOT}> Deadly?")
    event = body["event"]
    asked = _question(event["ts"])
    engine = opened_database(tmp_path)
    remembered = Remembered(engine, folder_id(tmp_path))
    assert remembered.note(asked)
    for _ in range(5):
        assert remembered.begin(asked.key) is not None
        remembered.end_leases()
    engine.dispose()
    assistant = ScriptedAssistant()
    with running_bot(slack, assistant, tmp_path):
        (reply,) = slack.reply(body)
    assert "tried several times" in words(reply)
    assert assistant.asked == []


def test_a_stream_that_was_left_open_is_finished(slack: SlackServer, tmp_path: Path) -> None:
    body = slack.say(f"<@{BOT}> How?")
    _left_by_a_killed_process(slack, tmp_path, body, streaming=True, streamed="Half of a")
    with running_bot(slack, ScriptedAssistant(), tmp_path):
        (reply,) = slack.reply(body)
    assert reply["ts"] == LEFT
    assert "You asked: How?. [1]" in words(reply)
    assert "Half of a" not in words(reply)


def test_a_reply_that_was_finished_is_left_as_it_is_and_the_status_cleared(slack: SlackServer, tmp_path: Path) -> None:
    body = slack.say(f"<@{BOT}> How?")
    event = body["event"]
    payload = {"question": message_key("C0GENERAL", event["ts"]), "part": 1, "parts": 1}
    metadata = {"event_type": "footnote_reply", "event_payload": payload}
    _left_by_a_killed_process(slack, tmp_path, body, streamed="All of it.", metadata=metadata)
    slack.statuses["C0GENERAL", event["ts"]] = "is looking"
    slack.reactions.add(("C0GENERAL", event["ts"]))
    assistant = ScriptedAssistant()
    with running_bot(slack, assistant, tmp_path):
        slack.wait_for(lambda: not any(slack.statuses.values()) and not slack.reactions, "no status and no reaction")
        slack.wait_until_quiet()
    assert [words(reply) for reply in slack.replies("C0GENERAL", event["ts"])] == ["All of it."]
    assert assistant.asked == []


LEFT = "1700000001.000001"


def _left_by_a_killed_process(slack: SlackServer, data_dir: Path, body: dict[str, Any], **message: Any) -> None:
    """A question that was begun, and what there was of its reply."""
    thread = body["event"]["ts"]
    engine = opened_database(data_dir)
    remembered = Remembered(engine, folder_id(data_dir))
    asked = _question(thread, text="How?")
    remembered.note(asked)
    remembered.begin(asked.key)
    engine.dispose()
    left = {
        "ts": LEFT,
        "thread_ts": thread,
        "channel": "C0GENERAL",
        "user": BOT,
        "text": "",
        "blocks": [],
        "appends": 0,
    }
    slack.channels["C0GENERAL"][LEFT] = left | message


def test_a_question_is_remembered_by_its_event_and_by_its_message(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    remembered = Remembered(engine, "one")
    assert remembered.note(_question("1.1"), event_id="Ev1")
    assert not remembered.note(_question("1.1"), event_id="Ev2")
    assert not remembered.note(_question("1.2"), event_id="Ev1")
    remembered.end_leases()
    assert [asked.key for asked in remembered.due()] == [message_key("C0GENERAL", "1.1")]
    engine.dispose()


def test_a_lease_that_runs_out_brings_the_question_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened_database(tmp_path)
    remembered = Remembered(engine, "one")
    now = 1_000.0
    monkeypatch.setattr("service.slack.events.time", lambda: now)
    asked = _question("1.1")
    remembered.note(asked)
    assert remembered.begin(asked.key) == 0
    assert remembered.due() == []
    now += 119
    remembered.renew(asked.key)
    now += 119
    assert remembered.due() == []
    now += 2
    assert remembered.due() == [asked]
    assert remembered.begin(asked.key) == 1
    remembered.release(asked.key, seconds=30)
    assert remembered.due() == []
    now += 31
    assert remembered.due() == [asked]
    assert remembered.begin(asked.key) == 2
    remembered.finish(asked.key)
    assert remembered.due() == []
    assert remembered.begin(asked.key) is None
    engine.dispose()


def _question(ts: str, text: str = "How?") -> InThread:
    return InThread(
        key=message_key("C0GENERAL", ts),
        team="T0TEAM",
        user="UANN",
        channel="C0GENERAL",
        text=text,
        ts=ts,
        thread=ts,
        direct=False,
    )


def test_who_is_not_answered_before_the_bot_stops_is_told_and_answered_when_it_is_back(
    slack: SlackServer, tmp_path: Path
) -> None:
    def never(question: str) -> Iterator[AskEvent]:
        *begun, _ = events_of(answered("It begins."))
        yield from begun
        while True:
            check_deadline()
            time.sleep(0.01)

    with running_bot(slack, ScriptedAssistant(never), tmp_path, slack_workers=1, stop_seconds=0.2):
        first, second = slack.ask("First?"), slack.ask("Second?")
        slack.wait_for(lambda: "It begins" in _said(slack, first), "the beginning of an answer")
        slack.wait_for(lambda: len(slack.acknowledged) == 2, "the acknowledgements")
    for body in (first, second):
        assert PUT_OFF in _said(slack, body)
    with running_bot(slack, ScriptedAssistant(), tmp_path):
        for body, question in ((first, "First"), (second, "Second")):
            (reply,) = slack.reply(body)
            assert f"You asked: {question}?" in words(reply)
        slack.wait_until_quiet()
    assert PUT_OFF not in _said(slack, first)


def _said(slack: SlackServer, body: dict[str, Any]) -> str:
    event = body["event"]
    return " ".join(words(message) for message in slack.replies(event["channel"], event["ts"]))
