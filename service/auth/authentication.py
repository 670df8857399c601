"""Authenticates HTTP requests.

A key, a token of the company's own issuer, or the cookie of a person who signed in says who asks and what they may read.
Without keys, Footnote trusts
everyone who can reach it. So it then rejects requests that come through a proxy, which could let anyone in, from another
site's page in the user's browser, or under a foreign host name that points to this machine. What remains is the person at
this machine, or on the network that it is deliberately served on.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.datastructures import Headers

from index.records import Access
from service.api.problem_details import Refused
from service.auth.askers import ANYONE, OWNER, Asker
from service.auth.cookies import SESSION, Cookies
from service.auth.loopback import is_loopback, parsed_address
from service.auth.sessions import Admitted
from service.auth.signing_in import SigningIn
from service.settings import Settings

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/@\[\]\\]+)(:\d{1,5})?", re.IGNORECASE)
_FORWARDING = {"forwarded", "via", "x-real-ip"}
METRICS_PATH = "/metrics"
UPLOAD_PATH = "/api/upload"
SLACK_EVENTS_PATH = "/slack/events"  # Slack signs these requests; the signature is checked where they are read
SLACK_INSTALL_PATH, SLACK_REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"  # what came of it is checked there
_SLACK_PATHS = (SLACK_EVENTS_PATH, SLACK_INSTALL_PATH, SLACK_REDIRECT_PATH)
_READING_METHODS = {"GET", "HEAD", "OPTIONS"}
# Open to everyone: the page itself, which holds no article. "/" is open too.
_OPEN_TO_ALL = (
    "/articles",
    "/answers/",
    "/auth/",  # signing in and out
    "/conversations",
    "/review",
    "/sources",
    "/usage",
    "/static/",
    "/healthz",
    "/readyz",
    *_SLACK_PATHS,
)

TokenLookup = Callable[[str], Asker | None]
"""Returns who holds a token, or None if the token is unknown. May block."""

_THREADS = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _PooledLookup(Generic[T]):
    """A lookup with its own threads, so that one lookup that has to wait does not hold up the others."""

    lookup: Callable[[str], T]
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_THREADS))

    async def __call__(self, secret: str) -> T:
        return await to_thread.run_sync(self.lookup, secret, limiter=self.threads)


@dataclass(frozen=True, slots=True)
class _SessionLookups:
    """Recognises the cookies of people who signed in."""

    cookies: Cookies
    without_waiting: _PooledLookup[Admitted | None]
    with_issuer: _PooledLookup[Admitted]

    async def admitted(self, cookie: str) -> Admitted:
        return await self.without_waiting(cookie) or await self.with_issuer(cookie)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The access rules of one running service.

    `serving_host` is what it is bound to, `public_host` the host and port under which people reach it.
    """

    serving_host: str
    public_host: str
    keys_required: bool
    owner_token: str | None = field(repr=False)
    token_lookups: tuple[_PooledLookup[Asker | None], ...] = field(default=(), repr=False)
    sessions: _SessionLookups | None = None
    metrics_open: bool = False

    async def identify(self, headers: Headers, *, path: str) -> Admitted:
        """Return who sends a request: the owner of the data folder, the holder of a key, who signed in, or anyone.

        Raises Refused.
        """
        if path == "/" or path.startswith(_OPEN_TO_ALL):
            return Admitted(ANYONE)
        if path == METRICS_PATH and self.metrics_open:
            return Admitted(ANYONE)
        if self.sessions and (cookie := self._cookie(headers)):
            return await self.sessions.admitted(cookie)
        return Admitted(await self._by_token(_bearer(headers)))

    def _cookie(self, headers: Headers) -> str | None:
        """Return the session's cookie. A request with a key is the key's, whatever cookies the browser adds."""
        if self.sessions is None or _bearer(headers):
            return None
        return self.sessions.cookies.read(headers, SESSION)

    async def _by_token(self, token: str | None) -> Asker:
        if token is None:
            asker = None
        elif self.owner_token and hmac.compare_digest(token.encode(), self.owner_token.encode()):
            asker = OWNER
        else:
            asker = await self._bearer_of(token)
        if asker is None and self.keys_required:
            raise _unknown_key() if token else _no_key(can_sign_in=self.sessions is not None)
        return asker or ANYONE

    # The next four are dependencies of endpoints. They are `async` so that FastAPI does not run them in a thread.

    async def asker(self, request: Request) -> Asker:
        """Return who sends this request, as found by `AuthMiddleware`."""
        asker: Asker = request.state.asker
        return asker

    async def access(self, request: Request) -> Access:
        """Return what this request may read."""
        return (await self.asker(request)).access

    async def check_admin(self, request: Request) -> None:
        """Raise Refused unless the request comes from the owner of the data folder or carries an admin's key."""
        if not (await self.asker(request)).admin:
            detail = (
                "This is for the owner of the data folder and for keys made with --admin. The footnote command on the "
                "machine that serves may do it: it reads a token from the data folder."
            )
            raise Refused(403, "admin-only", detail)

    async def check_scraper(self, request: Request) -> None:
        """Raise Refused unless the request may read the metrics: anyone if they are open, else admins."""
        if not self.metrics_open:
            await self.check_admin(request)

    def check(self, headers: Headers, *, method: str, path: str) -> None:
        """Raise Refused if a request comes from a proxy, a foreign host name or another site's page."""
        if path in _SLACK_PATHS:
            return
        if not self.keys_required:
            _check_not_forwarded(headers)
            self._check_host(headers)
        if method not in _READING_METHODS:
            self._check_origin(headers)
            if self._cookie(headers):
                _check_own_page(headers)

    async def _bearer_of(self, token: str) -> Asker | None:
        for look_up in self.token_lookups:
            if (asker := await look_up(token)) is not None:
                return asker
        return None

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
        address, serving = parsed_address(name), parsed_address(self.serving_host)
        if address is None:
            return name in {"localhost", self.serving_host.lower(), _name(self.public_host)} - {""}
        # Nobody can redirect a literal address. So when bound to all addresses, any of them is this machine.
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


