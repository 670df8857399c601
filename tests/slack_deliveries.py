"""Delivers events as Slack does - several times, in any order, again where nobody acknowledged - while the bot is killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.slack_child import said
from tests.slack_workspace import SlackServer, mention, words

ROOT = Path(__file__).parent.parent
Body = Mapping[str, Any]


def survive(
    server: SlackServer, data_dir: Path, *, questions: int, kills: int, seed: int, database: str | None = None
) -> None:
    """Ask so many questions while the bot is killed so many times, and check that each has exactly one whole reply.

    With the address of a database there are two nodes. One of them is killed at a time, and started again after a while.
    """
    chance = random.Random(seed)
    asked = _asked(server, questions, chance)
    deliveries = [event for body in asked for event in _delivered(body, chance)]
    chance.shuffle(deliveries)
    rounds = _split(deliveries, kills + 1)
    names = ["one", "two"] if database else ["one"]
    with _Bots(server, data_dir, database) as bots:
        for number, batch in enumerate(rounds):
            for name in names:
                if not number or not bots.running or (name not in bots.running and chance.random() < 0.5):
                    bots.start(name)
            left = {server.deliver(event, by=chance): event for event in batch}
            if number < kills:
                _wait_for_calls(server, chance.randint(20, 20 + 2 * questions // len(names)))
                bots.kill(chance.choice(sorted(bots.running)))
                rounds[number + 1].extend(event for sent, event in left.items() if sent not in server.acknowledged)
        for body in asked:
            server.reply(body, seconds=240)
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


def _wait_for_calls(server: SlackServer, count: int) -> None:
    """Wait until bots have posted so many times, or have nothing left to do."""
    before, quiet = len(server.calls), time.monotonic() + 20
    while len(server.calls) < before + count and time.monotonic() < quiet:
        time.sleep(0.005)
        if server.calls and time.monotonic() - server.calls[-1].at > 1:
            break


class _Bots:
    """Bots in processes of their own, by name."""

    def __init__(self, server: SlackServer, data_dir: Path, database: str | None) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._server = server
        self._data_dir = data_dir
        self._more = [database] if database else []

    def start(self, name: str) -> None:
        before = len(self._server.sockets)
        command = [sys.executable, "-m", "tests.slack_child", self._server.url, str(self._data_dir / name), *self._more]
        self.running[name] = subprocess.Popen(command, cwd=ROOT)
        self._server.wait_for(lambda: len(self._server.sockets) > before, "the bot to connect", seconds=60)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        left = len(self.running)
        self._server.wait_for(lambda: len(self._server.open_sockets()) <= left, "its connection to end")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
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
