"""Delivers events as Slack does - several times, in any order, again where nobody acknowledged - while the bot is killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.slack_child import said
from tests.slack_workspace import SlackServer, mention, words

ROOT = Path(__file__).parent.parent
Body = Mapping[str, Any]


def survive(server: SlackServer, data_dir: Path, *, questions: int, kills: int, seed: int) -> None:
    """Ask so many questions while the bot is killed so many times, and check that each has exactly one whole reply."""
    chance = random.Random(seed)
    asked = _asked(server, questions, chance)
    deliveries = [event for body in asked for event in _delivered(body, chance)]
    chance.shuffle(deliveries)
    rounds = _split(deliveries, kills + 1)
    for number, batch in enumerate(rounds):
        with _bot(server, data_dir) as process:
            left = _deliver(server, batch)
            if number < kills:
                _kill_in_the_middle(server, process, calls=chance.randint(20, 20 + 2 * questions))
                rounds[number + 1].extend(
                    event for envelope, event in left.items() if not _acknowledged(server, envelope)
                )
            else:
                for body in asked:
                    server.reply(body, seconds=120)
                server.wait_until_quiet()
    for body in asked:
        _check_one_reply(server, body)
    assert not any(server.statuses.values())


def _asked(server: SlackServer, count: int, chance: random.Random) -> list[Body]:
    """Questions in threads of their own, in one thread that several ask in, and in direct messages."""
    root = server.say("A thread for all.")["event"]["ts"]
    asked: list[Body] = []
    for number in range(count):
        text = f"question {number}."
        place = chance.choice([{}, {}, {"thread": root}, {"channel": "D0ANN"}])
        asked.append(server.say(f"<@UBOT> {text}", **place))
    return asked


def _delivered(body: Body, chance: random.Random) -> list[Body]:
    """The events of a message: the same again, and the other kind of a mention, which has an id of its own."""
    other = mention(body)
    return chance.sample([body, body, other, other], chance.randint(1, 3))


def _split(deliveries: list[Body], parts: int) -> list[list[Body]]:
    size = -(-len(deliveries) // parts)
    return [deliveries[start : start + size] for start in range(0, len(deliveries), size)]


def _deliver(server: SlackServer, batch: list[Body]) -> dict[str, Body]:
    return {server.deliver(event): event for event in batch}


def _acknowledged(server: SlackServer, envelope: str) -> bool:
    return envelope in server.acknowledged


def _kill_in_the_middle(server: SlackServer, process: "subprocess.Popen[bytes]", *, calls: int) -> None:
    """Kill the bot once it has posted so many times, or has nothing left to do."""
    before, quiet = len(server.calls), time.monotonic() + 20
    while len(server.calls) < before + calls and time.monotonic() < quiet:
        time.sleep(0.005)
        if server.calls and time.monotonic() - server.calls[-1].at > 1:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def _bot(server: SlackServer, data_dir: Path) -> Iterator["subprocess.Popen[bytes]"]:
    before = len(server.sockets)
    process = subprocess.Popen([sys.executable, "-m", "tests.slack_child", server.url, str(data_dir)], cwd=ROOT)
    try:
        server.wait_for(lambda: len(server.sockets) > before, "the bot to connect", seconds=60)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def _check_one_reply(server: SlackServer, body: Body) -> None:
    event = body["event"]
    thread = event.get("thread_ts", event["ts"])
    question = f"message:{event['channel']}:{event['ts']}"
    replies = [
        reply
        for reply in server.replies(event["channel"], thread)
        if reply.get("metadata", {}).get("event_payload", {}).get("question") == question
    ]
    assert len(replies) == 1, (event["text"], [words(reply) for reply in replies])
    shown = words(replies[0])
    for sentence in said(event["text"].removeprefix("<@UBOT> ")):
        assert shown.count(f"{sentence} [1]") == 1, shown
    strays = [reply for reply in server.replies(event["channel"], thread) if not reply.get("metadata")]
    assert strays == []