def authenticator_for(
    settings: Settings,
    *,
    serving_host: str,
    owner_token: str | None,
    token_lookups: Sequence[TokenLookup] = (),
    signing_in: SigningIn | None = None,
) -> Authenticator:
    """Build the access rules for a service bound to this host. `token_lookups` are tried in order: fast ones first."""
    return Authenticator(
        serving_host=serving_host,
        public_host=urlsplit(settings.public_url or "").netloc.lower(),
        keys_required=keys_required(settings, serving_host),
        owner_token=owner_token,
        token_lookups=tuple(_PooledLookup(lookup) for lookup in token_lookups),
        sessions=None if signing_in is None else _session_lookups(signing_in),
        # The sizes in it depend on articles that not everyone may read. The person at this machine may know them.
        metrics_open=settings.metrics_open or (is_loopback(serving_host) and not keys_required(settings, serving_host)),
    )


def _session_lookups(signing_in: SigningIn) -> _SessionLookups:
    sessions = signing_in.sessions
    return _SessionLookups(
        signing_in.cookies, _PooledLookup(sessions.admitted_without_waiting), _PooledLookup(sessions.admitted)
    )


def keys_required(settings: Settings, serving_host: str) -> bool:
    """Return whether requests need a key. By default they do if the service can be reached from other machines."""
    if settings.api_keys_required is not None:
        return settings.api_keys_required
    return not is_loopback(serving_host)


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _check_own_page(headers: Headers) -> None:
    """Raise Refused unless the browser says that Footnote's own page sends this request, with its cookie."""
    site = headers.get("sec-fetch-site")
    if site != "same-origin" if site is not None else "origin" not in headers:
        detail = "A request with the cookie of a session changes something only if Footnote's own page sends it."
        raise Refused(403, "foreign-origin", detail)


def _no_key(*, can_sign_in: bool) -> Refused:
    begins = (
        "Sign in on the page of this service, or send"
        if can_sign_in
        else "This service answers only requests that carry"
    )
    how = "as the header Authorization: Bearer KEY. The person who runs it makes one with `footnote keys add NAME`."
    detail = f"{begins} a key, {how}"
    return Refused(401, "key-required", detail, headers={"WWW-Authenticate": "Bearer"})


def _unknown_key() -> Refused:
    detail = "The key that was sent is unknown or revoked. The person who runs this service can make another."
    return Refused(401, "key-unknown", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _check_not_forwarded(headers: Headers) -> None:
    for name in headers:
        if name in _FORWARDING or name.startswith("x-forwarded-"):
            detail = (
                f"This request came through a proxy (it has the header {name}), and Footnote runs without keys, so a "
                "proxy could let anyone in. Ask Footnote directly, or set FOOTNOTE_API_KEYS_REQUIRED=true and make a key "
                "with `footnote keys add NAME`."
            )
            raise Refused(403, "forwarded-request", detail)


def _name(host: str) -> str:
    match = _HOST.fullmatch(host)
    return match["name"].strip("[]").lower() if match else ""
