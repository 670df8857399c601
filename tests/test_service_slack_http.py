"""Slack's requests over HTTP: signed over the raw body, let in past the gate, and nothing else is."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.slack.http import slack_routes
from service.slack.running import SlackBot
from tests.fake_assistant import FakeAssistant
from tests.service_fixtures import settings_for
from tests.slack_fixtures import ScriptedAssistant, running_bot, secret_settings
from tests.slack_workspace import BOT, TEAM, SlackServer, command_body, mention, signed


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@pytest.fixture
def http(slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path) -> Iterator[TestClient]:
    with running_bot(slack, assistant, tmp_path, **secret_settings()) as bot, _service(bot, tmp_path) as client:
        yield client


def _service(bot: SlackBot, data_dir: Path) -> TestClient:
    """The whole service, as Slack reaches it: by way of a proxy, under another name."""
    app = create_app(FakeAssistant(), settings=settings_for(data_dir))
    app.include_router(slack_routes(bot))
    return TestClient(app, base_url="https://footnote.example.org", headers={"X-Forwarded-For": "203.0.113.9"})


def test_a_signed_event_is_answered(http: TestClient, slack: SlackServer, assistant: ScriptedAssistant) -> None:
    body = slack.say(f"<@{BOT}> Ünïcode, how much?")
    for event in (body, mention(body), body):
        raw = json.dumps(event, ensure_ascii=False).encode()
        assert http.post("/slack/events", content=raw, headers=signed(raw)).status_code == 200
    slack.reply(body)
    slack.wait_until_quiet()
    assert assistant.questions == ["Ünïcode, how much?"]


def test_a_signed_command_is_answered(http: TestClient, slack: SlackServer) -> None:
    command = command_body(slack, "How much?")
    raw = urlencode(command).encode()
    headers = signed(raw) | {"Content-Type": "application/x-www-form-urlencoded"}
    response = http.post("/slack/events", content=raw, headers=headers)
    assert "Looking" in response.text
    slack.wait_for(lambda: [one for one in slack.private if one.get("url") == command["response_url"]], "the answer")


def test_slack_may_check_the_address(http: TestClient) -> None:
    raw = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"}).encode()
    response = http.post("/slack/events", content=raw, headers=signed(raw))
    assert response.json()["challenge"] == "3eZbrw1aB"


def test_whatever_is_not_signed_now_by_slack_is_refused(
    http: TestClient, slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    raw = json.dumps(slack.say(f"<@{BOT}> How much?")).encode()
    good = signed(raw)
    forged = {
        "no signature": {"Content-Type": "application/json"},
        "another secret": signed(raw, secret="other"),
        "six minutes old": signed(raw, at=time.time() - 360),
        "from the future": signed(raw, at=time.time() + 360),
        "no time": good | {"X-Slack-Request-Timestamp": "now"},
        "another body": signed(raw + b" "),
    }
    statuses = {name: http.post("/slack/events", content=raw, headers=headers) for name, headers in forged.items()}
    assert {name: response.status_code for name, response in statuses.items()} == dict.fromkeys(forged, 401)
    assert http.post("/slack/events", content=b"\xff\xfe", headers=signed(b"")).status_code == 401
    assert assistant.asked == []


def test_the_rest_of_the_service_stays_behind_the_gate(http: TestClient) -> None:
    refused = http.post("/api/ask", json={"question": "How much?"})
    assert refused.status_code == 403
    assert http.get("/slack/events").status_code in (404, 405)


def test_before_slack_is_reached_it_is_asked_to_come_again(tmp_path: Path) -> None:
    with _service(SlackBot(), tmp_path) as client:
        raw = b"{}"
        assert client.post("/slack/events", content=raw, headers=signed(raw)).status_code == 503


def test_without_a_signing_secret_there_is_no_such_address(tmp_path: Path) -> None:
    with TestClient(create_app(FakeAssistant(), settings=settings_for(tmp_path))) as client:
        raw = json.dumps({"team_id": TEAM}).encode()
        response = client.post("/slack/events", content=raw, headers=signed(raw, secret="x"))
    assert response.status_code == 404
