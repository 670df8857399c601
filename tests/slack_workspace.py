"""A workspace of Slack: what people do in it, what there is to see, and the bodies that Slack sends to an app."""

import asyncio
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

BOT = "UBOT"
TEAM = "T0TEAM"
BOT_TOKEN = "xoxb-test"
APP_TOKEN = "xapp-test"
CLIENT_ID, CLIENT_SECRET = "1234.5678", "client-secret"
SIGNING_SECRET = "signing-secret"
WAIT = 60.0
Message = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What a call meets with. `carried_out`: it happens all the same, and only its reply is lost."""

    error: str | None = None
    status: int = 200
    retry_after: int | None = None
    silent: float = 0.0
    cut: bool = False
    carried_out: bool = False


@dataclass
class Call:
    method: str
    arguments: Mapping[str, Any]
    at: float


@dataclass
class SlackServer:
    """The state of a workspace. Everything here may be looked at, and changed, from the tests' thread.

    `others` are workspaces and organisations that install the app by OAuth, by the code that Slack gives for each.
    """

    url: str = ""
    team: str | None = TEAM
    enterprise: str | None = None
    token: str = BOT_TOKEN
    others: dict[str, "SlackServer"] = field(default_factory=dict)
    lasts: int | None = None  # seconds that a token lasts, where tokens rotate
    rotated: int = 0
    channels: dict[str, dict[str, Message]] = field(default_factory=lambda: defaultdict(dict))
    gone: set[str] = field(default_factory=set)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    reactions: set[tuple[str, str]] = field(default_factory=set)
    private: list[Message] = field(default_factory=list)  # what response_urls and postEphemeral were sent
    prompts: list[Mapping[str, Any]] = field(default_factory=list)
    views: list[Mapping[str, Any]] = field(default_factory=list)
    user_groups: dict[str, list[str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    acknowledged: dict[str, float] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, Fault] = field(default_factory=dict)
    stream_lives: int | None = None  # appends that a stream bears
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refused_token: bool = False
    refuses_alerts: bool = False  # also in windows, where Slack takes them
    _ticks: int = 0
    _loop: asyncio.AbstractEventLoop | None = None

    # What people do.

    def say(
        self, text: str, *, channel: str = "C0GENERAL", user: str = "UANN", thread: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """A person writes something. Returns the body of its event, as `message`; `mention` makes the other one."""
        ts = self.next_ts()
        written = {
            "type": "message",
            "user": user,
            "text": text,
            "ts": ts,
            "channel": channel,
            "team": self.team or "T0HOME",
            **more,
        }
        if thread:
            written["thread_ts"] = thread
        self.channels[channel][ts] = dict(written)
        kinds = {"D": "im", "G": "group", "C": "channel"}
        return self.body_of({**written, "channel_type": kinds[channel[0]], "event_ts": ts})

    def body_of(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The body of an event in this workspace, or in a workspace of this organisation."""
        place = {"team_id": self.team, "enterprise_id": self.enterprise, "is_enterprise_install": self.team is None}
        shown = {"team_id": self.team or "T0HOME", "enterprise_id": self.enterprise}
        return event_body(event) | shown | {"authorizations": [{**place, "user_id": BOT, "is_bot": True}]}

    def installable(self, code: str, **more: Any) -> "SlackServer":
        """Another workspace or organisation, which installs the app with this code."""
        other = self.others[code] = SlackServer(token=f"xoxb-{code}", url=self.url, **more)
        other._ticks = self._ticks
        return other

    def of_token(self, token: str | None) -> "SlackServer | None":
        """The workspace that a token is for."""
        return next((place for place in (self, *self.others.values()) if place.token == token), None)

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method fail."""
        self.faults[method].extend(faults)

    def deliver(self, body: Mapping[str, Any], *, type: str = "events_api", by: Random | None = None) -> str:
        """Send something over Socket Mode. Returns the id of the envelope.

        It goes to the newest connection, or to one by chance: Slack picks any.
        """
        self.wait_for(lambda: self.open_sockets(), "a connection")
        envelope = {"envelope_id": str(uuid4()), "type": type, "payload": body, "accepts_response_payload": True}
        sockets = self.open_sockets()
        socket = by.choice(sockets) if by else sockets[-1]
        with suppress(ConnectionError):  # of a process that was just killed; as if the event were lost on its way
            self._in_loop(socket.send_str(json.dumps(envelope)))
        return str(envelope["envelope_id"])

    def ask(self, text: str, **where: Any) -> dict[str, Any]:
        """A person mentions the bot, and Slack says so. Returns the body of the event."""
        body = self.say(f"<@{BOT}> {text}", **where)
        self.deliver(mention(body))
        return body

    def close_sockets(self) -> None:
        """Lose all connections without a word."""

        async def close() -> None:
            for socket in self.open_sockets():
                transport = socket._req.transport if socket._req else None
                if transport:
                    transport.abort()

        self._in_loop(close())

    # What there is to see.

    def replies(self, channel: str, thread: str) -> list[Message]:
        """The bot's messages in a thread, oldest first."""
        there = sorted(self.channels[channel].values(), key=lambda message: float(message["ts"]))
        return [one for one in there if one["user"] == BOT and one.get("thread_ts") == thread]

    def reply(self, body: Mapping[str, Any], *, count: int = 1, seconds: float = WAIT) -> list[Message]:
        """Wait until a question has its finished reply of so many messages, and return them."""
        event = body["event"]
        thread = event.get("thread_ts", event["ts"])

        def done() -> list[Message]:
            found = [one for one in self.replies(event["channel"], thread) if is_part(one, event)]
            return found if len(found) >= count else []

        self.wait_for(done, f"a reply to {event['text'][:60]!r}", seconds=seconds)
        return done()

    def open_sockets(self) -> list[web.WebSocketResponse]:
        return [socket for socket in self.sockets if not socket.closed]

    def called(self, method: str) -> list[Mapping[str, Any]]:
        """The arguments of the calls of a method."""
        return [call.arguments for call in self.calls if call.method == method]

    def wait_for(self, there: Callable[[], Any], what: str, *, seconds: float = WAIT) -> None:
        end = time.monotonic() + seconds
        while not there():
            if time.monotonic() > end:
                counts = Counter(call.method for call in self.calls)
                raise AssertionError(f"waited for {what}; there were {dict(counts)}")
            time.sleep(0.01)

    def wait_until_quiet(self, seconds: float = 0.3) -> None:
        """Wait until nothing has been called for a while, and no status stands."""

        def quiet() -> bool:
            last = self.calls[-1].at if self.calls else 0.0
            return time.monotonic() - last > seconds and not any(self.statuses.values())

        self.wait_for(quiet, "quiet")

    def next_ts(self) -> str:
        self._ticks += 1
        return f"1700000000.{self._ticks:06d}"

    def _in_loop(self, work: Any) -> Any:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT)


