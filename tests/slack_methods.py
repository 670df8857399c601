"""Slack's Web API methods, each a function of the workspace and the arguments. They refuse what Slack refuses."""

import json
from collections.abc import Callable
from typing import Any

from tests.slack_workspace import BOT, Message, SlackServer


class Refused(Exception):
    """What Slack answers with `ok: false`."""


def _post(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel"], arguments.get("thread_ts"))
    check_blocks(arguments.get("blocks", []))
    if not arguments.get("text") and not arguments.get("blocks"):
        raise Refused("no_text")
    return _stored(server, {"text": "", "blocks": [], **arguments})


def _update(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    message = _message(server, arguments)
    if message.get("streaming"):
        raise Refused("streaming_state_conflict")
    check_blocks(arguments.get("blocks", []))
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
        raise Refused("missing_recipient_user_id")
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
    check_blocks(arguments.get("blocks", []))
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
        raise Refused("already_reacted")
    server.reactions.add(place)
    return {}


def _unreact(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    place = (arguments["channel"], arguments["timestamp"])
    if place not in server.reactions:
        raise Refused("no_reaction")
    server.reactions.remove(place)
    return {}


def _ephemeral(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel"], None)
    check_blocks(arguments.get("blocks", []))
    server.private.append(arguments)
    return {"message_ts": server.next_ts()}


def _prompts(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    server.prompts.append(arguments)
    return {}


def _members(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments["usergroup"] not in server.user_groups:
        raise Refused("no_such_subteam")
    return {"users": server.user_groups[arguments["usergroup"]]}


def _own(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "user_id": BOT,
        "user": "footnote",
        "team_id": server.team,
        "team": "Test",
        "bot_id": "B0BOT",
        "url": server.url,
    }


def _revoke(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    server.refused_token = True
    return {"revoked": True}


def _connect(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"url": server.url.replace("http://", "ws://").replace("/api/", "/socket")}


def _open(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"channel": {"id": "D" + arguments["users"][1:]}}


def _permalink(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_place(server, arguments["channel"], arguments["message_ts"])
    return {"permalink": f"https://test.slack.example/archives/{arguments['channel']}/p{arguments['message_ts']}"}


def _open_view(server: SlackServer, arguments: dict[str, Any]) -> dict[str, Any]:
    view = arguments["view"]
    if len(view["blocks"]) > 100:
        raise Refused("invalid_arguments")
    for block in view["blocks"]:
        if block["type"] == "alert" and (server.refuses_alerts or not _alert_fits(block)):
            raise Refused("invalid_arguments")
        check_texts(block)
        element = block.get("element", {})
        options = element.get("options", [{"text": {"text": "x"}}])
        if not 0 < len(options) <= 100 or any(len(option["text"]["text"]) > 75 for option in options):
            raise Refused("invalid_arguments")
    server.views.append(view)
    return {"view": view}


METHODS: dict[str, Callable[[SlackServer, dict[str, Any]], dict[str, Any]]] = {
    "apps.connections.open": _connect,
    "assistant.threads.setStatus": _set_status,
    "assistant.threads.setSuggestedPrompts": _prompts,
    "auth.revoke": _revoke,
    "auth.test": _own,
    "chat.appendStream": _append_stream,
    "chat.delete": _delete,
    "chat.getPermalink": _permalink,
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
    "views.open": _open_view,
}


def _stored(server: SlackServer, message: dict[str, Any]) -> dict[str, Any]:
    ts = server.next_ts()
    server.channels[message["channel"]][ts] = {**message, "ts": ts, "user": BOT, "bot_id": "B0BOT", "type": "message"}
    return {"ts": ts, "channel": message["channel"]}


def _message(server: SlackServer, arguments: dict[str, Any]) -> Message:
    _check_place(server, arguments["channel"], None)
    message = server.channels[arguments["channel"]].get(arguments["ts"])
    if message is None or message["user"] != BOT:
        raise Refused("message_not_found")
    return message


def _streaming(server: SlackServer, arguments: dict[str, Any]) -> Message:
    message = _message(server, arguments)
    if server.stream_lives is not None and message.get("appends", 0) >= server.stream_lives:
        message["streaming"] = False
    if not message.get("streaming"):
        raise Refused("message_not_in_streaming_state")
    return message


def _grow(message: Message, arguments: dict[str, Any]) -> None:
    chunks = arguments.get("chunks", [])
    if not all(chunk["type"] in ("markdown_text", "plan_update", "task_update") for chunk in chunks):
        raise Refused("invalid_chunks")
    tasks = [chunk for chunk in chunks if chunk["type"] == "task_update"]
    if any(len(value) > 256 for task in tasks for value in task.values() if isinstance(value, str)):
        raise Refused("invalid_chunks")
    texts = [chunk["text"] for chunk in chunks if chunk["type"] == "markdown_text"]
    text = "".join(texts) + arguments.get("markdown_text", "")
    cards = message.get("tasks", {}) | {task["id"]: task for task in tasks}
    if len(message["streamed"]) + len(text) + len(json.dumps(cards)) > 12_000:
        raise Refused("msg_too_long")
    message["streamed"] += text
    if cards:
        message["tasks"] = cards


def _seen(message: Message, arguments: dict[str, Any]) -> Message:
    hidden = set() if arguments.get("include_all_metadata") in ("1", "true", True) else {"metadata"}
    return {name: value for name, value in message.items() if name not in hidden | {"appends", "streaming"}}


def _check_place(server: SlackServer, channel: str, thread: str | None) -> None:
    if channel in server.gone:
        raise Refused("channel_not_found")
    if thread and thread not in server.channels[channel]:
        raise Refused("thread_not_found")


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    if len(blocks) > 50:
        raise Refused("too_many_blocks")
    if len(json.dumps(blocks, ensure_ascii=False)) > 40_000:
        raise Refused("msg_blocks_too_long")
    for block in blocks:
        if block["type"] == "alert":
            # "Alert blocks are currently only supported in modals": docs.slack.dev/reference/block-kit/blocks/alert-block
            raise Refused("invalid_blocks")
        check_texts(block)


def check_texts(block: dict[str, Any]) -> None:
    texts = [block["text"]] if block["type"] in ("section", "header") else []
    texts += [one for one in block.get("elements", []) if one["type"] in ("mrkdwn", "plain_text")]
    if len(block.get("elements", [])) > 10 or any(not 0 < len(text["text"]) <= 3_000 for text in texts):
        raise Refused("invalid_blocks")


def _alert_fits(block: dict[str, Any]) -> bool:
    level = block.get("level", "default")
    return len(block["text"]["text"]) <= 200 and level in ("default", "info", "warning", "error", "success")
