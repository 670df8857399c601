"""Middleware around each request: authenticates the sender, bounds the body, and adds security headers to the reply."""

import asyncio
from dataclasses import dataclass
from time import monotonic

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import FootnoteError, ServiceStopping
from service.api.problem_details import Refused, footnote_problem, http_problem, problem_response
from service.auth.authentication import UPLOAD_PATH, Authenticator

MAX_BODY_BYTES = 1_000_000
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
_STOPPED = "Footnote was stopped before this was done. Send it again when it is back."
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The most bytes that a body may have, and the most seconds that it may take to arrive."""

    bytes: int
    seconds: float


class AuthMiddleware:
    """Admits requests by the access rules, and adds the security headers to every response.

    An unexpected error becomes a problem response without internal details. These go to the log.
    """

    def __init__(self, app: ASGIApp, *, auth: Authenticator, body: BodyLimits, upload: BodyLimits) -> None:
        self._app = app
        self._auth = auth
        self._body = body
        self._upload = upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reply = _Reply(send)
        try:
            headers = Headers(scope=scope)
            self._auth.check(headers, method=scope["method"], path=scope["path"])
            _check_announced_size(headers, self._upload if scope["path"] == UPLOAD_PATH else self._body)
            admitted = await self._auth.identify(headers, path=scope["path"])
            scope.setdefault("state", {})["asker"] = admitted.asker
            reply.set_cookie = admitted.set_cookie
            # The body is read before the endpoint looks at who sent it.
            limits = self._upload if admitted.asker.admin and scope["path"] == UPLOAD_PATH else self._body
            await self._app(scope, _bounded(receive, limits), reply)
        except Refused as refusal:
            await http_problem(refusal)(scope, receive, reply)
        except FootnoteError as error:
            log.error("request failed", method=scope["method"], path=scope["path"], error=repr(error))
            await footnote_problem(error)(scope, receive, reply)
        except asyncio.CancelledError:
            # When its time to stop is over, the server cancels what is not done: indexing, for example.
            if reply.started:
                raise
            await footnote_problem(ServiceStopping(_STOPPED))(scope, receive, reply)
        except Exception:
            if reply.started:
                raise  # Too late for a problem response: the server cuts the connection and logs this.
            log.exception("unexpected error", method=scope["method"], path=scope["path"])
            detail = "Something went wrong inside Footnote. The log of the service says what."
            await problem_response(500, "internal-error", detail)(scope, receive, reply)


class _Reply:
    """Passes messages on with the security headers and a new cookie, and records whether a response has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.set_cookie: str | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if self.set_cookie:
                headers.append("Set-Cookie", self.set_cookie)
        await self._send(message)


def _check_announced_size(headers: Headers, limits: BodyLimits) -> None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.bytes:
        raise _too_large(limits)


def _bounded(receive: Receive, limits: BodyLimits) -> Receive:
    """Pass a body on while it stays within the limits of size (it may not announce its size) and of time."""
    received, whole, last = 0, False, monotonic() + limits.seconds

    async def receive_within_limits() -> Message:
        nonlocal received, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout(last - monotonic()):
                message = await receive()
        except TimeoutError:
            raise _too_slow() from None
        received += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if received > limits.bytes:
            raise _too_large(limits)
        return message

    return receive_within_limits


def _too_slow() -> Refused:
    detail = "The request did not arrive in time. Send it again, all at once."
    return Refused(408, "request-too-slow", detail, headers={"Connection": "close"})


def _too_large(limits: BodyLimits) -> Refused:
    return Refused(413, "body-too-large", f"A request may hold {limits.bytes:,} bytes at most. Send less.")
