"""A small real server that speaks Slack's Web API, Socket Mode and signed HTTP events, with scripted faults.

It keeps messages as Slack does and refuses what Slack refuses: blocks that are too long, a change to a message that is
still streamed, an end to a stream that has ended, a reply in a thread that is not there.
"""

import asyncio
import json
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

BOT, TEAM = "UBOT", "T0TEAM"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-test", "xapp-test", "signing-secret"
WAIT = 20.0

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
    """The state of a workspace. Everything here may be looked at, and changed, from the tests' thread."""

    url: str = ""
    channels: dict[str, dict[str, Message]] = field(default_factory=lambda: defaultdict(dict))
    gone: set[str] = field(default_factory=set)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    reactions: set[tuple[str, str]] = field(default_factory=set)
    private: list[Message] = field(default_factory=list)  # what response_urls and postEphemeral were sent
    prompts: list[Mapping[str, Any]] = field(default_factory=list)
    user_groups: dict[str, list[str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    acknowledged: dict[str, float] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, Fault] = field(default_factory=dict)
    stream_lives: int | None = None  # appends that a stream bears
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refused_token: bool = False
    _ticks: int = 0
    _loop: asyncio.AbstractEventLoop | None = None

    # What people do.

    def say(
        self, text: str, *, channel: str = "C0GENERAL", user: str = "UANN", thread: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """A person writes something. Returns the body of its event, as `message`; `mention` makes the other one."""
        ts = self.next_ts()
        written = {"type": "message", "user": user, "text": text, "ts": ts, "channel": channel, "team": TEAM, **more}
        if thread:
            written["thread_ts"] = thread
        self.channels[channel][ts] = dict(written)
        kinds = {"D": "im", "G": "group", "C": "channel"}
        return event_body({**written, "channel_type": kinds[channel[0]], "event_ts": ts})

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method fail."""
        self.faults[method].extend(faults)

    def deliver(self, body: Mapping[str, Any], *, type: str = "events_api") -> str:
        """Send something over Socket Mode, to the newest connection. Returns the id of the envelope."""
        self.wait_for(lambda: self.open_sockets(), "a connection")
        envelope = {"envelope_id": str(uuid4()), "type": type, "payload": body, "accepts_response_payload": True}
        self._in_loop(self.open_sockets()[-1].send_str(json.dumps(envelope)))
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
    return event_body(event | {"type": "app_mention"})


def event_body(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "event_id": f"Ev{uuid4().hex[:12].upper()}",
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


@contextmanager
def slack_server() -> Iterator[SlackServer]:
    """Run the server on a free port of this machine."""
    server = SlackServer()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/api/{method}", partial(_call, server))
        app.router.add_post("/respond/{id}", partial(_respond, server))
        app.router.add_get("/socket", partial(_socket, server))
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        server.url, server._loop = f"http://127.0.0.1:{port}/api/", asyncio.get_running_loop()
        started.set()
        await stop.wait()
        for socket in server.open_sockets():
            await socket.close()
        await runner.cleanup()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work, name="slack-server")
    thread.start()
    try:
        assert started.wait(WAIT), "the server did not start"
        yield server
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join()


class _Refused(Exception):
    """What Slack answers with `ok: false`."""


async def _call(server: SlackServer, request: web.Request) -> web.StreamResponse:
    method = request.match_info["method"]
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        arguments |= await request.json()
    server.calls.append(Call(method, arguments, time.monotonic()))
    fault = server.faults[method].popleft() if server.faults[method] else server.always.get(method)
    if fault is None or fault.carried_out:
        data = _answer(server, method, arguments, request.headers.get("Authorization", ""))
        if fault is None:
            return web.json_response(data)
    assert fault is not None
    await asyncio.sleep(fault.silent)
    if fault.cut:
        assert request.transport
        request.transport.abort()
        return web.Response()
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    body = (
        {"ok": False, "error": fault.error or "ratelimited"} if fault.error or fault.retry_after is not None else None
    )
    if body is None:
        return web.Response(status=fault.status, text="<html>bad gateway</html>", content_type="text/html")
    return web.json_response(body, status=fault.status, headers=headers)


def _answer(server: SlackServer, method: str, arguments: dict[str, Any], authorization: str) -> dict[str, Any]:
    token = authorization.removeprefix("Bearer ") or arguments.get("token")
    try:
        if server.refused_token or token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            raise _Refused("token_revoked" if server.refused_token else "invalid_auth")
        return {"ok": True, **_METHODS[method](server, arguments)}
    except _Refused as refused:
        return {"ok": False, "error": str(refused)}


async def _respond(server: SlackServer, request: web.Request) -> web.Response:
    server.private.append({"url": str(request.url), **await request.json()})
    fault = server.faults["response_url"].popleft() if server.faults["response_url"] else None
    if fault:
        server.private.pop()
        return web.Response(status=fault.status, text=fault.error or "")
    return web.Response(text="ok")


async def _socket(server: SlackServer, request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
    server.sockets.append(socket)
    async for message in socket:
        if message.type == aiohttp.WSMsgType.TEXT:
            response = json.loads(message.data)
            server.acknowledged[response["envelope_id"]] = time.monotonic()
            if response.get("payload"):
                server.private.append({"acknowledged": response["envelope_id"], **response["payload"]})
    return socket


# Slack's methods, each a function of the workspace and the arguments.


def _post(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel"], arguments.get("thread_ts"))
    _check_blocks(arguments.get("blocks", []))
    if not arguments.get("text") and not arguments.get("blocks"):
        raise _Refused("no_text")
    return _stored(server, {"text": "", "blocks": [], **arguments})


def _update(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    message = _message(server, arguments)
    if message.get("streaming"):
        raise _Refused("streaming_state_conflict")
    _check_blocks(arguments.get("blocks", []))
    message.pop("streamed", None)
    message.update({name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments})
    return {"ts": message["ts"], "channel": arguments["channel"]}


def _delete(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    message = _message(server, arguments)
    del server.channels[arguments["channel"]][message["ts"]]
    return {}


def _start_stream(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel"], arguments["thread_ts"])
    if arguments["channel"][0] != "D" and not (
        arguments.get("recipient_user_id") and arguments.get("recipient_team_id")
    ):
        raise _Refused("missing_recipient_user_id")
    stored = {"channel": arguments["channel"], "thread_ts": arguments["thread_ts"], "text": "", "blocks": []}
    made = _stored(server, stored | {"streaming": True, "streamed": "", "appends": 0})
    _grow(server.channels[arguments["channel"]][made["ts"]], arguments)
    return made


def _append_stream(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    message = _streaming(server, arguments)
    _grow(message, arguments)
    message["appends"] += 1
    return {"ts": message["ts"]}


def _stop_stream(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    message = _streaming(server, arguments)
    _check_blocks(arguments.get("blocks", []))
    _grow(message, arguments)
    message["streaming"] = False
    message["blocks"] = arguments.get("blocks", [])
    if "metadata" in arguments:
        message["metadata"] = arguments["metadata"]
    return {"ts": message["ts"]}


def _replies(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    channel, thread = arguments["channel"], arguments["ts"]
    _check_place(server, channel, thread)
    there = sorted(server.channels[channel].values(), key=lambda message: float(message["ts"]))
    found = [one for one in there if one["ts"] == thread or one.get("thread_ts") == thread]
    return {"messages": [_seen(one, arguments) for one in found], "has_more": False}


def _history(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    there = sorted(server.channels[arguments["channel"]].values(), key=lambda message: -float(message["ts"]))
    found = [one for one in there if one.get("thread_ts", one["ts"]) == one["ts"]]
    return {"messages": [_seen(one, arguments) for one in found]}


def _set_status(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel_id"], None)
    server.statuses[arguments["channel_id"], arguments["thread_ts"]] = arguments["status"]
    return {}


def _react(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    place = (arguments["channel"], arguments["timestamp"])
    if place in server.reactions:
        raise _Refused("already_reacted")
    server.reactions.add(place)
    return {}


def _unreact(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    place = (arguments["channel"], arguments["timestamp"])
    if place not in server.reactions:
        raise _Refused("no_reaction")
    server.reactions.remove(place)
    return {}


def _ephemeral(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel"], None)
    _check_blocks(arguments.get("blocks", []))
    server.private.append(arguments)
    return {"message_ts": server.next_ts()}


def _prompts(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    server.prompts.append(arguments)
    return {}


def _members(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments["usergroup"] not in server.user_groups:
        raise _Refused("no_such_subteam")
    return {"users": server.user_groups[arguments["usergroup"]]}


def _own(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"user_id": BOT, "user": "footnote", "team_id": TEAM, "team": "Test", "bot_id": "B0BOT", "url": server.url}


def _connect(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"url": server.url.replace("http://", "ws://").replace("/api/", "/socket")}


def _open(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"channel": {"id": "D" + arguments["users"][1:]}}


_METHODS: dict[str, Callable[[SlackServer, dict[str, Any]], dict[str, Any]]] = {
    "apps.connections.open": _connect,
    "assistant.threads.setStatus": _set_status,
    "assistant.threads.setSuggestedPrompts": _prompts,
    "auth.test": _own,
    "chat.appendStream": _append_stream,
    "chat.delete": _delete,
    "chat.postEphemeral": _ephemeral,
    "chat.postMessage": _post,
    "chat.startStream": _start_stream,
    "chat.stopStream": _stop_stream,
    "chat.update": _update,
    "conversations.history": _history,
    "conversations.open": _open,
    "conversations.replies": _replies,
    "reactions.add": _react,
    "reactions.remove": _unreact,
    "usergroups.users.list": _members,
}


def _stored(server: SlackServer, message: dict[str, Any]) -> dict[str, Any]:
    ts = server.next_ts()
    server.channels[message["channel"]][ts] = {**message, "ts": ts, "user": BOT, "bot_id": "B0BOT", "type": "message"}
    return {"ts": ts, "channel": message["channel"]}


def _message(server: SlackServer, arguments: dict[str, Any]) -> Message:
    _check_place(server, arguments["channel"], None)
    message = server.channels[arguments["channel"]].get(arguments["ts"])
    if message is None or message["user"] != BOT:
        raise _Refused("message_not_found")
    return message


def _streaming(server: SlackServer, arguments: dict[str, Any]) -> Message:
    message = _message(server, arguments)
    if server.stream_lives is not None and message.get("appends", 0) >= server.stream_lives:
        message["streaming"] = False
    if not message.get("streaming"):
        raise _Refused("message_not_in_streaming_state")
    return message


def _grow(message: Message, arguments: dict[str, Any]) -> None:
    text = "".join(chunk["text"] for chunk in arguments.get("chunks", [])) + arguments.get("markdown_text", "")
    if len(message["streamed"]) + len(text) > 12_000:
        raise _Refused("msg_too_long")
    message["streamed"] += text


def _seen(message: Message, arguments: dict[str, Any]) -> Message:
    hidden = set() if arguments.get("include_all_metadata") in ("1", "true", True) else {"metadata"}
    return {name: value for name, value in message.items() if name not in hidden | {"appends", "streaming"}}


def _check_place(server: SlackServer, channel: str, thread: str | None) -> None:
    if channel in server.gone:
        raise _Refused("channel_not_found")
    if thread and thread not in server.channels[channel]:
        raise _Refused("thread_not_found")


def _check_blocks(blocks: list[dict[str, Any]]) -> None:
    if len(blocks) > 50:
        raise _Refused("too_many_blocks")
    if len(json.dumps(blocks)) > 40_000:
        raise _Refused("msg_blocks_too_long")
    for block in blocks:
        texts = [block["text"]] if block["type"] in ("section", "header") else []
        texts += [one for one in block.get("elements", []) if one["type"] in ("mrkdwn", "plain_text")]
        if len(block.get("elements", [])) > 10 or any(not 0 < len(text["text"]) <= 3_000 for text in texts):
            raise _Refused("invalid_blocks")
