"""A service that is told to stop, or killed: what is asked is answered to its end, and the folder can be used again."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Semaphore
from typing import Any

import httpx
import pytest

from index.stores.ownership import owner_of
from tests.cli_fixtures import HOW_MUCH_RAIN, PATIENCE, Run, starting
from tests.mcp_client import message
from tests.servers import free_port

RAIN_QUOTE = "30 litres"
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("/api/ask", {"question": HOW_MUCH_RAIN}),
    ("/v1/chat/completions", {"model": "footnote", "messages": [{"role": "user", "content": HOW_MUCH_RAIN}]}),
    ("/api/ask", {"question": HOW_MUCH_RAIN, "stream": True}),
    ("/mcp", json.loads(message("tools/call", name="ask", arguments={"question": HOW_MUCH_RAIN}))),
]
ACCEPTED = {"Accept": "application/json, text/event-stream"}  # what clients of /mcp send
Reply = tuple[int, Mapping[str, str], str]


@contextmanager
def asked_while_starting(
    data_dir: Path, *, stop_seconds: float, times: int = 1
) -> Iterator[tuple[subprocess.Popen[str], Path, Callable[[], list[Reply]]]]:
    """Ask a service that is starting, as soon as one can connect. Gives its process, its log, and what gets the replies."""
    port = free_port()
    questions = QUESTIONS * times
    with (
        starting(data_dir, port=port, stop_seconds=stop_seconds) as (process, log),
        ThreadPoolExecutor(len(questions)) as clients,
    ):
        until_it_listens(port, process)
        sent = Semaphore(0)
        replies = [clients.submit(ask, f"http://127.0.0.1:{port}{path}", body, sent) for path, body in questions]
        assert all(sent.acquire(timeout=PATIENCE) for _ in questions)
        # What was sent before is read when this is answered.
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE, trust_env=False).status_code == 200
        yield process, log, lambda: [reply.result(2 * PATIENCE) for reply in replies]


def ask(url: str, body: dict[str, Any], sent: Semaphore) -> Reply:
    def trace(event: str, _: object) -> None:
        if event == "http11.send_request_body.complete":
            sent.release()

    with httpx.Client(timeout=2 * PATIENCE, trust_env=False) as http:
        response = http.post(url, json=body, headers=ACCEPTED, extensions={"trace": trace})
    return response.status_code, response.headers, response.text


def until_it_listens(port: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("the service ended before it listened")


@pytest.mark.parametrize(
    ("seconds", "ending"),
    [(0.0, signal.SIGTERM), pytest.param(2.0, signal.SIGHUP, marks=pytest.mark.soak)],
    ids=["at once", "while models load"],
)
def test_what_is_asked_while_it_starts_is_answered_when_it_is_told_to_stop(
    weather_data: Path, seconds: float, ending: signal.Signals
) -> None:
    if signal.getsignal(ending) is signal.SIG_IGN:
        pytest.skip(f"{ending.name} is ignored here, as by nohup, and so by what is started from here")
    with asked_while_starting(weather_data, stop_seconds=PATIENCE) as (process, log, replies):
        time.sleep(seconds)
        process.send_signal(ending)
        assert process.wait(2 * PATIENCE) == 0
    assert [status for status, _, _ in replies()] == [200] * len(QUESTIONS)
    assert all(RAIN_QUOTE in body for _, _, body in replies())
    assert "Traceback" not in log.read_text()


def test_what_cannot_be_answered_in_time_is_told_so(weather_data: Path) -> None:
    with asked_while_starting(weather_data, stop_seconds=0) as (process, log, replies):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    plain, chat, stream, mcp = replies()
    for status, headers, _ in (plain, chat, stream):
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
    assert plain[1]["content-type"] == "application/problem+json"
    assert json.loads(plain[2])["type"] == json.loads(stream[2])["type"] == "/problems/stopping"
    assert json.loads(chat[2])["error"]["code"] == "stopping"
    assert "Footnote is being stopped" in mcp[2]
    assert "Traceback" not in log.read_text()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(12))
def test_whenever_it_is_told_to_stop_nobody_is_cut_off(weather_data: Path, seed: int) -> None:
    random = Random(seed)
    stop_seconds = random.choice([0, 1, 3, 20])
    with asked_while_starting(weather_data, stop_seconds=stop_seconds, times=4) as (process, log, replies):
        time.sleep(random.uniform(0, 12))
        process.send_signal(random.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
        assert process.wait(PATIENCE) == 0
    for status, headers, body in replies():
        told = status == 503 and int(headers["retry-after"]) > 0 and "stopping" in body
        assert told or (status == 200 and (RAIN_QUOTE in body or "event: error" in body or "stopp" in body))
    assert "Traceback" not in log.read_text()


def test_a_killed_service_leaves_a_folder_that_can_be_used(weather_data: Path, footnote: Run) -> None:
    port = free_port()
    with starting(weather_data, port=port) as (process, _):
        until_it_listens(port, process)
        # It listens before it opens the folder.
        while (owner := owner_of(weather_data)) is None and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL
    assert owner_of(weather_data) == owner
    assert owner is not None
    assert owner.pid == process.pid
    assert footnote("status", "--json", data_dir=weather_data).json["articles"] == 2
    assert owner_of(weather_data) is None
    assert footnote("ask", HOW_MUCH_RAIN, "--json", data_dir=weather_data).json["status"] == "answered"
