"""Routes by which people sign in at an issuer, come back, and sign out. They are open to everyone."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import TypeAdapter

from service.api.openapi_docs import problems
from service.api.problem_details import Refused
from service.auth.cookies import SESSION, SIGN_IN
from service.auth.issuer_http import IssuerUnreachable
from service.auth.oidc import issuer_unreachable
from service.auth.provider import Attempt, SignInFailed
from service.auth.signing_in import SigningIn, new_attempt
from service.schemas.signing_in import IssuersResponse, IssuerWire, SignOutRequest, SignOutResponse

_ATTEMPT_SECONDS = 600
_THREADS = 8  # for requests to issuers, so that a slow one does not take the threads of others
_LONGEST_PATH = 2_000
_TOO_OLD = "This attempt to sign in is too old, was begun in another browser, or was overtaken by a later one."
_PAGE = Markup((Path(__file__).parents[2] / "web" / "sign-in-failed.html").read_text(encoding="utf-8"))
_NOT_STORED = {"Cache-Control": "no-store"}
_FAILED_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}
log = structlog.get_logger(__name__)


def signing_in_router(signing_in: SigningIn | None) -> APIRouter:
    """Return the routes under `/auth`. Without a place to sign in, they say so."""
    router = APIRouter(prefix="/auth", tags=["signing in"])
    threads = CapacityLimiter(_THREADS)

    @router.get("/issuers", responses=problems(403))
    async def issuers() -> IssuersResponse:
        """Say where one can sign in."""
        if signing_in is None:
            return IssuersResponse(issuers=[])
        return IssuersResponse(
            issuers=[
                IssuerWire(
                    title=provider.title, address=f"{signing_in.address}/auth/sign-in?{urlencode({'issuer': key})}"
                )
                for key, provider in signing_in.providers.items()
            ]
        )

    @router.get(
        "/sign-in",
        status_code=303,
        response_class=RedirectResponse,
        responses={503: {"description": "The issuer does not answer", **_FAILED_PAGE}, **problems(403, 404, 422)},
    )
    async def sign_in(issuer: str | None = None, to: str | None = None) -> Response:
        """Send the browser to the issuer, to sign in there. It comes back to `to`, a path of the page."""
        if signing_in is None or issuer is None or issuer not in signing_in.providers:
            raise _unknown()
        attempt = new_attempt()
        try:
            address = await to_thread.run_sync(signing_in.providers[issuer].address, attempt, limiter=threads)
        except IssuerUnreachable as error:
            return _failed(503, str(issuer_unreachable(issuer, error).detail))
        reply = RedirectResponse(address, 303)
        begun = _Begun(attempt, issuer, own_path(to)).written()
        reply.headers.append("Set-Cookie", signing_in.cookies.written(SIGN_IN, begun, seconds=_ATTEMPT_SECONDS))
        return reply

    @router.get(
        "/callback/{issuer}",
        status_code=303,
        response_class=RedirectResponse,
        responses={
            400: {"description": "One is not signed in", **_FAILED_PAGE},
            503: {"description": "The issuer does not answer", **_FAILED_PAGE},
            **problems(403, 404, 422),
        },
    )
    async def callback(
        request: Request, issuer: str, code: str | None = None, state: str | None = None, error: str | None = None
    ) -> Response:
        """Take the browser back from the issuer, begin a session, and go on to the page."""
        if signing_in is None or issuer not in signing_in.providers:
            raise _unknown()
        begun = _read(signing_in.cookies.read(request.headers, SIGN_IN))
        if begun is None or begun.issuer != issuer or not _same(begun.attempt.state, state):
            return _failed(400, _TOO_OLD)
        before = signing_in.cookies.read(request.headers, SESSION)
        reply = await to_thread.run_sync(partial(_finish, signing_in, begun, code, error, before), limiter=threads)
        reply.headers.append("Set-Cookie", signing_in.cookies.deleted(SIGN_IN))
        return reply

    @router.post("/sign-out", responses=problems(400, 403, 413, 415, 422, 503))
    async def sign_out(request: Request, response: Response, wanted: SignOutRequest) -> SignOutResponse:
        """End the session of this browser, or all sessions of its person. Without a session, nothing happens."""
        address = None
        if signing_in is not None:
            if cookie := signing_in.cookies.read(request.headers, SESSION):
                ended = partial(_signed_out, signing_in, cookie, everywhere=wanted.everywhere)
                address = await to_thread.run_sync(ended, limiter=threads)
            response.headers.append("Set-Cookie", signing_in.cookies.deleted(SESSION))
        return SignOutResponse(address=address)

    @router.post("/back-channel-logout/{issuer}", response_class=Response, responses=problems(400, 403, 404, 413, 422))
    async def back_channel_logout(issuer: str, logout_token: Annotated[str, Form()] = "") -> Response:
        """End the sessions that an issuer's logout token names, for the issuer (OpenID Connect Back-Channel Logout 1.0)."""
        if signing_in is None or issuer not in signing_in.providers:
            raise _unknown()
        ended = partial(signing_in.sessions.end_logged_out, issuer, logout_token)
        try:
            await to_thread.run_sync(ended, limiter=threads)
        except (SignInFailed, IssuerUnreachable) as failure:
            log.warning("a logout of the issuer was refused", issuer=issuer, reason=str(failure))
            raise Refused(400, "logout-refused", f"Nobody was signed out: {failure}.", headers=_NOT_STORED) from failure
        return Response(headers=_NOT_STORED)

    return router


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the browser's cookie says of the attempt to sign in that it began. `to` is a path of the page."""

    attempt: Attempt
    issuer: str
    to: str

    def written(self) -> str:
        return urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


