"""Who may come in over HTTP, and as whom.

Without keys, Footnote trusts whoever reaches it. So it makes sure that this is the person at this machine (or on the
network that it was deliberately served on), and neither a proxy that lets the world in, nor another site's page in that
person's browser, nor a foreign name that was pointed at this machine.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import structlog
from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.records import Access
from service.askers import ANYONE, OWNER, Asker
from service.settings import Settings
from service.wire import Problem

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
log = structlog.get_logger(__name__)
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/@\[\]\\]+)(:\d{1,5})?", re.IGNORECASE)
_FORWARDING = {"forwarded", "via", "x-real-ip"}
_READING_METHODS = {"GET", "HEAD", "OPTIONS"}
_OPEN_TO_ALL = ("/articles", "/static/", "/healthz", "/readyz")  # and "/": the page itself, which holds no article


class Refused(HTTPException):
    """A request that is turned away for what it is, whatever it asks. `slug` names the reason for programs."""

    def __init__(self, status: int, slug: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.slug = slug


def problem_response(
    status: int, slug: str, detail: str, *, title: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Say what went wrong. The slug names the kind of problem for programs and is never changed."""
    words = title or slug.replace("-", " ").capitalize()
    problem = Problem(type=f"/problems/{slug}", title=words, status=status, detail=detail)
    # Escaped to ASCII: the detail may quote what was sent, and that may hold lone surrogates, which UTF-8 cannot.
    body = json.dumps(problem.model_dump()).encode("ascii")
    return Response(body, status, headers, media_type="application/problem+json")


def http_problem(error: HTTPException) -> Response:
    """Say what went wrong, where the error carries its own status."""
    phrase = HTTPStatus(error.status_code).phrase
    slug = error.slug if isinstance(error, Refused) else phrase.lower().replace(" ", "-")
    return problem_response(error.status_code, slug, error.detail, headers=error.headers)


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of one running service: what it is bound to, and the host and port under which people reach it."""

    serving_host: str
    public_host: str
    keys_required: bool
    owner_token: str | None = field(repr=False)

    # The three that follow are dependencies of endpoints. They are `async` so that FastAPI spends no thread on them.

    async def asker(self, request: Request) -> Asker:
        """Say who sends this request: the owner of the data folder, or anyone."""
        return OWNER if self._is_owner(request.headers) else ANYONE

    async def access(self, request: Request) -> Access:
        """Say what this request may read."""
        return (await self.asker(request)).access

    async def check_owner(self, request: Request) -> None:
        """Let in the owner of the data folder, or raise Refused."""
        if not self._is_owner(request.headers):
            detail = (
                "Only the owner of the data folder may do this. Use the footnote command on the machine that serves; "
                "it reads the token from the data folder."
            )
            raise Refused(403, "owner-only", detail)

    def check(self, headers: Headers, *, method: str, path: str) -> None:
        """Let a request in, or raise Refused."""
        if self.keys_required:
            self._check_key(headers, path)
        else:
            _check_not_forwarded(headers)
            self._check_host(headers)
        if method not in _READING_METHODS:
            self._check_origin(headers)

    def _is_owner(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if not self.owner_token or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(token.strip().encode(), self.owner_token.encode())

    def _check_key(self, headers: Headers, path: str) -> None:
        # There are no keys to hand out yet, so where they are required only the owner can ask.
        if path != "/" and not path.startswith(_OPEN_TO_ALL) and not self._is_owner(headers):
            detail = (
                "This service answers only requests that carry a key. To serve without keys on a network that you "
                "trust, set FOOTNOTE_API_KEYS_REQUIRED=false."
            )
            raise Refused(401, "key-required", detail, headers={"WWW-Authenticate": "Bearer"})

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if not hosts or not all(self._serves(host) for host in hosts):
            detail = (
                "Footnote runs without keys and answers only under its own address, not under "
                f"{', '.join(hosts)[:100]!r}. Use http://127.0.0.1 and its port, or set FOOTNOTE_PUBLIC_URL to the "
                "address that people use."
            )
            raise Refused(403, "foreign-host", detail)

    def _serves(self, host: str) -> bool:
        name = _name(host)
        address, serving = _address(name), _address(self.serving_host)
        if address is None:
            return name in {"localhost", self.serving_host.lower(), _name(self.public_host)} - {""}
        # A literal address cannot be pointed elsewhere, so bound to all addresses, any of them is this machine.
        return (
            address.is_loopback
            or address == serving
            or (serving is not None and serving.is_unspecified)
            or name == _name(self.public_host)
        )

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None:
            return
        if origin.lower().partition("://")[2] not in {headers.get("host", "").lower(), self.public_host} - {""}:
            detail = f"A page of {origin[:100]!r} may not send requests to Footnote. Ask from Footnote's own page."
            raise Refused(403, "foreign-origin", detail)


def gate_for(settings: Settings, *, serving_host: str, owner_token: str | None) -> Gate:
    """Make the rules for a service bound to this host. Keys are required where a stranger could reach it."""
    address = _address(serving_host)
    loopback = serving_host.lower() == "localhost" or (address is not None and address.is_loopback)
    required = settings.api_keys_required
    return Gate(
        serving_host=serving_host,
        public_host=urlsplit(settings.public_url or "").netloc.lower(),
        keys_required=not loopback if required is None else required,
        owner_token=owner_token,
    )


def _check_not_forwarded(headers: Headers) -> None:
    for name in headers:
        if name in _FORWARDING or name.startswith("x-forwarded-"):
            detail = (
                f"This request came through a proxy (it has the header {name}), and Footnote runs without keys, so a "
                "proxy could let anyone in. Ask Footnote directly: it cannot be put behind a proxy until it has keys."
            )
            raise Refused(403, "forwarded-request", detail)


def _name(host: str) -> str:
    match = _HOST.fullmatch(host)
    return match["name"].strip("[]").lower() if match else ""


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None  # a name, not an address


class Doorkeeper:
    """Outermost: lets requests in by the rules of the gate, and lets nothing out without the security headers.

    What nobody expected becomes a problem that says nothing of the inside, which goes to the log.
    """

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reply = _Reply(send)
        try:
            headers = Headers(scope=scope)
            self._gate.check(headers, method=scope["method"], path=scope["path"])
            _check_announced_size(headers)
            await self._app(scope, _bounded(receive), reply)
        except Refused as refusal:
            await http_problem(refusal)(scope, receive, reply)
        except Exception:
            if reply.started:
                raise  # Too late for a problem: the server cuts the connection and logs this.
            log.exception("unexpected error", method=scope["method"], path=scope["path"])
            detail = "Something went wrong inside Footnote. The log of the service says what."
            await problem_response(500, "internal-error", detail)(scope, receive, reply)


class _Reply:
    """Sends on, with the security headers, and remembers whether a response has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _check_announced_size(headers: Headers) -> None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise _too_large()


def _bounded(receive: Receive) -> Receive:
    """Pass a body on as long as it stays within the limit, for those that do not say their size."""
    received = 0

    async def receive_within_limit() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return receive_within_limit


def _too_large() -> Refused:
    return Refused(413, "body-too-large", f"A request may hold {MAX_BODY_BYTES:,} bytes at most. Send less.")
