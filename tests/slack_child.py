"""The bot in a process of its own, to be killed: `python -m tests.slack_child URL DATA_DIR [DATABASE]`.

Answers come slowly. A database makes it one of several nodes, which take over what a killed one has left after some seconds.
"""

import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

import service.slack.events
import service.slack.running
import service.slack.working
from service.schemas.api import AskEvent
from tests.slack_fixtures import ScriptedAssistant, answered, events_of, started_bot

SENTENCES = 3
LEASE_SECONDS = 6.0


def said(question: str) -> list[str]:
    """The sentences of the answer to a question."""
    return [f"Sentence {number} on {question}" for number in range(SENTENCES)]


def _slowly(question: str) -> Iterator[AskEvent]:
    for event in events_of(answered(*said(question), id=f"ans_{abs(hash(question))}")):
        threading.Event().wait(random.uniform(0.0, 0.03))
        yield event


def main() -> None:
    """Run until killed, or told to stop."""
    service.slack.running._PING_SECONDS = 1.0
    service.slack.working._FIRST_PAUSE_SECONDS = 0.2
    service.slack.working._SWEEP_SECONDS = 0.2
    for module in (service.slack.events, service.slack.working):
        vars(module)["LEASE_SECONDS"] = LEASE_SECONDS
    url, data_dir, *database = sys.argv[1:]
    shared: dict[str, Any] = {"database_url": SecretStr(database[0])} if database else {}
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with started_bot(url, ScriptedAssistant(_slowly), Path(data_dir), slack_queue=1_000, **shared):
        stopped.wait()


if __name__ == "__main__":
    main()
