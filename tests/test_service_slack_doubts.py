"""The button "What is in doubt?": a window with alerts on what sources differ in, and on what is not verified."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.history.database import database_in
from service.history.store import HistoryStore
from service.schemas.api import AskResponse, DisagreementWire, ValueWire
from service.slack.blocks import DOUBTS
from service.slack.doubts import doubts_view
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.slack_fixtures import PUBLIC_URL, ScriptedAssistant, answered, citation, events_of, running_bot
from tests.slack_methods import METHODS
from tests.slack_workspace import Message, SlackServer, action_body, command_body, words

VALUES = [ValueWire(value="$5 billion", citations=[1]), ValueWire(value="$4 billion", citations=[2])]


def doubtful(text: str = "It invests.", *, about: str = "the investment", **more: Any) -> AskResponse:
    """An answer whose sources differ, with a sentence that is not verified."""
    response = answered(
        "Amazon invests $5 billion.",
        text,
        citations=[citation(1), citation(2, quote="It is $4 billion."), citation(3)],
        disagreements=[DisagreementWire(about=about, values=VALUES)],
        **more,
    )
    sure, unsure = response.sentences
    return response.model_copy(update={"sentences": [sure, unsure.model_copy(update={"support": "unverified"})]})


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant(script=lambda question: events_of(doubtful()))


def button(message: Message) -> str | None:
    elements = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    return next((one["value"] for one in elements if one["action_id"] == DOUBTS), None)


def press(slack: SlackServer, value: str | None, **where: Any) -> None:
    assert value
    slack.deliver(action_body(slack, DOUBTS, value, **where), type="interactive")


def test_a_window_shows_what_is_in_doubt(slack: SlackServer, bot: None) -> None:
    (reply,) = slack.reply(slack.ask("How much?"))
    assert not [block for block in reply["blocks"] if block["type"] == "alert"]  # Slack takes none in messages
    press(slack, button(reply))
    slack.wait_for(lambda: slack.views, "the window")
    [view] = slack.views
    alerts = [block for block in view["blocks"] if block["type"] == "alert"]
    assert [(alert["level"], alert["text"]["text"]) for alert in alerts] == [
        ("warning", "Sources differ: the investment"),
        ("warning", "Not verified: the sources do not clearly say this."),
    ]
    shown = words(dict(view))
    assert "• $5 billion [1]\n• $4 billion [2]" in shown
    assert "“It is $4 billion.”" in shown
    assert "part 3" not in shown
    assert "• It invests." in shown
    assert "• Amazon invests" not in shown


def test_a_slack_without_alerts_shows_the_same_in_sections(slack: SlackServer, bot: None) -> None:
    slack.refuses_alerts = True
    (reply,) = slack.reply(slack.ask("How much?"))
    press(slack, button(reply))
    slack.wait_for(lambda: slack.views, "the window")
    [view] = slack.views
    assert len(slack.called("views.open")) == 2
    assert "*Sources differ: the investment*" in words(dict(view))
    assert len(slack.replies("C0GENERAL", reply["thread_ts"])) == 1


def test_what_is_sure_or_not_kept_has_no_such_button(
    slack: SlackServer, assistant: ScriptedAssistant, bot: None
) -> None:
    assistant.script = lambda question: events_of(answered("It is 5."))
    (sure,) = slack.reply(slack.ask("How much?"))
    assistant.script = lambda question: events_of(doubtful(conversation_id=None))
    (unkept,) = slack.reply(slack.ask("How much is it?"))
    assert button(sure) is button(unkept) is None


def test_an_answer_that_is_gone_opens_no_window(slack: SlackServer, assistant: ScriptedAssistant, bot: None) -> None:
    (reply,) = slack.reply(slack.ask("How much?"))
    assistant.unkept = True
    press(slack, button(reply))
    slack.wait_for(lambda: [one for one in slack.private if "not kept any more" in str(one)], "a word")
    assert slack.views == []


def test_the_window_is_for_who_reads_the_articles_now(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    slack.user_groups = {"S0STAFF": ["UANN"]}
    groups = {"C0BOARD": ["board"], "S0STAFF": ["staff"]}
    with running_bot(slack, assistant, tmp_path, slack_groups=groups):
        (reply,) = slack.reply(slack.ask("How much?", channel="C0BOARD"))
        press(slack, button(reply), channel="C0BOARD")
        slack.wait_for(lambda: slack.views, "the window")
        slack.deliver(command_body(slack, "How much?"), type="slash_commands")
        slack.wait_for(lambda: [one for one in slack.private if one.get("blocks")], "a private answer")
        [private] = [one for one in slack.private if one.get("blocks")]
        press(slack, button(private))
        slack.wait_for(lambda: len(slack.views) == 2, "the second window")
    assert [asker.access.groups for _, asker in assistant.opened] == [{"board", "staff"}, {"staff"}]


def test_an_article_that_may_not_be_read_any_more_is_not_shown(slack: SlackServer, tmp_path: Path) -> None:
    articles = {
        "travel.md": "---\ngroups: [board]\n---\n# Travel\n\nMeals on business trips are paid up to 28 euros a day.\n",
        "expenses.md": "# Expenses\n\nOn business trips, up to 35 euros a day are paid for meals.\n",
    }
    groups = {"C0BOARD": ["board"]}
    question = "How much is paid for meals on business trips?"
    with database_in(tmp_path) as engine, assistant_over(settings_for(tmp_path)) as plain:
        assistant = replace(plain, history=HistoryStore(engine, plain.live))
        index_into(assistant, write(tmp_path / "articles", articles))
        with running_bot(slack, assistant, tmp_path, slack_groups=groups):
            (reply,) = slack.reply(slack.ask(question, channel="C0BOARD"))
            press(slack, button(reply), channel="C0BOARD")
            slack.wait_for(lambda: slack.views, "the window")
            assert all(value in str(slack.views) for value in ("28 euros", "35 euros"))
            assistant.delete(["travel"])
            press(slack, button(reply), channel="C0BOARD")
            slack.wait_for(lambda: [one for one in slack.private if "not kept any more" in str(one)], "a word")
        assert len(slack.views) == 1


HARD = st.text(alphabet="<&>*_:ab. 1", max_size=3_000) | st.text(max_size=50)


@given(HARD, HARD, st.integers(min_value=1, max_value=60))
def test_slack_takes_the_window_whatever_is_in_doubt(text: str, about: str, times: int) -> None:
    response = doubtful(text, about=about)
    many = response.model_copy(update={"disagreements": response.disagreements * times})
    server = SlackServer()
    METHODS["views.open"](server, {"view": doubts_view(many, public_url=PUBLIC_URL)})
    assert "<!" not in str(server.views)
