"""The button "Ask a person": a question is brought to people who help, with what the articles say to it there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.records import Access
from service.slack.blocks import DISCARD, PERSON, SHARE
from tests.slack_fixtures import ScriptedAssistant, about, events_of, not_answered, running_bot
from tests.slack_workspace import Fault, Message, SlackServer, action_body, command_body, words

GROUPS = {"C0BOARD": ["board"], "C0HELP": ["helpers"]}


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@pytest.fixture
def helping(slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path) -> Iterator[None]:
    settings: dict[str, Any] = {"slack_help_channel": "C0HELP", "slack_help_group": "S0HELP", "slack_groups": GROUPS}
    with running_bot(slack, assistant, tmp_path, **settings):
        yield


def buttons(message: Message) -> list[str]:
    return [
        element["action_id"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def brought(slack: SlackServer) -> list[Message]:
    """The messages of the help channel that bring a question."""
    return [message for message in slack.channels["C0HELP"].values() if "would like a person" in message["text"]]


def press(slack: SlackServer, value: str, **who: Any) -> None:
    slack.deliver(action_body(slack, PERSON, value, **who), type="interactive")


def value_of(message: Message) -> str:
    [value] = [
        element["value"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == PERSON
    ]
    return str(value)


@pytest.mark.usefixtures("helping")
def test_a_question_is_brought_with_what_is_found_for_the_people_who_help(
    slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    assistant.script = lambda question: events_of(not_answered("Nothing near"))
    body = slack.ask("Who decides about *leave* <!channel>?", channel="C0BOARD")
    (reply,) = slack.reply(body)
    press(slack, value_of(reply), channel="C0BOARD", user="UBOB")
    slack.wait_for(lambda: len(assistant.asked) == 2, "the question in the help channel")
    [heading] = brought(slack)
    assert heading["text"].startswith("<!subteam^S0HELP> <@UBOB> would like a person to answer what <@UANN> asked:")
    assert f"/archives/C0BOARD/p{body['event']['ts']}|where it was asked>" in heading["text"]
    assert "<!channel>" not in heading["text"]
    slack.wait_for(lambda: slack.replies("C0HELP", heading["ts"]), "what was found")
    # With what the help channel may read, not with what the channel of the question may.
    assert [asker.access for _, asker in assistant.asked] == [
        Access(frozenset({"board"})),
        Access(frozenset({"helpers"})),
    ]
    slack.wait_for(lambda: [one for one in slack.private if "C0HELP" in str(one)], "a word to who pressed the button")
    told = next(one for one in slack.private if "C0HELP" in str(one))
    assert "is in the channel <#C0HELP> now" in words(told)


@pytest.mark.usefixtures("helping")
def test_a_question_is_brought_once(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    (reply,) = slack.reply(slack.ask("How much?"))
    for user in ("UANN", "UBOB"):
        press(slack, value_of(reply), user=user)
    slack.wait_for(lambda: [one for one in slack.private if "brought to a person before" in str(one)], "a word")
    slack.wait_until_quiet()
    assert len(brought(slack)) == 1


@pytest.mark.usefixtures("helping")
def test_people_who_answer_each_other_there_are_left_alone(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    (reply,) = slack.reply(slack.ask("How much?"))
    press(slack, value_of(reply))
    slack.wait_for(lambda: brought(slack), "the question")
    heading = brought(slack)[0]["ts"]
    slack.wait_for(lambda: slack.replies("C0HELP", heading), "what was found")
    slack.wait_until_quiet()
    slack.deliver(slack.say("Bob, do you know?", channel="C0HELP", thread=heading))
    slack.wait_until_quiet()
    assert len(assistant.asked) == 2
    (again,) = slack.reply(slack.ask("And this?", channel="C0HELP"))
    assert buttons(again) == []  # the people are here already


@pytest.mark.usefixtures("helping")
def test_the_button_stands_under_answers_and_not_under_small_talk(
    slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    command = command_body(slack, "How much?")
    slack.deliver(command, type="slash_commands")
    slack.wait_for(lambda: any(one.get("blocks") for one in slack.private), "the answer")
    [private] = [one for one in slack.private if one.get("blocks")]
    assert buttons(private) == [SHARE, DISCARD, PERSON]
    press(slack, value_of(private))
    slack.wait_for(lambda: brought(slack), "the question")
    assert "where it was asked" not in brought(slack)[0]["text"]  # nobody else sees it there
    assistant.script = lambda question: events_of(about("Rain"))
    (reply,) = slack.reply(slack.ask("thanks"))
    assert buttons(reply) == []


@pytest.mark.usefixtures("helping")
def test_where_the_bot_may_not_write_the_asker_is_told(slack: SlackServer) -> None:
    (reply,) = slack.reply(slack.ask("How much?"))
    slack.fail("chat.postMessage", Fault(error="not_in_channel"))
    press(slack, value_of(reply))
    slack.wait_for(lambda: [one for one in slack.private if "people who help" in words(one)], "a word")


def test_without_the_setting_there_is_no_button(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    with running_bot(slack, assistant, tmp_path):
        (reply,) = slack.reply(slack.ask("How much?"))
        assert buttons(reply) == []
        press(slack, f"message:C0GENERAL:{reply['thread_ts']}")  # of a time when there was the setting
        slack.wait_for(lambda: [one for one in slack.private if "too old" in str(one)], "a word")
    assert brought(slack) == []
