"""Checks whether the language model's server can be reached, with a time-out of 2 s. The result is cached for 30 s.

Any answer of the server counts. No key is sent, and no tokens are used.
"""

from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic

from index.sources.deadline import Deadline
from service.answer.llm.providers import address_of
from service.schemas.maintenance import ModelReach
from service.settings import Settings

_SECONDS = 2.0
_KNOWN_SECONDS = 30.0
# Answers of a proxy in front of a server that is down.
_GATEWAY_ERRORS = frozenset({502, 503, 504})


class LlmHealth:
    """Checks whether the language model of these settings can be reached. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._provider = settings.llm_provider
        self._base_url = settings.llm_base_url
        self._lock = Lock()
        self._known: tuple[float, bool] | None = None

    def now(self) -> ModelReach:
        """Return whether it could be reached, at most 30 s ago. "not needed" if no language model is set."""
        if self._provider == "none":
            return "not needed"
        with self._lock:
            if self._known is None or monotonic() - self._known[0] > _KNOWN_SECONDS:
                answers = _answers_in_time(address_of(self._provider, self._base_url))
                self._known = (monotonic(), answers)
            return "reachable" if self._known[1] else "unreachable"


def _answers_in_time(address: str) -> bool:
    # In a thread: httpx bounds neither the lookup of a name nor a request as a whole.
    answered: SimpleQueue[bool] = SimpleQueue()
    Thread(target=lambda: answered.put(_answers(address)), name="reach", daemon=True).start()
    try:
        return answered.get(timeout=_SECONDS)
    except Empty:
        return False


def _answers(address: str) -> bool:
    import httpx

    # The head of an answer may come without an end, too.
    deadline = Deadline(_SECONDS, Event())
    try:
        with (
            deadline.enforced(),
            httpx.Client(timeout=_SECONDS) as client,
            client.stream("GET", address, extensions={"trace": deadline.trace}) as response,
        ):
            return response.status_code not in _GATEWAY_ERRORS
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
