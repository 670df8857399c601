"""`/ask settings`: who may change what the bot does in a channel, and what that changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexMismatch
from index.records import Access
from service.history.database import opened_database
from service.schemas.api import AskEvent
from service.slack.channels import ChannelBook, ChannelSettings
from service.slack.settings_view import SETTINGS_VIEW, Choices, NotTaken, entered, settings_view
from tests.slack_fixtures import ScriptedAssistant, answered, events_of, not_answered, running_bot
from tests.slack_workspace import SlackServer, command_body, view_body, words

SETTINGS: dict[str, Any] = {
    "slack_admins": ["UANN", "S0ADMINS"],
    "slack_groups": {"S0BOARD": ["board", "staff"], "C0BOARD": ["board"]},
}
BOARD = Choices(frozenset({"board", "staff"}), ["handbook"])


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant(scopes=["handbook"])


@pytest.fixture
def bot(slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path) -> Iterator[None]:
    slack.user_groups = {"S0BOARD": ["UANN"], "S0ADMINS": ["UBOB"]}
    with running_bot(slack, assistant, tmp_path, **SETTINGS):
        yield


def opened_by(slack: SlackServer, user: str, channel: str = "C0GENERAL") -> dict[str, Any]:
    before = len(slack.views)
    slack.deliver(command_body(slack, "Settings", user=user, channel=channel), type="slash_commands")
    slack.wait_for(lambda: len(slack.views) > before, "the window")
    return dict(slack.views[-1])


def offered(view: dict[str, Any]) -> dict[str, list[str]]:
    inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    return {name: [option["value"] for option in element.get("options", [])] for name, element in inputs.items()}


def groups(*names: str) -> dict[str, Any]:
    return {"type": "multi_static_select", "selected_options": [{"value": name} for name in names]}


def save(slack: SlackServer, view: dict[str, Any], *, user: str = "UANN", **values: Any) -> None:
    envelope = slack.deliver(view_body(view, values, user=user), type="interactive")
    slack.wait_for(lambda: envelope in slack.acknowledged, "an acknowledgement")


def set_for(tmp_path: Path, channel: str, settings: ChannelSettings) -> None:
    engine = opened_database(tmp_path)
    ChannelBook(engine).put(channel, settings, by="slack:T0TEAM:UANN")
    engine.dispose()


def test_what_is_set_counts_for_the_next_question(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path, bot: None
) -> None:
    view = opened_by(slack, "UANN")
    assert (view["callback_id"], view["private_metadata"]) == (SETTINGS_VIEW, "C0GENERAL")
    assert offered(view) == {"groups": ["board", "staff"], "scope": ["handbook"], "unmentioned": []}
    save(slack, view, groups=groups("staff"), scope={"selected_option": {"value": "handbook"}})
    slack.reply(slack.ask("How much?"))
    request, asker = assistant.asked[-1]
    assert (asker.access, request.filters.scope) == (Access(frozenset({"staff"})), "handbook")
    again = opened_by(slack, "UANN")
    [chosen] = [block["element"] for block in again["blocks"] if block.get("block_id") == "groups"]
    assert [option["value"] for option in chosen["initial_options"]] == ["staff"]
    direct = slack.say("And here?", channel="D0ANN")
    slack.deliver(direct)
    slack.reply(direct)
    assert assistant.asked[-1][0].filters.scope is None


def test_only_those_who_are_named_may_change_it(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path, bot: None
) -> None:
    slack.deliver(command_body(slack, "settings", user="UEVE"), type="slash_commands")
    slack.wait_for(lambda: [one for one in slack.private if "can change what I do" in str(one)], "a word")
    slack.deliver(command_body(slack, "settings", channel="D0ANN"), type="slash_commands")
    slack.wait_for(lambda: [one for one in slack.private if "Use this in a channel" in str(one)], "a word")
    assert slack.views == []
    view = opened_by(slack, "UBOB")
    assert "groups" not in offered(view)  # Bob reads none, so he can open none
    save(slack, view, user="UEVE", unmentioned={"value": "0.9"})
    save(slack, view, user="UBOB", groups=groups("board"))
    slack.reply(slack.ask("How much?"))
    assert assistant.asked[-1][1].access == Access()
    assert assistant.questions == ["How much?"]  # and "settings" is no question


def test_nobody_opens_what_they_do_not_read_or_closes_what_others_opened() -> None:
    now = ChannelSettings(groups=("finance",))
    view = settings_view("C1", now, BOARD)
    given = view_body(view, {"groups": groups("staff")})["view"]
    assert entered(given, now, BOARD).groups == ("finance", "staff")
    with pytest.raises(NotTaken, match="groups that you read"):
        entered(view_body(view, {"groups": groups("finance")})["view"], now, BOARD)
    with pytest.raises(NotTaken, match="no such scope"):
        entered(view_body(view, {"scope": {"selected_option": {"value": "other"}}})["view"], now, BOARD)
    untouched = entered(view_body(view, {})["view"], ChannelSettings(), BOARD)
    assert untouched == ChannelSettings()
    unseen = ChannelSettings(scope="finance")
    assert entered(view_body(settings_view("C1", unseen, BOARD), {})["view"], unseen, BOARD) == unseen


@pytest.mark.parametrize("number", ["0.4", "1.1", "-1", "nan", "inf", "much", "1e999"])
def test_a_confidence_that_is_none_is_refused(number: str) -> None:
    view = view_body(settings_view("C1", ChannelSettings(), BOARD), {"unmentioned": {"value": number}})["view"]
    with pytest.raises(NotTaken, match="number from"):
        entered(view, ChannelSettings(), BOARD)


def test_a_window_fits_into_slack_whatever_groups_are_called() -> None:
    many = Choices(frozenset(f"group {number} {'x' * number}" for number in range(200)), ["s" * 64] * 200)
    view = settings_view("C1", ChannelSettings(unmentioned=0.9), many)
    for values in offered(dict(view)).values():
        assert len(values) <= 100
        assert all(len(value) <= 75 for value in values)


@pytest.fixture
def speaking_up(slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path) -> Iterator[None]:
    """A bot that answers questions in C0GENERAL that mention nobody, from a confidence of 0.9 on."""
    set_for(tmp_path, "C0GENERAL", ChannelSettings(unmentioned=0.9))
    with running_bot(slack, assistant, tmp_path, **SETTINGS):
        yield


def overheard(slack: SlackServer, text: str, **more: Any) -> dict[str, Any]:
    body = slack.say(text, **more)
    slack.deliver(body)
    return body


@pytest.mark.usefixtures("speaking_up")
def test_a_question_to_nobody_is_answered_when_it_is_sure(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    assistant.script = lambda question: events_of(answered("It is 5.", confidence=0.95))
    body = overheard(slack, "How much does Amazon invest?")
    (reply,) = slack.reply(body)
    assert "It is 5." in words(reply)
    on = overheard(slack, "And when?", thread=body["event"]["ts"])  # now it takes part
    slack.reply(on)


@pytest.mark.usefixtures("speaking_up")
def test_below_that_it_stays_silent_and_keeps_nothing(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    doubtful = answered("It is 5.", confidence=0.95)
    doubtful = doubtful.model_copy(
        update={"sentences": [one.model_copy(update={"support": "unverified"}) for one in doubtful.sentences]}
    )
    given = [answered("It is 5.", confidence=0.8), not_answered("Rain"), doubtful]
    given.append(answered("It is 5.", confidence=0.95, degraded="The model failed."))
    for number, response in enumerate(given, start=1):
        assistant.script = lambda question, response=response: events_of(response)  # type: ignore[misc]
        overheard(slack, f"How much is {number}?")
        slack.wait_for(lambda number=number: len(assistant.deleted) == number, "nothing kept")  # type: ignore[misc]

    def fails(question: str) -> Iterator[AskEvent]:
        raise IndexMismatch("made with another model")

    assistant.script = fails
    overheard(slack, "And now?")
    slack.wait_for(lambda: len(assistant.asked) == 5, "the question")
    slack.wait_until_quiet()
    said = {call.method for call in slack.calls} - {"auth.test", "apps.connections.open", "usergroups.users.list"}
    assert said == set()  # no message, no status, no reaction


@pytest.mark.usefixtures("speaking_up")
def test_nothing_else_that_people_say_is_listened_to(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    overheard(slack, "Amazon invests a lot.")
    overheard(slack, "<@UBOB> how much?")
    overheard(slack, "How much?", channel="C0OTHER")
    overheard(slack, "And when?", thread=overheard(slack, "Look at this!")["event"]["ts"])
    overheard(slack, "thanks, right?")  # small talk
    slack.wait_until_quiet()
    assert assistant.asked == []
