"""What is shown of the steps to an answer in Slack, and that a reply comes all the same where they cannot be shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from index.errors import IndexMismatch
from service.schemas.api import AskEvent, AskResponse, HitsEvent, HitWire, SearchingEvent
from service.slack.steps import Steps
from tests.slack_fixtures import ScriptedAssistant, answered, citation, events_of, not_answered
from tests.slack_workspace import Fault, SlackServer, words


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


def scripted(assistant: ScriptedAssistant, response: AskResponse, *between: AskEvent) -> None:
    first, *others = events_of(response)
    assistant.script = lambda question: iter([first, *between, *others])


def tasks(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = message.get("tasks", {})
    return found


@pytest.mark.usefixtures("bot")
def test_an_answer_shows_that_it_was_searched_read_and_checked(
    slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    citations = [
        citation(1),
        citation(2, url=None),
        citation(3, url="javascript:alert(1)"),
        citation(4, article_id="x"),
    ]
    scripted(assistant, answered("It is 5.", citations=citations), SearchingEvent(queries=["Amazon", "5 billion"]))
    (reply,) = slack.reply(slack.ask("How much?"))
    shown = tasks(reply)
    assert list(shown) == ["search", "read", "check", "search-1"]
    assert {task["status"] for task in shown.values()} == {"complete"}
    assert shown["search-1"]["details"] == "Amazon, 5 billion"
    assert shown["check"]["output"] == "1 sentence verified"
    addresses = [source["url"] for source in shown["read"]["sources"]]
    assert addresses == ["https://daily.example.org/1", "https://daily.example.org/4"]
    assert slack.called("chat.startStream")[0]["task_display_mode"] == "plan"
    assert reply["streamed"] == "It is 5. [1]"
    assert slack.called("chat.update") == []


@pytest.mark.usefixtures("bot")
def test_a_refusal_and_a_failure_end_their_steps(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    scripted(assistant, not_answered("Rain"))
    (reply,) = slack.reply(slack.ask("How?"))
    assert {task["status"] for task in tasks(reply).values()} == {"complete"}
    assert "Nothing found that answers this" in tasks(reply)["read"]["output"]

    def fails(question: str) -> Iterator[AskEvent]:
        yield HitsEvent(id="ans_1", hits=[])
        raise IndexMismatch("made with another model")

    assistant.script = fails
    (reply,) = slack.reply(slack.ask("How?"))
    assert [task["status"] for task in tasks(reply).values()] == ["complete", "error", "error"]
    assert "something is wrong with my articles" in words(reply)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream"])
def test_where_slack_takes_no_steps_there_is_the_answer(
    slack: SlackServer, assistant: ScriptedAssistant, method: str
) -> None:
    scripted(assistant, answered("It is 5."), SearchingEvent(queries=["Amazon"]))
    slack.fail(method, Fault(error="invalid_chunks"))
    (reply,) = slack.reply(slack.ask("How much?"))
    assert "It is 5. [1]" in words(reply)
    assert "*[1]*" in words(reply)
    slack.wait_until_quiet()
    assert len(slack.replies("C0GENERAL", reply["thread_ts"])) == 1


@pytest.mark.usefixtures("bot")
def test_what_is_said_to_others_shows_no_steps(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    first = slack.ask("How much?")
    slack.reply(first)
    started = len(slack.called("chat.startStream"))
    scripted(assistant, not_answered())
    slack.deliver(slack.say("I will ask Bob about it", thread=first["event"]["ts"]))
    slack.wait_for(lambda: len(assistant.questions) == 2, "the question")
    slack.wait_until_quiet()
    assert len(slack.called("chat.startStream")) == started


def test_steps_fit_into_slack_whatever_they_are_about() -> None:
    steps = Steps()
    cited = citation().model_dump(include=set(HitWire.model_fields))
    hit = HitWire.model_validate(cited | {"text": "It rained.", "dense": 0.7, "lexical": 8.0})
    long = [citation(n, article_id=f"a{n}", title="t" * 500, url=f"https://x.example/{n}") for n in range(9)]
    shown = steps.after(HitsEvent(id="ans_1", hits=[hit, hit]))
    assert shown[1]["output"] == "2 passages of 1 article"
    shown += steps.after(SearchingEvent(queries=["w" * 300] * 5))
    steps.after(answered("Yes.", citations=long))
    shown += steps.ended()
    texts = [value for chunk in shown for value in chunk.values() if isinstance(value, str)]
    assert max(map(len, texts)) <= 256
    [read] = [chunk for chunk in shown if "sources" in chunk]
    assert len(read["sources"]) == 4
    assert all(len(source["text"]) <= 80 for source in read["sources"])
