"""Events of an assistant, finished questions and ratings, and the observers that count or record them."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Literal

import structlog

from index.errors import AskerGone
from service.auth.askers import Asker
from service.history.store import Through
from service.schemas.api import AskEvent, AskRequest, AskResponse
from service.schemas.history import FeedbackRequest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """There was no answer because of an error. `kind` is the name of its class."""

    kind: str


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The client disconnected before the answer."""


Ending = AskResponse | Failed | Abandoned


@dataclass(frozen=True, slots=True)
class Asked:
    """A finished question. `seconds` includes the time that its reader took between sentences."""

    asker: Asker
    through: Through
    began: datetime
    seconds: float
    ending: Ending
    question: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rated:
    """Someone gave feedback on an answer."""

    asker: Asker
    request: FeedbackRequest


@dataclass(frozen=True, slots=True)
class Signed:
    """Someone signed in on the page or out, or was refused. `who` is their id, or the start of one where nobody is known."""

    who: str
    action: Literal["sign-in", "sign-out"]
    outcome: str


Observer = Callable[[Asked | Rated], None]
"""Counts or records an event. Must not raise: the event has already happened."""


def observed(
    events: Generator[AskEvent, None, None],
    observers: Sequence[Observer],
    *,
    request: AskRequest,
    asker: Asker,
    through: Through,
) -> Generator[AskEvent, None, None]:
    """Yield the events of an answer, and then call the observers with how it ended."""
    began, started = datetime.now(UTC), perf_counter()
    ending: Ending = Abandoned()
    try:
        for event in events:
            if isinstance(event, AskResponse):
                ending = event
            yield event
    except AskerGone:
        raise
    except Exception as error:
        ending = Failed(type(error).__name__)
        raise
    finally:
        events.close()
        asked = Asked(asker, through, began, perf_counter() - started, ending, request.question)
        for observer in observers:
            observer(asked)


def log_question(event: Asked | Rated) -> None:
    """Write a question to the log, for finding faults. Used only if a setting allows it."""
    if isinstance(event, Asked):
        log.info("asked", asker=event.asker.id, through=event.through, question=event.question)
