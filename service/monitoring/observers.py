"""What happens at an assistant, told to those who count it and write it down, whatever way the question came."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter

import structlog

from index.errors import AskerGone
from service.auth.askers import Asker
from service.history.store import Through
from service.schemas.api import AskEvent, AskRequest, AskResponse
from service.schemas.history import FeedbackRequest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """There was no answer, for an error of this kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The one who asked went away before the answer."""


Ending = AskResponse | Failed | Abandoned


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is over. `seconds` includes the time that its reader took between sentences."""

    asker: Asker
    through: Through
    began: datetime
    seconds: float
    ending: Ending
    question: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rated:
    """Someone said what they think of an answer."""

    asker: Asker
    request: FeedbackRequest


Observer = Callable[[Asked | Rated], None]
"""Takes note. Raises nothing: what it notes has happened already."""


def observed(
    events: Generator[AskEvent, None, None],
    observers: Sequence[Observer],
    *,
    request: AskRequest,
    asker: Asker,
    through: Through,
) -> Generator[AskEvent, None, None]:
    """Pass the events of an answer on, and tell the observers how it ended."""
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
    """Write a question to the log, for finding faults where a setting allows it."""
    if isinstance(event, Asked):
        log.info("asked", asker=event.asker.id, through=event.through, question=event.question)