_BEGUN = TypeAdapter(_Begun)


def _read(cookie: str | None) -> _Begun | None:
    try:
        begun = _BEGUN.validate_json(urlsafe_b64decode(cookie or ""), strict=True)
    except ValueError:
        return None  # not written by this service, or cut off
    return replace(begun, to=own_path(begun.to))


def _finish(signing_in: SigningIn, begun: _Begun, code: str | None, error: str | None, before: str | None) -> Response:
    """Begin a session, in place of the one that the browser had before."""
    try:
        if code is None:
            raise SignInFailed(f"the answer was {(error or 'without a code')[:60]!r}")
        person = signing_in.providers[begun.issuer].exchange(code, begun.attempt)
        cookie = signing_in.sessions.begin(begun.issuer, person)
    except SignInFailed as failure:
        log.warning("not signed in", issuer=begun.issuer, reason=str(failure))
        signing_in.sessions.refused(begun.issuer, "refused")
        return _failed(400, f"The place where you sign in did not let you in, or its answer cannot be used: {failure}.")
    except IssuerUnreachable as failure:
        signing_in.sessions.refused(begun.issuer, "issuer-unreachable")
        return _failed(503, str(issuer_unreachable(begun.issuer, failure).detail))
    if before:
        signing_in.sessions.end(before, everywhere=False)
    reply = RedirectResponse(begun.to, 303)
    reply.headers.append("Set-Cookie", cookie)
    return reply


def _signed_out(signing_in: SigningIn, cookie: str, *, everywhere: bool) -> str | None:
    """End a session. Return where the browser goes to sign out at the issuer, too."""
    address = signing_in.sessions.sign_out_address(cookie)
    signing_in.sessions.end(cookie, everywhere=everywhere)
    return address


def own_path(to: str | None) -> str:
    """Return where to go on: this path of the page, or "/" if it is anything else, such as an address elsewhere.

    Browsers take "//", a backslash and control characters at the start of a path for the start of another address.
    """
    if not to or len(to) > _LONGEST_PATH or not to.isprintable() or "\\" in to:
        return "/"
    return to if to.startswith("/") and not to.startswith(("//", "/auth/")) else "/"


def _unknown() -> Refused:
    return Refused(404, "issuer-unknown", "One cannot sign in there. GET /auth/issuers lists where one can.")


def _same(state: str, sent: str | None) -> bool:
    return hmac.compare_digest(state.encode(), (sent or "").encode(errors="replace"))


def _failed(status: int, why: str) -> Response:
    return HTMLResponse(_PAGE.format(why=why), status)
