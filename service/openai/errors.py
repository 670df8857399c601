"""Errors in the shape that OpenAI's clients read, under `/v1` alone."""

import json

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.openai.wire import ErrorDetail, ErrorReply
from service.schemas.api import Problem

PREFIX = "/v1/"
# Where a question is in a request.
_PLACES = {"/v1/responses": "input"}
_PROBLEM = "application/problem+json"

_KINDS = {429: "rate_limit_error"}
# What OpenAI says of a request that is too long, where clients know it by its code and status.
_TOO_LONG = "context_length_exceeded"
_TOO_LONG_HERE = ("question-too-long", "body-too-large")


def error_reply(problem: Problem, *, place: str = "messages") -> ErrorReply:
    """Say as OpenAI does what a problem says. `place` is the parameter that holds the question."""
    kind = "server_error" if problem.status >= 500 else _KINDS.get(problem.status, "invalid_request_error")
    code = problem.type.rpartition("/")[2]
    if code in _TOO_LONG_HERE:
        return ErrorReply(error=ErrorDetail(message=problem.detail, type=kind, param=place, code=_TOO_LONG))
    return ErrorReply(error=ErrorDetail(message=problem.detail, type=kind, param=None, code=code))


class OpenAIErrors:
    """Outside everything else: under `/v1`, what would be problem details leaves as OpenAI's errors, whatever wrote it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        spoken = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        place = _PLACES.get(scope.get("path", ""), "messages")
        await self._app(scope, receive, _translating(send, place) if spoken else send)


def _translating(send: Send, place: str) -> Send:
    """Hold a problem back until it is whole, and send an error in its place. All else passes."""
    held: list[Message] = []

    async def translate(message: Message) -> None:
        if message["type"] == "http.response.start" and MutableHeaders(scope=message).get("content-type") == _PROBLEM:
            held.append(message)
        elif held:
            held.append(message)
            if not message.get("more_body"):
                await _send_translated(held, send, place)
        else:
            await send(message)

    return translate


async def _send_translated(held: list[Message], send: Send, place: str) -> None:
    start, *parts = held
    problem = Problem.model_validate_json(b"".join(part.get("body", b"") for part in parts))
    reply = error_reply(problem, place=place)
    if reply.error.code == _TOO_LONG:
        start["status"] = 400
    body = json.dumps(reply.model_dump()).encode("ascii")
    headers = MutableHeaders(scope=start)
    headers["content-type"] = "application/json"
    headers["content-length"] = str(len(body))
    await send(start)
    await send({"type": "http.response.body", "body": body})
