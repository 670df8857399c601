"""Opening an index, asking it and closing it, again and again, does not fill the memory.

The models are loaded once, as in a service: of the memory of a model that is let go of, not all is given back.
"""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.records import FOR_EVERYONE, Access
from service.auth.askers import Asker
from service.schemas.api import AskRequest
from service.settings import Settings
from tests.service_fixtures import assistant_over, index_into, settings_for, write

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")]

ROUNDS = int(os.environ.get("FOOTNOTE_TEST_ROUNDS", "60"))
WARM = 20  # rounds until the allocators have what they reuse from then on
LEAK = 0.5  # megabytes a round
RAIN = "It rained 30 litres a square metre in Hamburg, the weather office says."
ANN = Asker("key:ann", Access(frozenset({"staff"})))


def megabytes() -> float:
    """Return how much of this process is in memory, without what only waits to be collected."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def ask_once(settings: Settings) -> None:
    with assistant_over(settings, with_history=True) as assistant:
        answer = assistant.ask(AskRequest(question="How much did it rain in Hamburg?"), ANN)
        assert "30 litres" in answer.citations[0].quote
        assistant.delete_answer(answer.id, ANN)
        assert assistant.articles(FOR_EVERYONE, after=None, limit=1).total == 1


def test_opening_asking_and_closing_again_and_again_keeps_to_its_memory(
    place: Path, record_property: Callable[[str, Any], None]
) -> None:
    settings = settings_for(place / "data")
    with assistant_over(settings) as assistant:
        index_into(assistant, write(place / "news", {"rain.txt": RAIN}))
    for _ in range(WARM):
        ask_once(settings)
    warm = megabytes()
    for _ in range(ROUNDS):
        ask_once(settings)
    grown = megabytes() - warm
    record_property("memory", f"warm {warm:,.0f} MB, after {ROUNDS} rounds {grown:+,.0f} MB")
    print(f"\nmemory: warm {warm:,.0f} MB, after {ROUNDS} rounds {grown:+,.0f} MB")
    assert grown < max(LEAK * ROUNDS, 20)