def mention(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `app_mention` that Slack sends beside a `message`: another event of the same message."""
    event = {name: value for name, value in body["event"].items() if name != "channel_type"}
    return {**body, "event_id": _event_id(), "event": event | {"type": "app_mention"}}


def _event_id() -> str:
    return f"Ev{uuid4().hex[:12].upper()}"


def event_body(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "event_id": _event_id(),
        "team_id": TEAM,
        "api_app_id": "A0APP",
        "event": dict(event),
        "event_time": 1700000000,
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
    }


def command_body(server: SlackServer, text: str, *, channel: str = "C0GENERAL", user: str = "UANN") -> dict[str, Any]:
    return {
        "command": "/ask",
        "text": text,
        "trigger_id": uuid4().hex,
        "team_id": TEAM,
        "user_id": user,
        "channel_id": channel,
        "response_url": server.url.replace("/api/", f"/respond/{uuid4().hex}"),
        "api_app_id": "A0APP",
    }


def action_body(
    server: SlackServer, action_id: str, value: str, *, channel: str = "C0GENERAL", user: str = "UANN"
) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "channel": {"id": channel},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": channel},
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1.1"}],
        "response_url": server.url.replace("/api/", f"/respond/{uuid4().hex}"),
        "trigger_id": uuid4().hex,
        "api_app_id": "A0APP",
    }


def view_body(view: Mapping[str, Any], values: Mapping[str, Any], *, user: str = "UANN") -> dict[str, Any]:
    """What Slack sends when a person has filled in a window and pressed its button."""
    state = {"values": {block: {block: value} for block, value in values.items()}}
    return {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "api_app_id": "A0APP",
        "view": {**view, "id": "V1", "team_id": TEAM, "state": state},
    }


def signed(body: bytes, *, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """The headers that Slack sends with a request."""
    timestamp = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    assert signature
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature, "Content-Type": "application/json"}


def is_part(message: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Say whether a message is a finished part of the reply to the message of an event."""
    payload = message.get("metadata", {}).get("event_payload", {})
    return not message.get("streaming") and payload.get("question") == f"message:{event['channel']}:{event['ts']}"


def words(message: Mapping[str, Any]) -> str:
    """Everything that a message shows, streamed or in blocks."""
    blocks = message.get("blocks", [])
    texts = [block.get("text", {}).get("text", "") for block in blocks if isinstance(block.get("text"), dict)]
    small = [element.get("text", "") for block in blocks for element in block.get("elements", [])]
    shown = [message.get("streamed", ""), *texts, *(text for text in small if isinstance(text, str))]
    return "\n".join(filter(None, shown)) if blocks or message.get("streamed") else str(message.get("text", ""))
