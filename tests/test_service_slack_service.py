"""Slack in front of the whole service: a real index, what is kept, and no private article where others read along."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.history.database import opened_database
from service.history.store import HistoryStore
from service.slack.blocks import FEEDBACK
from tests.cli_fixtures import Run
from tests.service_fixtures import ROOT, assistant_over, index_into, settings_for, write
from tests.slack_fixtures import running_bot
from tests.slack_workspace import APP_TOKEN, BOT_TOKEN, SlackServer, action_body, event_body, words

ARTICLES = {
    "public.md": "---\ntitle: Lighthouse opened\npublisher: The Coast\n---\n"
    "The lighthouse of Skerrow was opened in 1887. <!channel> It is 42 metres tall.\n",
    "private.md": "---\ntitle: Lighthouse sold\ngroups: [board]\n---\n"
    "The lighthouse of Skerrow will be sold to Harbour Holdings for 9 million euros.\n",
}
PRIVATE = "Who will the lighthouse of Skerrow be sold to?"


@contextmanager
def _desk(data_dir: Path, folder: Path) -> Iterator[LocalAssistant]:
    with assistant_over(settings_for(data_dir)) as assistant:
        index_into(assistant, write(folder, ARTICLES))
        engine = opened_database(data_dir)
        try:
            yield replace(assistant, history=HistoryStore(engine, assistant.live))
        finally:
            engine.dispose()


def test_private_articles_are_never_in_a_public_thread(slack: SlackServer, tmp_path: Path, folder: Path) -> None:
    slack.user_groups = {"S0BOARD": ["UANN"]}
    groups = {"S0BOARD": ["board"], "C0BOARD": ["board"]}
    with _desk(tmp_path, folder) as assistant, running_bot(slack, assistant, tmp_path, slack_groups=groups):
        public = slack.ask(PRIVATE)
        direct = slack.say(PRIVATE, channel="D0ANN")
        slack.deliver(direct)
        board = slack.ask(PRIVATE, channel="C0BOARD")
        assert "Harbour Holdings" in words(slack.reply(direct)[0])
        assert "Harbour Holdings" in words(slack.reply(board)[0])
        slack.reply(public)
        slack.wait_until_quiet()
    everything = json.dumps(list(slack.channels["C0GENERAL"].values()))
    assert "Harbour" not in everything
    assert "Lighthouse sold" not in everything


def test_suggested_questions_come_from_what_the_person_may_read(
    slack: SlackServer, tmp_path: Path, folder: Path
) -> None:
    opened = {"type": "app_home_opened", "user": "UANN", "channel": "D0ANN", "tab": "messages", "event_ts": "1.1"}
    with _desk(tmp_path, folder) as assistant, running_bot(slack, assistant, tmp_path):
        slack.deliver(event_body(opened))
        slack.wait_for(lambda: slack.prompts, "prompts")
    suggested = json.dumps(slack.prompts[0])
    assert "Lighthouse opened" in suggested
    assert "Lighthouse sold" not in suggested


def test_what_is_answered_is_kept_and_rated(slack: SlackServer, tmp_path: Path, folder: Path) -> None:
    with _desk(tmp_path, folder) as assistant, running_bot(slack, assistant, tmp_path):
        body = slack.ask("When was the lighthouse of Skerrow opened?")
        (reply,) = slack.reply(body)
        assert "1887" in words(reply)
        assert "<!channel>" not in json.dumps(reply)
        (element,) = next(block for block in reply["blocks"] if block["type"] == "context_actions")["elements"]
        slack.deliver(action_body(slack, FEEDBACK, element["positive_button"]["value"]), type="interactive")
        slack.wait_for(lambda: any("Thank you" in one.get("text", "") for one in slack.private), "thanks")
        answer_id = element["positive_button"]["value"].removeprefix("up ")
        kept = assistant.stored_answer(answer_id, replace(OWNER, admin=True))
        assert kept.question == "When was the lighthouse of Skerrow opened?"
        slack.wait_until_quiet()
        further = slack.say("And how tall is it?", thread=body["event"]["ts"])
        slack.deliver(further)
        slack.reply(further)


def test_the_command_answers_until_it_is_told_to_stop(slack: SlackServer, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")} | {
        "FOOTNOTE_DATA_DIR": str(tmp_path / "data"),
        "FOOTNOTE_SLACK_BOT_TOKEN": BOT_TOKEN,
        "FOOTNOTE_SLACK_APP_TOKEN": APP_TOKEN,
        "FOOTNOTE_SLACK_API_URL": slack.url,
    }
    command = [sys.executable, "-c", "from service.cli.app import main; main()", "slack"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)})
    try:
        slack.wait_for(slack.open_sockets, "a connection", seconds=60)
        (reply,) = slack.reply(slack.ask("How?"), seconds=60)
        assert "Nothing has been indexed yet" in words(reply)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_the_manifest_is_ready_to_paste(footnote: Run) -> None:
    address = "https://footnote.example.org/"
    plain = footnote("slack", "manifest", public_url=address).json
    assert plain["settings"]["socket_mode_enabled"]
    assert "request_url" not in plain["settings"]["event_subscriptions"]
    # New apps are agents; Slack refuses the older kind.
    assert plain["features"]["agent_view"]["agent_description"]
    assert "assistant_view" not in plain["features"]
    events = plain["settings"]["event_subscriptions"]["bot_events"]
    assert {"app_home_opened", "message.im"} <= set(events)
    assert not any(event.startswith("assistant_thread") for event in events)
    http = footnote("slack", "manifest", "--http", public_url=address).json
    assert http["settings"]["event_subscriptions"]["request_url"] == "https://footnote.example.org/slack/events"
    assert http["features"]["slash_commands"][0]["url"] == "https://footnote.example.org/slack/events"
    assert not http["settings"]["socket_mode_enabled"]
    assert "redirect_urls" not in http["oauth_config"]
    several = footnote("slack", "manifest", "--several", public_url=address).json
    assert several["oauth_config"]["redirect_urls"] == ["https://footnote.example.org/slack/oauth_redirect"]
    assert several["settings"]["org_deploy_enabled"]
    assert {"app_uninstalled", "tokens_revoked"} <= set(several["settings"]["event_subscriptions"]["bot_events"])
