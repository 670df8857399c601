"""The bot as people meet it: when it answers, where, with what, and who gets to see which articles."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexEmpty, NotInHistory, QuestionError
from index.records import Access
from service.answer.pipeline import NOT_ANSWERED
from service.schemas.api import AskEvent, SearchingEvent
from service.slack.blocks import DISCARD, FEEDBACK, SHARE
from service.slack.wording import CANNOT_SHARE, HELP, LOOKING, NOT_RATED, NOT_READY, THANKS, TOO_MANY
from tests.slack_fixtures import ScriptedAssistant, about, answered, events_of, not_answered, running_bot
from tests.slack_workspace import BOT, TEAM, Fault, SlackServer, action_body, command_body, event_body, mention, words


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@pytest.mark.usefixtures("bot")
def test_a_mention_is_answered_in_its_thread_with_sources(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    body = slack.ask("How much does Amazon invest?")
    (reply,) = slack.reply(body)
    assert assistant.questions == ["How much does Amazon invest?"]
    assert reply["thread_ts"] == body["event"]["ts"]
    assert "You asked: How much does Amazon invest?. [1]" in words(reply)
    assert "*[1]* <https://daily.example.org/1|Amazon invests, part 1> · The Daily · 24 April 2026" in words(reply)
    assert "“Amazon will invest $5 billion in Anthropic now.”" in words(reply)
    assert "Quoted from the articles." in words(reply)


@pytest.mark.usefixtures("bot")
def test_a_status_stands_while_it_works_and_is_cleared(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    go = threading.Event()
    assistant.script = lambda question: _after(go, answered("Fine."))
    body = slack.ask("How?")
    place = ("C0GENERAL", body["event"]["ts"])
    slack.wait_for(lambda: slack.statuses.get(place), "a status")
    go.set()
    slack.reply(body)
    slack.wait_for(lambda: slack.statuses[place] == "", "no status")


@pytest.mark.usefixtures("bot")
def test_the_status_says_what_is_searched_for(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    go = threading.Event()
    searching = SearchingEvent(queries=["parental leave", "days off"])

    def script(question: str) -> Iterator[AskEvent]:
        yield searching
        yield from _after(go, answered("Fine."))

    assistant.script = script
    body = slack.ask("How?")
    place = ("C0GENERAL", body["event"]["ts"])
    slack.wait_for(lambda: slack.statuses.get(place) == "is searching for parental leave, days off…", "the search")
    go.set()
    slack.reply(body)
    slack.wait_for(lambda: slack.statuses[place] == "", "no status")


@pytest.mark.usefixtures("bot")
def test_a_reaction_takes_the_place_of_a_status(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    slack.always["assistant.threads.setStatus"] = Fault(error="missing_scope")
    go = threading.Event()
    assistant.script = lambda question: _after(go, answered("Fine."))
    body = slack.ask("How?")
    slack.wait_for(lambda: ("C0GENERAL", body["event"]["ts"]) in slack.reactions, "a reaction")
    go.set()
    slack.reply(body)
    slack.wait_for(lambda: not slack.reactions, "no reaction")


@pytest.mark.usefixtures("bot")
def test_sentences_are_streamed_as_they_come(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    go = threading.Event()

    def script(question: str) -> Iterator[AskEvent]:
        events = list(events_of(answered("The first.", "The second.")))
        yield from events[:2]
        go.wait(120)
        yield from events[2:]

    assistant.script = script
    body = slack.ask("How?")
    event = body["event"]
    slack.wait_for(
        lambda: any(reply["streamed"] for reply in slack.replies("C0GENERAL", event["ts"])), "the first sentence"
    )
    (growing,) = slack.replies("C0GENERAL", event["ts"])
    assert (growing["streamed"], growing["streaming"]) == ("The first. [1]", True)
    go.set()
    (reply,) = slack.reply(body)
    assert reply["streamed"] == "The first. [1] The second. [1]"
    started = slack.called("chat.startStream")[0]
    assert (started["recipient_user_id"], started["recipient_team_id"]) == ("UANN", TEAM)


@pytest.mark.usefixtures("bot")
def test_a_thread_goes_on_as_one_conversation_whoever_asks(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    first = slack.ask("How much?")
    slack.reply(first)
    slack.wait_until_quiet()
    thread = first["event"]["ts"]
    second = slack.say("And when?", user="UBOB", thread=thread)
    slack.deliver(second)
    slack.reply(second)
    (before, one), (after, other) = assistant.asked
    assert (before.conversation_id, after.conversation_id) == (None, "conv_1")
    assert one.id == other.id == f"slack:{TEAM}:C0GENERAL:{thread}"


@pytest.mark.usefixtures("bot")
def test_a_conversation_that_was_deleted_begins_anew(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    first = slack.ask("How much?")
    slack.reply(first)
    slack.wait_until_quiet()

    def forgotten(question: str) -> Iterator[AskEvent]:
        if assistant.asked[-1][0].conversation_id:
            raise NotInHistory("gone")
        yield from events_of(answered("Anew.", conversation_id="conv_2"))

    assistant.script = forgotten
    second = slack.say("And when?", thread=first["event"]["ts"])
    slack.deliver(second)
    assert "Anew." in words(slack.reply(second)[0])


@pytest.mark.usefixtures("bot")
def test_a_direct_message_is_answered_without_a_mention(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    body = slack.say("How much?", channel="D0ANN")
    slack.deliver(body)
    slack.reply(body)
    assert assistant.asked[0][1].id == f"slack:{TEAM}:UANN"


SILENT: list[dict[str, Any]] = [
    {"text": "just talk among people"},
    {"text": f"<@{BOT}> from a bot", "bot_id": "B0OTHER"},
    {"text": f"<@{BOT}> from a workflow", "subtype": "bot_message"},
    {"text": f"<@{BOT}> has joined the channel", "subtype": "channel_join"},
    {"text": f"<@{BOT}> edited in later", "edited": {"user": "UANN", "ts": "1.1"}},
    {"text": f"<@{BOT}> in an edit", "subtype": "message_changed"},
    {"text": f"<@{BOT}> deleted", "subtype": "message_deleted"},
    {"text": f"<@{BOT}> I am talking to myself", "user": BOT},
    {"text": f"<@{BOT}> from Slack", "user": "USLACKBOT"},
]


@pytest.mark.usefixtures("bot")
def test_nobody_else_is_answered(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    for fields in SILENT:
        slack.deliver(slack.say(**fields))
        slack.deliver(mention(slack.say(**fields)) if "<@" in fields["text"] else slack.say(**fields))
    thread = slack.say("A thread where it does not take part.")
    slack.deliver(slack.say("And on.", thread=thread["event"]["ts"]))
    asked = slack.ask("How?")
    slack.reply(asked)
    slack.wait_until_quiet()
    assert assistant.questions == ["How?"]
    assert len(slack.called("chat.startStream")) == 1


@pytest.mark.usefixtures("bot")
def test_what_people_say_to_each_other_in_a_thread_gets_no_reply(
    slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    asked = slack.ask("How?")
    slack.reply(asked)
    thread = asked["event"]["ts"]
    for said in (
        "thanks, all",
        "<@U0OTHER> what do you think?",
        "<!here> who knows?",
        "<!subteam^S1|@crew> have a look?",
    ):
        slack.deliver(slack.say(said, thread=thread))
    slack.wait_until_quiet()
    assert assistant.questions == ["How?"]
    assistant.script = lambda question: events_of(not_answered("Near"))
    slack.deliver(slack.say("I do not think that this is so.", thread=thread))
    slack.wait_until_quiet()
    assert len(slack.replies("C0GENERAL", thread)) == 1
    question = slack.say("And the crane?", thread=thread)
    slack.deliver(question)
    (refused,) = slack.reply(question)
    assert NOT_ANSWERED in words(refused)


@pytest.mark.usefixtures("bot")
def test_small_talk_to_the_bot_gets_a_friendly_reply(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    assistant.script = lambda question: events_of(about("Roles & berths", questions=["Who may *confirm* bookings?"]))
    (reply,) = slack.reply(slack.ask("thanks!"))
    assert "You are welcome." in words(reply)
    assert "*Some of the articles*\n• <https://footnote.example.org/articles/about/0|Roles &amp; berths>" in words(
        reply
    )
    assert "*You could ask*\n• Who may" in words(reply)
    assert "*confirm*" not in words(reply)
    assert FEEDBACK not in str(reply)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_mention_gets_a_short_help(slack: SlackServer, assistant: ScriptedAssistant, text: str) -> None:
    (reply,) = slack.reply(slack.ask(text))
    assert words(reply) == HELP
    assert assistant.asked == []


@pytest.mark.usefixtures("bot")
def test_a_refusal_is_worded_as_on_the_page(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    assistant.script = lambda question: events_of(not_answered("Amazon & Anthropic"))
    (reply,) = slack.reply(slack.ask("Who won?"))
    assert NOT_ANSWERED in words(reply)
    assert "*Nearest passages*" in words(reply)
    assert "• <https://footnote.example.org/articles/near/0|Amazon &amp; Anthropic>" in words(reply)
    assert "No answer found" in words(reply)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("error", "words_of"),
    [
        (QuestionError("The question holds no words. Write some."), "The question holds no words. Write some."),
        (IndexEmpty("empty"), "Nothing has been indexed yet"),
        (NotInHistory("secret path /data"), NOT_READY),
        (RuntimeError("secret inside"), "Something went wrong"),
    ],
)
def test_an_answer_that_fails_is_told(
    slack: SlackServer, assistant: ScriptedAssistant, error: Exception, words_of: str
) -> None:
    def failing(question: str) -> Iterator[AskEvent]:
        yield from list(events_of(answered("Half of")))[:2]
        raise error

    assistant.script = failing
    (reply,) = slack.reply(slack.ask("How?"))
    assert words_of in words(reply)
    assert "Half of" not in words(reply)
    assert "secret" not in words(reply)
    slack.wait_until_quiet()


def test_an_answer_that_takes_too_long_is_told(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    go = threading.Event()
    assistant.script = lambda question: _after(go, answered("Late."))
    with running_bot(slack, assistant, tmp_path, slack_answer_seconds=0.2):
        (reply,) = slack.reply(slack.ask("How?"))
        go.set()
    assert "took so long that I stopped" in words(reply)


@pytest.mark.usefixtures("bot")
def test_an_agent_suggests_something_to_ask_when_its_messages_are_opened(slack: SlackServer) -> None:
    opened = {"type": "app_home_opened", "user": "UANN", "channel": "D0ANN", "event_ts": "1.1"}
    slack.deliver(event_body({**opened, "tab": "home"}))
    slack.deliver(event_body({**opened, "tab": "messages"}))
    slack.wait_for(lambda: slack.prompts, "prompts")
    slack.wait_until_quiet()
    (suggested,) = slack.prompts
    assert suggested["channel_id"] == "D0ANN"
    assert "thread_ts" not in suggested
    assert suggested["title"].startswith("Ask me something")
    # Made from the articles; what would mention everybody is left out.
    messages = [prompt["message"] for prompt in suggested["prompts"]]
    assert messages == ["How much does Amazon invest?", "help"]


def test_questions_are_suggested_from_what_the_person_may_read(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    slack.user_groups = {"S0BOARD": ["UANN"]}
    assistant.to_try = tuple(f"{number} {'very ' * 40}long?" for number in range(5))
    with running_bot(slack, assistant, tmp_path, slack_groups={"S0BOARD": ["board"]}):
        for user in ("UANN", "UBOB"):
            opened = {"type": "app_home_opened", "user": user, "channel": f"D0{user[1:]}", "event_ts": "1.1"}
            slack.deliver(event_body(opened | {"tab": "messages"}))
        slack.wait_for(lambda: len(slack.prompts) == 2, "prompts")
    prompts = {given["channel_id"]: given["prompts"] for given in slack.prompts}
    assert prompts["D0ANN"][0]["message"] == "What was decided?"
    assert len(prompts["D0ANN"]) == len(prompts["D0BOB"]) == 4
    assert not any("decided" in prompt["message"] for prompt in prompts["D0BOB"])
    assert all(len(prompt["title"]) <= 75 for prompt in prompts["D0BOB"])


@pytest.mark.usefixtures("bot")
def test_what_a_person_looks_at_elsewhere_changes_nothing(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    changed = {"type": "app_context_changed", "user": "UANN", "context": {"entities": []}, "event_ts": "1.1"}
    envelope = slack.deliver(event_body(changed))
    slack.wait_for(lambda: envelope in slack.acknowledged, "an acknowledgement")
    body = slack.say("How much?", channel="D0ANN")
    slack.deliver(body)
    slack.reply(body)
    assert assistant.questions == ["How much?"]


@pytest.mark.usefixtures("bot")
def test_each_message_in_the_messages_tab_begins_a_thread_of_its_own(
    slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    first, second = (slack.say(text, channel="D0ANN") for text in ("How much?", "And when?"))
    for body in (first, second):
        slack.deliver(body)
        (reply,) = slack.reply(body)
        assert reply["thread_ts"] == body["event"]["ts"]
    assert [request.conversation_id for request, _ in assistant.asked] == [None, None]
    on = slack.say("Sure?", channel="D0ANN", thread=first["event"]["ts"])
    slack.deliver(on)
    slack.reply(on)
    assert assistant.asked[-1][0].conversation_id == "conv_1"


@pytest.mark.usefixtures("bot")
def test_the_assistant_pane_offers_something_to_ask_and_answers(
    slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    root = slack.say("New chat", channel="D0ANN")["event"]["ts"]
    pane = {"user_id": "UANN", "channel_id": "D0ANN", "thread_ts": root, "context": {}}
    slack.deliver(event_body({"type": "assistant_thread_started", "assistant_thread": pane, "event_ts": root}))
    slack.wait_for(lambda: slack.prompts, "prompts")
    assert (slack.prompts[0]["channel_id"], slack.prompts[0]["thread_ts"]) == ("D0ANN", root)
    slack.deliver(event_body({"type": "assistant_thread_context_changed", "assistant_thread": pane, "event_ts": root}))
    body = slack.say("How much?", channel="D0ANN", thread=root)
    slack.deliver(body)
    slack.reply(body)
    assert assistant.questions == ["How much?"]


GROUPS = {"C0BOARD": ["board"], "S0FINANCE": ["finance", "audit"], "S0LAW": ["law"]}


def test_a_channel_reads_what_everyone_there_may_and_a_person_their_own(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    slack.user_groups = {"S0FINANCE": ["UANN", "UBOB"], "S0LAW": ["UBOB"]}
    with running_bot(slack, assistant, tmp_path, slack_groups=GROUPS):
        for channel in ("C0GENERAL", "C0BOARD"):
            slack.reply(slack.ask(f"In {channel}?", channel=channel))
        for user in ("UANN", "UEVE"):
            body = slack.say(f"From {user}?", channel=f"D0{user}", user=user)
            slack.deliver(body)
            slack.reply(body)
        slack.deliver(command_body(slack, "By command?", channel="C0BOARD", user="UBOB"), type="slash_commands")
        slack.wait_for(lambda: "By command?" in assistant.questions, "the command")
    access = {request.question: asker.access for request, asker in assistant.asked}
    assert access == {
        "In C0GENERAL?": Access(),
        "In C0BOARD?": Access(frozenset({"board"})),
        "From UANN?": Access(frozenset({"finance", "audit"})),
        "From UEVE?": Access(),
        "By command?": Access(frozenset({"finance", "audit", "law"})),
    }


def test_who_cannot_be_looked_up_reads_what_is_for_everyone(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    slack.always["usergroups.users.list"] = Fault(error="missing_scope")
    with running_bot(slack, assistant, tmp_path, slack_groups=GROUPS):
        body = slack.say("How much?", channel="D0ANN")
        slack.deliver(body)
        slack.reply(body)
    assert assistant.asked[0][1].access == Access()


@pytest.mark.usefixtures("bot")
def test_a_command_is_answered_to_its_asker_alone(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    command = command_body(slack, "How much?")
    envelope = slack.deliver(command, type="slash_commands")
    sent = _private(slack, command["response_url"])
    assert sent["response_type"] == "ephemeral"
    assert "You asked: How much?. [1]" in words(sent)
    at_once = next(message for message in slack.private if message.get("acknowledged") == envelope)
    assert at_once["text"] == LOOKING
    assert not slack.called("chat.postMessage")
    assert not slack.called("chat.startStream")
    (actions,) = [block for block in sent["blocks"] if block["type"] == "actions"]
    assert [button["action_id"] for button in actions["elements"]] == [SHARE, DISCARD]


def test_sharing_answers_again_with_what_the_channel_may_read(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    slack.user_groups = {"S0FINANCE": ["UANN"]}
    groups = {"S0FINANCE": ["finance"]}
    with running_bot(slack, assistant, tmp_path, slack_groups=groups):
        command = command_body(slack, "How much <!channel>?")
        slack.deliver(command, type="slash_commands")
        sent = _private(slack, command["response_url"])
        key = next(block for block in sent["blocks"] if block["type"] == "actions")["elements"][0]["value"]
        shared = action_body(slack, SHARE, key)
        for _ in range(3):  # pressed again, and delivered again
            slack.deliver(shared, type="interactive")
        slack.wait_for(lambda: slack.called("chat.stopStream"), "the shared answer")
        assert _private(slack, shared["response_url"])["delete_original"]
        slack.wait_until_quiet()
        (heading,) = slack.called("chat.postMessage")
        assert heading["text"] == "<@UANN> asked: How much &lt;!channel&gt;?"
        assert len(slack.called("chat.startStream")) == 1
        (private, _), (public, asker) = assistant.asked
        assert private.question == public.question
        assert asker.access == Access()
        thread = slack.called("chat.startStream")[0]["thread_ts"]
        further = slack.say("And when?", user="UBOB", thread=thread)
        slack.deliver(further)
        slack.reply(further)
        assert assistant.asked[-1][1].id == asker.id


@pytest.mark.usefixtures("bot")
def test_sharing_where_the_bot_may_not_write_is_told(slack: SlackServer) -> None:
    command = command_body(slack, "How much?")
    slack.deliver(command, type="slash_commands")
    key = next(b for b in _private(slack, command["response_url"])["blocks"] if b["type"] == "actions")
    slack.fail("chat.postMessage", Fault(error="not_in_channel"))
    shared = action_body(slack, SHARE, key["elements"][0]["value"])
    slack.deliver(shared, type="interactive")
    slack.wait_for(lambda: any(words(one) == CANNOT_SHARE for one in slack.private), "the reason")


@pytest.mark.usefixtures("bot")
def test_discarding_takes_the_answer_away(slack: SlackServer) -> None:
    discarded = action_body(slack, DISCARD, "command:1")
    slack.deliver(discarded, type="interactive")
    assert _private(slack, discarded["response_url"])["delete_original"]


@pytest.mark.usefixtures("bot")
def test_feedback_goes_to_the_store_of_all_feedback(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    slack.reply(slack.ask("How?"))
    slack.deliver(action_body(slack, FEEDBACK, "up ans_1"), type="interactive")
    slack.deliver(action_body(slack, FEEDBACK, "down ans_1", user="UBOB"), type="interactive")
    slack.wait_for(lambda: len(assistant.rated) == 2, "two ratings")
    given = {(asker.id, request.answer_id, request.rating) for request, asker in assistant.rated}
    assert given == {(f"slack:{TEAM}:UANN", "ans_1", "up"), (f"slack:{TEAM}:UBOB", "ans_1", "down")}
    slack.wait_for(lambda: [one["user"] for one in slack.private if one.get("text") == THANKS], "thanks")


@pytest.mark.usefixtures("bot")
def test_feedback_on_what_is_not_kept_is_told(slack: SlackServer, assistant: ScriptedAssistant) -> None:
    assistant.unkept = True
    slack.deliver(action_body(slack, FEEDBACK, "up ans_1"), type="interactive")
    slack.wait_for(lambda: any(one.get("text") == NOT_RATED for one in slack.private), "the reason")


def test_beyond_the_queue_people_are_asked_for_patience(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    go = threading.Event()
    assistant.script = lambda question: _after(go, answered("Fine."))
    with running_bot(slack, assistant, tmp_path, slack_workers=1, slack_queue=2):
        first = slack.ask("Question 0?")
        slack.wait_for(lambda: assistant.asked, "the first question to be asked")
        asked = [slack.ask(f"Question {number}?") for number in range(1, 6)]
        turned_away = [slack.reply(body)[0] for body in asked[2:]]
        assert {words(reply) for reply in turned_away} == {TOO_MANY}
        command = slack.deliver(command_body(slack, "And by command?"), type="slash_commands")
        slack.wait_for(lambda: command in slack.acknowledged, "the command's acknowledgement")
        assert [one["text"] for one in slack.private if one.get("acknowledged") == command] == [TOO_MANY]
        go.set()
        for body in [first, *asked[:2]]:
            assert "Fine." in words(slack.reply(body)[0])


def test_events_are_acknowledged_before_anything_is_answered(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    go = threading.Event()
    assistant.script = lambda question: _after(go, answered("Fine."))
    with running_bot(slack, assistant, tmp_path, slack_workers=2):
        sent = {slack.deliver(slack.say(f"<@{BOT}> Question {number}?")) for number in range(60)}
        slack.wait_for(lambda: sent <= slack.acknowledged.keys(), "60 acknowledgements")
        go.set()


def _after(go: threading.Event, response: Any) -> Iterator[AskEvent]:
    go.wait(120)
    yield from events_of(response)


def _private(slack: SlackServer, url: str) -> dict[str, Any]:
    """Wait for what was sent to a response_url."""
    slack.wait_for(lambda: [one for one in slack.private if one.get("url") == url], "a private message")
    return next(one for one in slack.private if one.get("url") == url)
