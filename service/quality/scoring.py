"""Scores kept answers once their day is over, a share of them, in a thread of its own while the service runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial
from hashlib import sha256
from itertools import islice
from threading import Event
from time import perf_counter

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from index.background import in_background
from index.errors import FootnoteError, NotInHistory
from index.records import EVERYTHING, Filters
from index.stores.live import LiveIndex
from index.stores.store import Index
from service.history import answer_scores, answers
from service.history.answer_scores import AnswerScore
from service.quality.support import claims_of, supports
from service.schemas.api import AskResponse

# How often it is looked whether a day is over.
_SECONDS = 600.0
# Answers that are scored in one go, before reports take them in.
_AT_ONCE = 500
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores this `share` of the answers that are kept in an open database, with the models of the live index."""

    engine: Engine
    live: LiveIndex
    share: float

    def score_due(self, now: datetime, *, stopped: Callable[[float], bool] = lambda seconds: False) -> int:
        """Score what was given before today, in UTC, and has no score yet. Return how many answers that were.

        `stopped` waits for so many seconds, and says whether to stop. Raises ModelUnusable, and what the database raises.
        """
        midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        with self.engine.connect() as connection:
            drawn = (one for one in answer_scores.unscored(connection, midnight) if is_drawn(one, self.share))
            due = list(islice(drawn, _AT_ONCE))
        for done, answer_id in enumerate(due):
            began = perf_counter()
            self._score(answer_id)
            # Half of the time belongs to those who ask now.
            if stopped(perf_counter() - began):
                return done + 1
        return len(due)

    def _score(self, answer_id: str) -> None:
        try:
            with self.engine.connect() as connection:
                row = answers.get(connection, answer_id)
        except NotInHistory:  # deleted meanwhile
            return
        with self.live.pinned() as index:
            found = score_of(AskResponse.model_validate(row["response"]), index)
        with self.engine.begin() as connection:
            answer_scores.add(connection, answer_id, found)


def is_drawn(answer_id: str, share: float) -> bool:
    """Say whether an answer belongs to this share of all. It is the same every time, and nothing has to be noted for it."""
    return int.from_bytes(sha256(answer_id.encode()).digest()[:8]) < share * 2**64


def score_of(response: AskResponse, index: Index) -> AnswerScore:
    """Check each sentence of a stored answer against the passages that it cites; of those that are gone, their quotes.

    Raises ModelUnusable.
    """
    claims = list(claims_of(response))
    found = index.catalog.passages([one.passage_id for one in response.citations], EVERYTHING, Filters())
    cited = [found[one.passage_id].text if one.passage_id in found else one.quote for one in response.citations]
    texts = list(dict.fromkeys(cited))
    supported = sum(supports(index, claim, texts, question=response.question) for claim in claims)
    return AnswerScore(len(claims), supported, response.timings_ms.total)


@contextmanager
def scoring_nightly(scoring: Scoring, on_scored: Callable[[datetime], None]) -> Iterator[None]:
    """Score answers while in this context: at its start, and when a day is over. `on_scored` is called after each go."""
    with in_background(partial(_score_until, scoring, on_scored), name="scoring"):
        yield


def _score_until(scoring: Scoring, on_scored: Callable[[datetime], None], stopping: Event) -> None:
    while not stopping.is_set():
        now, number = datetime.now(UTC), 0
        try:
            number = scoring.score_due(now, stopped=stopping.wait)
            on_scored(now)
        except (FootnoteError, DBAPIError) as error:
            log.error("answers could not be scored", kind=type(error).__name__)  # the next time tries again
        except Exception:
            log.exception("answers could not be scored")
        else:
            if number:
                log.info("answers scored", answers=number)
        if number < _AT_ONCE:
            stopping.wait(_SECONDS)
