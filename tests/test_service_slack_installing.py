"""Several workspaces and organisations install the app: by a browser, apart from each other, until they uninstall it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.fernet import Fernet, MultiFernet
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError

from index.errors import WrongUsage
from index.records import Access
from service.api.app import create_app
from service.history.database import opened_database
from service.settings import Settings
from service.slack.channels import ChannelBook, ChannelSettings
from service.slack.http import install_routes, slack_routes
from service.slack.installations import InstallationBook, all_installations
from service.slack.tokens import wanted
from tests.fake_assistant import FakeAssistant
from tests.service_fixtures import settings_for
from tests.slack_fixtures import PUBLIC_URL, ScriptedAssistant, running_bot, secret_settings, slack_settings
from tests.slack_workspace import (
    BOT,
    CLIENT_ID,
    CLIENT_SECRET,
    Fault,
    SlackServer,
    action_body,
    command_body,
    mention,
    signed,
    view_body,
    words,
)

KEY = Fernet.generate_key().decode()
INSTALLING: dict[str, Any] = {
    "slack_bot_token": None,
    "slack_client_id": CLIENT_ID,
    "slack_client_secret": SecretStr(CLIENT_SECRET),
    "slack_token_keys": SecretStr(KEY),
    "slack_workspaces": ["T0ONE", "T0TWO", "E0ORG"],
    "public_url": PUBLIC_URL,
    **secret_settings(),
}


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@contextmanager
def service(slack: SlackServer, assistant: ScriptedAssistant, data: Path, **changes: Any) -> Iterator[TestClient]:
    """The whole service, as browsers and Slack reach it: by way of a proxy, under another name."""
    with running_bot(slack, assistant, data, **INSTALLING | changes) as bot:
        app = create_app(FakeAssistant(), settings=settings_for(data))
        app.include_router(slack_routes(bot))
        app.include_router(install_routes(bot))
        with TestClient(
            app, base_url=PUBLIC_URL, headers={"X-Forwarded-For": "203.0.113.9"}, follow_redirects=False
        ) as client:
            yield client


@pytest.fixture
def http(slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path) -> Iterator[TestClient]:
    with service(slack, assistant, tmp_path) as client:
        yield client


def begun(http: TestClient) -> str:
    """Begin to install, and return the state that Slack sends back."""
    begun = http.get("/slack/install")
    assert begun.status_code == 302
    return parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]


def install(http: TestClient, code: str) -> Any:
    return http.get("/slack/oauth_redirect", params={"code": code, "state": begun(http)})


def send(http: TestClient, body: dict[str, Any]) -> Any:
    raw = json.dumps(body).encode()
    return http.post("/slack/events", content=raw, headers=signed(raw))


def ask(http: TestClient, there: SlackServer, text: str, **where: Any) -> dict[str, Any]:
    body = there.say(f"<@{BOT}> {text}", **where)
    assert send(http, mention(body)).status_code == 200
    return body


def answered_in(there: SlackServer, body: dict[str, Any]) -> None:
    event = body["event"]
    there.wait_for(lambda: there.replies(event["channel"], event["ts"]), "a reply")
    there.wait_until_quiet()


def test_a_workspace_installs_the_app_and_gets_answers(
    http: TestClient, slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one = slack.installable("one", team="T0ONE")
    begun = http.get("/slack/install")
    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert begun.headers["location"].startswith(f"{slack.url.removesuffix('api/')}oauth/v2/authorize?")
    assert query["redirect_uri"] == [f"{PUBLIC_URL}/slack/oauth_redirect"]
    assert "chat:write" in query["scope"][0]
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    done = http.get("/slack/oauth_redirect", params={"code": "one", "state": query["state"][0]})
    assert (done.status_code, done.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Footnote is installed in &lt;b&gt;T0ONE&lt;/b&gt;" in done.text
    assert "<b>" not in done.text
    answered_in(one, ask(http, one, "How much?"))
    assert assistant.questions == ["How much?"]
    engine = opened_database(tmp_path)
    assert [(place.id, place.name) for place in all_installations(engine)] == [("T0ONE", "<b>T0ONE</b>")]
    engine.dispose()
    for file in tmp_path.iterdir():
        assert b"xoxb-one" not in file.read_bytes(), file


def test_what_is_installed_is_there_after_a_restart(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one = slack.installable("one", team="T0ONE")
    with service(slack, assistant, tmp_path) as http:
        install(http, "one")
    with service(slack, assistant, tmp_path) as http:
        answered_in(one, ask(http, one, "How much?"))


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"state": None}, 400, "did not begin this installation"),
        ({"state": "forged"}, 400, "did not begin this installation"),
        ({"code": None}, 401, "sent no code"),
        ({"code": "unknown"}, 401, "does not accept the code"),
        ({"error": "access_denied"}, 200, "cancelled"),
        ({"error": "<script>alert(1)</script>" * 20}, 200, "&lt;script&gt;alert"),
    ],
)
def test_what_does_not_come_from_this_browsers_attempt_installs_nothing(
    http: TestClient, slack: SlackServer, tmp_path: Path, change: dict[str, Any], status: int, says: str
) -> None:
    slack.installable("one", team="T0ONE")
    given = {"code": "one", "state": begun(http)} | change
    sent = {name: value for name, value in given.items() if value is not None}
    done = http.get("/slack/oauth_redirect", params=sent)
    assert (done.status_code, says in done.text, "<script" in done.text) == (status, True, False)
    assert len(done.text) < 1_000
    _nothing_installed(tmp_path)


def test_a_state_of_another_browser_or_of_yesterday_installs_nothing(
    http: TestClient, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.installable("one", team="T0ONE")
    of_another = begun(http)
    http.cookies.clear()
    begun(http)
    done = http.get("/slack/oauth_redirect", params={"code": "one", "state": of_another})
    assert (done.status_code, "did not begin" in done.text) == (400, True)
    state = begun(http)
    monkeypatch.setattr("service.slack.installing._STATE_SECONDS", -1)
    assert http.get("/slack/oauth_redirect", params={"code": "one", "state": state}).status_code == 401
    # What a thief of the browser's cookie might make up is not sealed.
    http.cookies.set("__Host-footnote-slack-install", "made-up", domain=urlsplit(PUBLIC_URL).netloc)
    assert http.get("/slack/oauth_redirect", params={"code": "one", "state": "made-up"}).status_code in (400, 401)
    _nothing_installed(tmp_path)


def test_only_workspaces_of_the_settings_install(http: TestClient, slack: SlackServer, tmp_path: Path) -> None:
    stranger = slack.installable("stranger", team="T0STRANGE")
    done = install(http, "stranger")
    assert (done.status_code, "This Footnote is not for T0STRANGE" in done.text) == (403, True)
    assert stranger.refused_token, "the token was revoked"
    # The organisation is named, this workspace of it that installs by itself is not.
    slack.installable("alone", team="T0ALONE", enterprise="E0ORG")
    assert install(http, "alone").status_code == 403
    _nothing_installed(tmp_path)


def test_slack_that_fails_meanwhile_is_named(http: TestClient, slack: SlackServer, tmp_path: Path) -> None:
    slack.installable("one", team="T0ONE").fail("auth.test", Fault(cut=True))
    done = install(http, "one")
    assert (done.status_code, "could not be reached" in done.text) == (502, True)
    _nothing_installed(tmp_path)


def test_workspaces_know_nothing_of_each_other(
    http: TestClient, slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one, two = slack.installable("one", team="T0ONE"), slack.installable("two", team="T0TWO")
    install(http, "one")
    install(http, "two")
    asked = [ask(http, there, f"How much in {there.team}?") for there in (one, two)]
    assert len({(body["event"]["channel"], body["event"]["ts"], body["event"]["user"]) for body in asked}) == 1
    for there, body in zip((one, two), asked, strict=True):
        answered_in(there, body)
        [reply] = there.replies("C0GENERAL", body["event"]["ts"])
        assert f"You asked: How much in {there.team}?" in words(reply)
    assert sorted(assistant.questions) == ["How much in T0ONE?", "How much in T0TWO?"]
    assert {asker.id.split(":")[1] for _, asker in assistant.asked} == {"T0ONE", "T0TWO"}
    # The bot takes part in a thread of the same name in one of the two.
    thread = asked[0]["event"]["ts"]
    third = one.say("And there?", thread=thread)
    send(http, third)
    one.wait_for(lambda: len(assistant.questions) == 3, "the next question of the thread")
    assert assistant.asked[-1][0].conversation_id == "conv_1"
    alone = two.say("A thread.", ts="9.9")
    send(http, two.say("And in this one?", thread=alone["event"]["ts"]))
    two.wait_until_quiet()
    assert len(assistant.questions) == 3


def test_groups_admins_and_channel_settings_are_of_one_workspace(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one, two = slack.installable("one", team="T0ONE"), slack.installable("two", team="T0TWO")
    for there in (one, two):
        there.user_groups = {"S0BOARD": ["UANN"]}
    settings = {
        "slack_groups": {"T0ONE/C0GENERAL": ["staff"], "T0ONE/S0BOARD": ["board"], "C0GENERAL": ["all"]},
        "slack_admins": ["T0ONE/UANN", "UANN"],
        "slack_help_channel": "T0ONE/C0HELP",
    }
    with service(slack, assistant, tmp_path, **settings) as http:
        install(http, "one")
        install(http, "two")
        places = [(there, channel) for there in (one, two) for channel in ("C0GENERAL", "D0ANN")]
        bodies = [ask(http, there, "How much?", channel=channel) for there, channel in places]
        for there, body in zip((one, one, two, two), bodies, strict=True):
            answered_in(there, body)
        read = {(asker.id.split(":")[1], len(asker.id.split(":")) == 3): asker.access for _, asker in assistant.asked}
        assert read == {
            ("T0ONE", False): Access(frozenset({"staff"})),
            ("T0ONE", True): Access(frozenset({"board"})),
            ("T0TWO", False): Access(frozenset()),
            ("T0TWO", True): Access(frozenset()),
        }
        shown = [json.dumps(there.replies("C0GENERAL", bodies[0]["event"]["ts"])) for there in (one, two)]
        assert ["Ask a person" in reply for reply in shown] == [True, False]
        for there in (one, two):
            send_command(http, command_body(there, "settings") | {"team_id": there.team})
        one.wait_for(lambda: one.views, "the window")
        slack.wait_for(lambda: slack.private, "a refusal")
        assert (len(one.views), two.views) == (1, [])
        values = {"unmentioned": {"value": "0.9"}}
        saved = view_body(one.views[-1], values) | {"team": None, "is_enterprise_install": False}
        send_command(http, {"payload": json.dumps(saved | {"user": {"id": "UANN", "team_id": "T0ONE"}})})
    engine = opened_database(tmp_path)
    assert ChannelBook(engine, "T0ONE").get("C0GENERAL").unmentioned == 0.9
    assert [ChannelBook(engine, place).get("C0GENERAL") for place in ("T0TWO", "")] == [ChannelSettings()] * 2
    engine.dispose()


def test_a_button_counts_in_the_workspace_that_it_stands_in(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one, two = slack.installable("one", team="T0ONE"), slack.installable("two", team="T0TWO")
    with service(slack, assistant, tmp_path) as http:
        install(http, "one")
        install(http, "two")
        send_command(http, command_body(one, "How much?") | {"team_id": "T0ONE", "trigger_id": "trigger"})
        slack.wait_for(lambda: "You asked" in json.dumps(slack.private), "the answer")
        press = action_body(two, "footnote_share", "command:trigger") | {"team": {"id": "T0TWO"}}
        send_command(http, {"payload": json.dumps(press)})
        slack.wait_for(lambda: "too old" in json.dumps(slack.private), "a refusal")
    assert one.channels == two.channels == {}


def send_command(http: TestClient, form: dict[str, Any]) -> None:
    raw = urlencode(form).encode()
    headers = signed(raw) | {"Content-Type": "application/x-www-form-urlencoded"}
    assert http.post("/slack/events", content=raw, headers=headers).status_code == 200


def test_an_organisation_installs_it_for_its_workspaces(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    org = slack.installable("org", team=None, enterprise="E0ORG")
    org.user_groups = {"S0BOARD": ["UANN"]}
    with service(slack, assistant, tmp_path, slack_groups={"E0ORG/S0BOARD": ["board"]}) as http:
        assert "Footnote is installed in The organisation" in install(http, "org").text
        body = ask(http, org, "How much?", channel="D0ANN")
        answered_in(org, body)
        assert assistant.asked[-1][1].access == Access(frozenset({"board"}))
        assert org.called("usergroups.users.list")[-1]["team_id"] == "T0HOME"
        # Another organisation that nobody has installed it in gets no answer.
        other = {**body, "enterprise_id": "E0OTHER", "team_id": "T0HOME", "event_id": "Ev9", "authorizations": []}
        assert send(http, other).status_code == 200
        org.wait_until_quiet()
    assert len(assistant.asked) == 1


def test_tokens_that_rotate_are_renewed_once(
    http: TestClient, slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one = slack.installable("one", team="T0ONE", lasts=3_600)  # less than the two hours that it is renewed before
    install(http, "one")
    bodies = [one.say(f"<@{BOT}> How much?") for _ in range(4)]
    one.lasts = 43_200
    with ThreadPoolExecutor(4) as several:
        assert [each.status_code for each in several.map(lambda body: send(http, mention(body)), bodies)] == [200] * 4
    for body in bodies:
        answered_in(one, body)
    assert one.rotated == 1
    for file in tmp_path.iterdir():
        assert b"xoxe-" not in file.read_bytes(), file


def test_a_token_that_is_not_renewed_is_used_while_it_lasts(
    http: TestClient, slack: SlackServer, assistant: ScriptedAssistant
) -> None:
    one = slack.installable("one", team="T0ONE", lasts=3_600)
    install(http, "one")
    slack.faults["oauth.v2.access"].extend([Fault(error="internal_error")] * 9)
    answered_in(one, ask(http, one, "How much?"))
    assert one.rotated == 0


def test_an_app_that_was_uninstalled_is_forgotten(
    http: TestClient, slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one = slack.installable("one", team="T0ONE")
    install(http, "one")
    gone = one.body_of({"type": "app_uninstalled"})
    # It was installed again before the event came.
    assert send(http, gone).status_code == 200
    answered_in(one, ask(http, one, "How much?"))
    one.refused_token = True
    revoked = one.body_of({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT]}})
    assert send(http, revoked).status_code == 200
    _nothing_installed(tmp_path)
    assert send(http, mention(one.say(f"<@{BOT}> And now?"))).status_code == 200
    command = command_body(one, "How much?") | {"team_id": "T0ONE"}
    send_command(http, command)
    slack.wait_for(lambda: slack.private, "the person is told")
    assert "I am not installed in this workspace any more" in json.dumps(slack.private)
    assert len(assistant.questions) == 1


def test_slack_out_of_reach_sends_the_event_again(http: TestClient, slack: SlackServer, tmp_path: Path) -> None:
    one = slack.installable("one", team="T0ONE")
    install(http, "one")
    one.refused_token = True
    one.fail("auth.test", *[Fault(status=503)] * 4)
    gone = one.body_of({"type": "app_uninstalled"})
    assert send(http, gone).status_code == 500
    assert send(http, gone).status_code == 200
    _nothing_installed(tmp_path)


def test_a_workspace_that_the_settings_name_no_more_gets_no_answers(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one = slack.installable("one", team="T0ONE")
    with service(slack, assistant, tmp_path) as http:
        install(http, "one")
    with service(slack, assistant, tmp_path, slack_workspaces=["T0TWO"]) as http:
        assert send(http, mention(one.say(f"<@{BOT}> How much?"))).status_code == 200
    assert assistant.questions == []


def test_keys_are_replaced_without_installing_again(
    slack: SlackServer, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    one, new = slack.installable("one", team="T0ONE"), Fernet.generate_key().decode()
    with service(slack, assistant, tmp_path) as http:
        install(http, "one")
    with service(slack, assistant, tmp_path, slack_token_keys=SecretStr(f"{new}, {KEY}")):
        pass
    with service(slack, assistant, tmp_path, slack_token_keys=SecretStr(new)) as http:
        answered_in(one, ask(http, one, "How much?"))
    engine = opened_database(tmp_path)
    assert InstallationBook(engine, MultiFernet([Fernet(KEY)])).get("T0ONE") is None
    engine.dispose()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"slack_bot_token": SecretStr("xoxb-test")}, "Leave out one of the two"),
        (
            {"slack_client_secret": None, "slack_workspaces": []},
            "FOOTNOTE_SLACK_CLIENT_SECRET, FOOTNOTE_SLACK_WORKSPACES",
        ),
        ({"slack_signing_secret": None}, "how events of Slack come"),
        ({"public_url": "http://footnote.example.org"}, "https"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        wanted(slack_settings("http://127.0.0.1:1", tmp_path, **INSTALLING | changes))


def test_a_name_that_is_not_slacks_is_refused() -> None:
    wrongs: list[dict[str, Any]] = [
        {"slack_workspaces": ["U0ANN"]},
        {"slack_groups": {"X1/C0A": []}},
        {"slack_admins": ["T1/T2/U1"]},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError, match="neither"):
            Settings(**wrong)


def _nothing_installed(data: Path) -> None:
    engine = opened_database(data)
    assert all_installations(engine) == []
    engine.dispose()
