"""What a running service knows of those who come: their keys, and how often they asked."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from service.auth.api_keys import ApiKeys
from service.auth.authentication import KnowsToken
from service.auth.fair_queue import FairQueue
from service.auth.oidc import issuer_for
from service.auth.rate_limits import FILE, RateLimits
from service.monitoring.metrics import Metrics
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class AuthState:
    """By default nobody is known but the owner, and nothing is remembered.

    `known` tell from a token who bears it; `rates` remember how often somebody asked; `metrics` count. `turns`
    say whose question is worked on; without them, a service makes its own.
    """

    known: tuple[KnowsToken, ...] = ()
    rates: RateLimits | None = None
    turns: FairQueue | None = None
    metrics: Metrics = field(default_factory=Metrics)


@contextmanager
def opened_auth_state(settings: Settings, database: Engine) -> Iterator[AuthState]:
    """Open what is known of keys and rates. Raises DataFolderUnusable, and WrongUsage for settings that do not fit."""
    with closing(RateLimits(settings.data_dir / FILE)) as rates:
        issuer = issuer_for(settings)
        api_keys = ApiKeys(database)
        # What waits for nothing comes first.
        known = [
            api_keys.asker_by_proved_key,
            api_keys.asker,
            *([issuer.asker_by_kept_key, issuer.asker] if issuer else []),
        ]
        yield AuthState(known=tuple(known), rates=rates)
