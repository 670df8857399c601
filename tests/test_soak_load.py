"""A hundred clients for a minute against `footnote serve` over ten thousand passages, and a stop in the midst of answers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from eval.bench.filling import fill
from eval.bench.synthetic import synthetic_questions
from index.settings import IndexSettings
from index.stores.store import open_index
from tests.load_client import ask_together, resident_bytes

pytestmark = [pytest.mark.soak, pytest.mark.alone]

PASSAGES, CLIENTS = 10_000, 100
QUESTIONS = synthetic_questions(5_000)
# How long it takes until all places for questions have been worked in, and caches are as large as they get.
SETTLING, LASTING = 30, 60
ROOM = 150_000_000
# Of a hundred looks at the event loop, 99 find it no later. An answer made on the loop itself would keep a hundred clients
# waiting for many seconds; how much less it is depends on the machine, and is printed.
LATEST = 1.0
LOOP = re.compile(r'^footnote_event_loop_delay_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("load") / "data"
    with open_index(IndexSettings(_env_file=None, data_dir=data_dir)) as index:
        fill(index, PASSAGES)
    return data_dir


@contextmanager
def service(data_dir: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `footnote serve` in a process of its own, and give its address once it is ready."""
    # As people start it: also without the number of threads that tests compute with.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTNOTE_", "OMP_"))}
    env = clean | {"FOOTNOTE_DATA_DIR": str(data_dir), "FOOTNOTE_STOP_SECONDS": "60"}
    command = [sys.executable, "-m", "service.cli.app", "serve", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            said = re.search(r"http://\S+", process.stdout.readline())
            assert said
            while httpx.get(f"{said[0]}/readyz", timeout=60).status_code != 200:
                time.sleep(0.2)
            yield said[0], process
        finally:
            if process.poll() is None:
                process.kill()


def loop_delays(url: str) -> dict[float, float]:
    """Return how many delays of the event loop were within so many seconds."""
    return {float(within): float(count) for within, count in LOOP.findall(httpx.get(f"{url}/metrics").text)}


def within(before: dict[float, float], after: dict[float, float], share: float) -> float:
    """Return the least bound, in seconds, that held for this share of the delays between two looks."""
    total = after[float("inf")] - before[float("inf")]
    return min(bound for bound in after if after[bound] - before[bound] >= share * total)


def test_a_hundred_clients_for_a_minute(data_dir: Path) -> None:
    with service(data_dir) as (url, process):
        alone = ask_together(url, QUESTIONS[::-1], clients=1, seconds=SETTLING / 2)
        settling = ask_together(url, QUESTIONS, clients=CLIENTS, seconds=SETTLING)
        memory, before = resident_bytes(process.pid), loop_delays(url)
        together = ask_together(url, QUESTIONS[len(settling.seconds) :], clients=CLIENTS, seconds=LASTING)
        grown, after = resident_bytes(process.pid) - memory, loop_delays(url)
        delays = {share: within(before, after, share) for share in (0.5, 0.99, 0.999)}
        print(
            f"\n{alone}\n{together}\nthroughput {together.per_second / alone.per_second:.2f} times that of one client"
        )
        print(
            f"memory {memory / 1e6:.0f} MB, then {grown / 1e6:+.0f} MB; event loop delays within, in seconds: {delays}"
        )
        assert [*alone.errors, *settling.errors, *together.errors] == []
        assert grown < ROOM
        assert together.per_second > alone.per_second / 2  # how much more it is depends on the machine, and is printed
        assert delays[0.99] <= LATEST


def test_a_stop_finishes_the_answers_in_flight(data_dir: Path) -> None:
    def ask(number: int) -> str:
        request = {"question": QUESTIONS[number], "stream": number % 2 == 0}
        return connected[number].post(f"{url}/api/ask", json=request).text

    with service(data_dir) as (url, process), ThreadPoolExecutor(8) as clients, ExitStack() as stack:
        # Connected before, so that on a busy machine, too, each has sent its question when the service is stopped.
        connected = [stack.enter_context(httpx.Client(timeout=60)) for _ in range(8)]
        for http in connected:
            http.get(f"{url}/healthz")
        answers = [clients.submit(ask, number) for number in range(8)]
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        for number, answer in enumerate(answers):
            assert ("event: answer" if number % 2 == 0 else '"status":') in answer.result()
        assert process.wait(90) == 0
