"""Whether the language model's server answers: asked with two seconds of patience, and remembered for thirty.

It is asked for nothing but an answer, whichever: no key is sent, and no token of it is paid for.
"""

from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic

from service.answer.llm.providers import address_of
from service.schemas.maintenance import ModelReach
from service.settings import Settings

_SECONDS = 2.0
_KNOWN_SECONDS = 30.0
# What stands before the model answers for it.
_NOBODY_BEHIND = frozenset({502, 503, 504})


class LlmHealth:
    """Says whether the language model of these settings can be reached. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._provider = settings.llm_provider
        self._base_url = settings.llm_base_url
        self._lock = Lock()
        self._known: tuple[float, bool] | None = None

    def now(self) -> ModelReach:
        """Return whether it can be reached, as it was at most 30 s ago; "not needed" where none is set."""
        if self._provider == "none":
            return "not needed"
        with self._lock:
            if self._known is None or monotonic() - self._known[0] > _KNOWN_SECONDS:
                answers = _answers_in_time(address_of(self._provider, self._base_url))
                self._known = (monotonic(), answers)
            return "reachable" if self._known[1] else "unreachable"


def _answers_in_time(address: str) -> bool:
    # In a thread: httpx does not bound how long a name is looked up, nor all of a request together.
    answered: SimpleQueue[bool] = SimpleQueue()
    Thread(target=lambda: answered.put(_answers(address)), name="reach", daemon=True).start()
    try:
        return answered.get(timeout=_SECONDS)
    except Empty:
        return False


def _answers(address: str) -> bool:
    import httpx

    try:
        with httpx.stream("GET", address, timeout=_SECONDS) as response:
            return response.status_code not in _NOBODY_BEHIND
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
