"""The bot in a process of its own, to be killed: `python -m tests.slack_child URL DATA_DIR`. Answers come slowly."""

import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import service.slack.running
import service.slack.working
from service.schemas.api import AskEvent
from tests.slack_fixtures import ScriptedAssistant, answered, events_of, started_bot

SENTENCES = 3


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
    url, data_dir = sys.argv[1:]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with started_bot(url, ScriptedAssistant(_slowly), Path(data_dir), slack_queue=1_000):
        stopped.wait()


if __name__ == "__main__":
    main()
