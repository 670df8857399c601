"""The state of authentication and limits in a running service."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from service.auth.api_keys import ApiKeys
from service.auth.authentication import TokenLookup
from service.auth.fair_queue import FairQueue
from service.auth.oidc import TokenIssuers, issuers_for
from service.auth.rate_limits import FILE, RateLimits
from service.auth.shared_rates import SharedRates
from service.auth.signing_in import SigningIn, signing_in_for
from service.history.audit import Audit
from service.monitoring.metrics import Metrics
from service.monitoring.observers import Signed
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class AuthState:
    """Token lookups, signing in, rate limits, the queue of questions, and metrics. By default only the owner is known.

    `token_lookups` return who holds a token, `rates` store how often each person asked. Without `queue`, a service makes its
    own.
    """

    token_lookups: tuple[TokenLookup, ...] = ()
    signing_in: SigningIn | None = None
    rates: RateLimits | SharedRates | None = None
    queue: FairQueue | None = None
    metrics: Metrics = field(default_factory=Metrics)


def _recorder(settings: Settings, database: Engine) -> Callable[[Signed], None]:
    return Audit(database).record if settings.audit_days else lambda _: None


@contextmanager
def opened_auth_state(settings: Settings, database: Engine, *, address: str) -> Iterator[AuthState]:
    """Open rate limits, the lookups of keys and tokens, and signing in. `address` is where people reach the page.

    Raises DataFolderUnusable, or WrongUsage for wrong settings.
    """
    shared = settings.database_url is not None
    with closing(SharedRates(database) if shared else RateLimits(settings.data_dir / FILE)) as rates:
        issuers = issuers_for(settings)
        api_keys = ApiKeys(database)
        # The lookups that never wait come first.
        token_lookups: list[TokenLookup] = [api_keys.asker_by_verified_key, api_keys.asker]
        if for_programs := [issuer for issuer in issuers if issuer.config.audience]:
            tokens = TokenIssuers(for_programs)
            token_lookups += [tokens.asker_by_cached_key, tokens.asker]
        signing_in = signing_in_for(
            settings, issuers, engine=database, address=address, record=_recorder(settings, database)
        )
        yield AuthState(token_lookups=tuple(token_lookups), signing_in=signing_in, rates=rates)
