"""Whatever Slack does, there is one reply, or people hear why not, the status is cleared and the fault is counted."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from index.errors import WrongUsage
from service.auth.state import AuthState
from service.schemas.api import AskEvent
from service.slack.running import check_tokens
from service.slack.tokens import wanted
from service.slack.wording import FAILED, NO_PLACE
from tests.slack_fixtures import ScriptedAssistant, answered, citation, events_of, running_bot, slack_settings
from tests.slack_workspace import Fault, SlackServer, command_body, words

ANSWER = ["The first sentence.", "The second sentence.", "The third sentence."]


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant(_slowly)


def _slowly(question: str) -> Iterator[AskEvent]:
    """Three sentences, each of which Slack gets before the next."""
    for event in events_of(answered(*ANSWER)):
        yield event
        threading.Event().wait(0.05)


Breaks = Callable[[SlackServer], None]
STREAM = [
    pytest.param(lambda slack: setattr(slack, "stream_lives", 0), id="a stream that ends at once"),
    pytest.param(lambda slack: setattr(slack, "stream_lives", 1), id="a stream that ends later"),
    pytest.param(lambda slack: slack.fail("chat.stopStream", Fault(status=502)), id="5xx at the end"),
    pytest.param(
        lambda slack: slack.fail("chat.stopStream", Fault(cut=True, carried_out=True)), id="an end nobody heard of"
    ),
    pytest.param(lambda slack: slack.fail("chat.stopStream", Fault(error="invalid_blocks")), id="blocks refused"),
    pytest.param(lambda slack: slack.fail("chat.appendStream", Fault(status=503)), id="5xx in the middle"),
    pytest.param(
        lambda slack: slack.fail("chat.appendStream", Fault(cut=True, carried_out=True)), id="lost in the middle"
    ),
    pytest.param(lambda slack: slack.fail("chat.appendStream", Fault(error="ratelimited")), id="429 as a word"),
    pytest.param(
        lambda slack: slack.fail("chat.appendStream", Fault(status=429, retry_after=0)), id="429 in the middle"
    ),
    pytest.param(lambda slack: slack.fail("chat.startStream", Fault(cut=True)), id="a start that is cut off"),
    pytest.param(
        lambda slack: slack.fail("chat.startStream", Fault(cut=True, carried_out=True)), id="a start nobody heard of"
    ),
    pytest.param(lambda slack: slack.fail("chat.startStream", Fault(error="unknown_method")), id="no streams"),
    pytest.param(lambda slack: slack.fail("chat.startStream", Fault(error="missing_scope")), id="no leave to stream"),
]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("breaks", STREAM)
def test_a_stream_that_breaks_still_ends_as_one_whole_reply(slack: SlackServer, breaks: Breaks) -> None:
    breaks(slack)
    body = slack.ask("How?")
    (reply,) = slack.reply(body)
    slack.wait_until_quiet()
    (only,) = slack.replies("C0GENERAL", body["event"]["ts"])
    assert only == reply
    assert " ".join(f"{sentence} [1]" for sentence in ANSWER) in words(reply)
    assert words(reply).count("The first sentence.") == 1
    assert "Amazon invests, part 1" in words(reply)


NO_STREAM = Fault(error="unknown_method")


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, retry_after=0),
        Fault(status=500),
        Fault(status=502, carried_out=True),
        Fault(cut=True),
        Fault(cut=True, carried_out=True),
        Fault(error="internal_error"),
        Fault(error="invalid_blocks"),
        Fault(error="msg_blocks_too_long"),
    ],
    ids=str,
)
def test_a_post_that_fails_is_made_once(slack: SlackServer, fault: Fault) -> None:
    slack.always["chat.startStream"] = NO_STREAM
    slack.fail("chat.postMessage", fault)
    body = slack.ask("How?")
    (reply,) = slack.reply(body)
    slack.wait_until_quiet()
    assert slack.replies("C0GENERAL", body["event"]["ts"]) == [reply]
    assert "The third sentence." in words(reply)


@pytest.mark.usefixtures("bot")
def test_retry_after_is_waited_for(slack: SlackServer) -> None:
    slack.fail("chat.startStream", Fault(status=429, retry_after=1))
    begun = monotonic()
    slack.reply(slack.ask("How?"))
    assert monotonic() - begun > 1
    assert len(slack.called("chat.startStream")) == 2


def test_a_timeout_is_a_fault_like_others(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.slack.running._CALL_SECONDS", 0.3)
    slack.always["chat.startStream"] = NO_STREAM
    slack.fail("chat.postMessage", Fault(silent=1.0, carried_out=True), Fault(silent=1.0))
    with running_bot(slack, assistant, tmp_path):
        body = slack.ask("How?")
        (reply,) = slack.reply(body)
        slack.wait_until_quiet()
        assert slack.replies("C0GENERAL", body["event"]["ts"]) == [reply]


@pytest.mark.usefixtures("bot")
def test_while_slack_is_down_a_question_waits(slack: SlackServer) -> None:
    slack.fail("chat.startStream", *[Fault(status=503)] * 2)
    slack.fail("chat.postMessage", *[Fault(status=503)] * 5)
    slack.fail("conversations.replies", *[Fault(status=503)] * 5)
    body = slack.ask("How?")
    (reply,) = slack.reply(body)
    assert "The third sentence." in words(reply)
    slack.wait_until_quiet()
    assert slack.replies("C0GENERAL", body["event"]["ts"]) == [reply]


@pytest.mark.usefixtures("bot")
def test_a_channel_that_is_gone_is_told_directly(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    def gone(question: str) -> Iterator[AskEvent]:
        slack.gone.add("C0GENERAL")
        yield from events_of(answered(*ANSWER))

    assistant.script = gone
    slack.ask("How?")
    slack.wait_for(lambda: slack.channels["DANN"], "a direct message")
    assert [words(message) for message in slack.channels["DANN"].values()] == [NO_PLACE]


def test_a_refused_token_is_counted_and_the_question_waits_for_a_new_one(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    auth_state = AuthState()
    registry = auth_state.metrics.registry

    def counted() -> float | None:
        labels = {"method": "chat.startStream", "kind": "token_revoked"}
        return registry.get_sample_value("footnote_slack_faults_total", labels)

    with running_bot(slack, assistant, tmp_path, auth_state=auth_state):
        slack.refused_token = True
        body = slack.ask("How?")
        slack.wait_for(counted, "the fault to be counted")
        slack.refused_token = False
        slack.reply(body)
        slack.wait_until_quiet()
    assert registry.get_sample_value("footnote_slack_questions_total", {"outcome": "replied"}) == 1


@pytest.mark.usefixtures("bot")
def test_a_lost_connection_is_made_again_and_what_came_meanwhile_is_answered(slack: SlackServer) -> None:
    slack.reply(slack.ask("Before?"))
    slack.close_sockets()
    body = slack.say("<@UBOT> After?")
    slack.wait_for(lambda: len(slack.sockets) > 1 and slack.open_sockets(), "another connection")
    slack.deliver(body)
    slack.reply(body)


@pytest.mark.usefixtures("bot")
def test_a_command_whose_address_is_used_up_is_answered_another_way(slack: SlackServer) -> None:
    slack.fail("response_url", Fault(status=404, error="expired_url"))
    slack.deliver(command_body(slack, "How?"), type="slash_commands")
    slack.wait_for(lambda: slack.called("chat.postEphemeral"), "an ephemeral message")
    assert slack.called("chat.postEphemeral")[0]["user"] == "UANN"


@pytest.mark.usefixtures("bot")
def test_a_command_that_slack_is_slow_to_take_waits_as_it_says(slack: SlackServer) -> None:
    slack.fail("response_url", Fault(status=429))
    command = command_body(slack, "How?")
    slack.deliver(command, type="slash_commands")
    slack.wait_for(lambda: [one for one in slack.private if one.get("url") == command["response_url"]], "the answer")


@pytest.mark.usefixtures("bot")
def test_an_unknown_fault_of_slack_is_told_where_it_can_be(slack: SlackServer) -> None:
    slack.always["chat.startStream"] = NO_STREAM
    slack.fail("chat.postMessage", Fault(error="something_new"))
    body = slack.ask("How?")
    (reply,) = slack.reply(body)
    assert words(reply) == FAILED


@pytest.mark.usefixtures("bot")
def test_a_status_that_cannot_be_shown_keeps_nobody_from_answering(slack: SlackServer) -> None:
    slack.always["assistant.threads.setStatus"] = Fault(error="not_allowed")
    slack.always["reactions.add"] = Fault(error="missing_scope")
    slack.reply(slack.ask("How?"))


@pytest.mark.usefixtures("bot")
def test_a_long_answer_is_split_at_sentence_ends(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    sentences = [f"Sentence {number} says {'much ' * 40}indeed." for number in range(120)]
    cited = [citation(number) for number in range(1, 31)]
    assistant.script = lambda question: events_of(answered(*sentences, citations=cited))
    body = slack.ask("How?")
    parts = slack.reply(body, count=4)
    slack.wait_until_quiet()
    parts = slack.replies("C0GENERAL", body["event"]["ts"])
    said = [words(part) for part in parts]
    assert all(len(part.get("streamed", "")) <= 12_000 and len(part["blocks"]) <= 50 for part in parts)
    positions = [next(i for i, text in enumerate(said) if sentence in text) for sentence in sentences]
    assert positions == sorted(positions)
    assert all(any(f"*[{number}]*" in text for text in said) for number in range(1, 31))
    assert not slack.called("chat.update")
    numbers = [part["metadata"]["event_payload"]["part"] for part in parts]
    assert numbers == list(range(1, len(parts) + 1))


def test_tokens_that_slack_refuses_are_wrong_usage(slack: SlackServer, tmp_path: Path) -> None:
    check_tokens(slack_settings(slack.url, tmp_path))
    slack.refused_token = True
    with pytest.raises(WrongUsage, match=r"auth\.test: token_revoked"):
        check_tokens(slack_settings(slack.url, tmp_path))
    slack.refused_token = False
    slack.fail("apps.connections.open", Fault(error="not_allowed_token_type"))
    with pytest.raises(WrongUsage, match=r"apps\.connections\.open: not_allowed_token_type"):
        check_tokens(slack_settings(slack.url, tmp_path))


def test_half_of_the_settings_is_wrong_usage(slack: SlackServer, tmp_path: Path) -> None:
    assert wanted(slack_settings(slack.url, tmp_path))
    assert not wanted(slack_settings(slack.url, tmp_path, slack_bot_token=None, slack_app_token=None))
    with pytest.raises(WrongUsage, match="FOOTNOTE_SLACK_BOT_TOKEN"):
        wanted(slack_settings(slack.url, tmp_path, slack_bot_token=None))
    with pytest.raises(WrongUsage, match="FOOTNOTE_SLACK_APP_TOKEN"):
        wanted(slack_settings(slack.url, tmp_path, slack_app_token=None))


def test_an_unreachable_slack_is_no_reason_not_to_start(
    slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.always["auth.test"] = Fault(status=503)
    check_tokens(slack_settings(slack.url, tmp_path))
    assert len(slack.called("auth.test")) > 1
