"""The state of authentication and limits in a running service."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from service.auth.api_keys import ApiKeys
from service.auth.authentication import TokenLookup
from service.auth.fair_queue import FairQueue
from service.auth.oidc import issuer_for
from service.auth.rate_limits import FILE, RateLimits
from service.monitoring.metrics import Metrics
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class AuthState:
    """Token lookups, rate limits, the queue of questions, and metrics. By default only the owner is known.

    `token_lookups` return who holds a token, `rates` store how often each person asked. Without `queue`, a service makes its
    own.
    """

    token_lookups: tuple[TokenLookup, ...] = ()
    rates: RateLimits | None = None
    queue: FairQueue | None = None
    metrics: Metrics = field(default_factory=Metrics)


@contextmanager
def opened_auth_state(settings: Settings, database: Engine) -> Iterator[AuthState]:
    """Open rate limits and the lookups of keys and tokens. Raises DataFolderUnusable, or WrongUsage for wrong settings."""
    with closing(RateLimits(settings.data_dir / FILE)) as rates:
        issuer = issuer_for(settings)
        api_keys = ApiKeys(database)
        # The lookups that never wait come first.
        token_lookups = [
            api_keys.asker_by_verified_key,
            api_keys.asker,
            *([issuer.asker_by_cached_key, issuer.asker] if issuer else []),
        ]
        yield AuthState(token_lookups=tuple(token_lookups), rates=rates)
