"""A thread in Slack learns once that words have changed on which an answer in it rests, if a setting asks for that."""

from pathlib import Path

import pytest

from service.slack.stale_notes import Note, take_due_note
from service.stale.checking import check_answers
from tests.history_assistant import HEIGHT, TOWER, keeping_assistant, rewrite
from tests.slack_fixtures import running_bot
from tests.slack_workspace import SlackServer, words


def notes(slack: SlackServer, thread: str) -> list[str]:
    posted = [words(message) for message in slack.replies("C0GENERAL", thread)]
    return [text for text in posted if "have changed in their article" in text]


def test_a_thread_gets_one_note(place: Path, slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.slack.stale_notes._LOOK_SECONDS", 0.05)
    with keeping_assistant(place) as assistant, running_bot(slack, assistant, place / "data", slack_stale_notes=True):
        assert assistant.history
        body = slack.ask(HEIGHT)
        slack.reply(body)
        thread = body["event"]["ts"]
        for height in ("91", "92"):
            rewrite(place, assistant, "tower.md", TOWER.replace("84", height))
            check_answers(assistant.history.engine, assistant.live)
            slack.wait_for(lambda: notes(slack, thread), "a note")
        slack.reply(slack.ask("How high is it?"))
        assert len(notes(slack, thread)) == 1
        (note,) = notes(slack, thread)
        assert HEIGHT in note
        assert "metres" not in note  # the new words are not for everyone in the channel


def test_without_the_setting_there_is_none(place: Path, slack: SlackServer) -> None:
    with keeping_assistant(place) as assistant, running_bot(slack, assistant, place / "data"):
        assert assistant.history
        body = slack.ask(HEIGHT)
        slack.reply(body)
        rewrite(place, assistant, "tower.md", TOWER.replace("84", "91"))
        check_answers(assistant.history.engine, assistant.live)
        second = slack.ask(HEIGHT)
        slack.reply(second)
        assert notes(slack, body["event"]["ts"]) == []
        due = Note("", "C0GENERAL", body["event"]["ts"], HEIGHT)
        assert take_due_note(assistant.history.engine) == due
        assert take_due_note(assistant.history.engine) is None
