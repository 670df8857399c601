"""What a service needs so that people can sign in: providers, sessions and cookies."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine

from index.errors import WrongUsage
from service.auth.cookies import Cookies
from service.auth.issuer_http import IssuerUnreachable, checked_address
from service.auth.oidc import Issuer
from service.auth.provider import Attempt, Provider
from service.auth.sessions import Sessions
from service.monitoring.observers import Signed
from service.settings import Settings

CALLBACK = "/auth/callback"


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Signing in to one service. `address` is where people reach the page; `providers` are by the issuers' names."""

    address: str
    providers: Mapping[str, Provider]
    sessions: Sessions
    cookies: Cookies


def signing_in_for(
    settings: Settings, issuers: Sequence[Issuer], *, engine: Engine, address: str, record: Callable[[Signed], None]
) -> SigningIn | None:
    """Build it from the settings, or return None if nobody can sign in. `record` is told who comes and goes.

    Raises WrongUsage.
    """
    used = {issuer.config.key: issuer for issuer in issuers if issuer.config.client_id}
    if not used:
        return None
    try:
        base = checked_address(address).rstrip("/")
    except IssuerUnreachable as error:
        raise WrongUsage(
            f"People sign in over https only: {error}. Set FOOTNOTE_PUBLIC_URL to the https address of the page."
        ) from error
    cookies = Cookies(secure=urlsplit(base).scheme == "https")
    providers = {
        key: Provider(issuer, redirect_uri=f"{base}{CALLBACK}/{key}", page=f"{base}/") for key, issuer in used.items()
    }
    sessions = Sessions(
        engine,
        providers,
        cookies,
        lifetime=timedelta(hours=settings.session_hours),
        check_after=timedelta(seconds=settings.session_check_seconds),
        record=record,
    )
    return SigningIn(base, providers, sessions, cookies)


def new_attempt() -> Attempt:
    """Return new secrets for one attempt to sign in."""
    return Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
