"""Two nodes against one, each on a core of its own: `python -m tests.load_nodes --seconds 60 --clients 8`.

Both answer from one PostgreSQL database and one Chroma server, which are started for this. One node on one core and two on
two are measured in turn, so that what else the machine does falls on both. Prints the answers a second of each, their ratio,
and the processor time of each part. The clients and the two servers run on the same cores, so the ratio is lower than it
would be on machines of their own.
"""

import argparse
import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.bench.filling import fill
from eval.bench.synthetic import synthetic_questions
from index.settings import IndexSettings
from index.stores.store import open_index
from tests.load_client import Load, ask_together
from tests.servers import ChromaProcess, PostgresServer, running_chroma, running_postgresql
from tests.serving_nodes import Node, servers_of, serving

QUESTIONS = synthetic_questions(5_000)
Measure = Callable[[Sequence[Node]], float]


@contextmanager
def two_nodes(passages: int, clients: int, seconds: float) -> Iterator[tuple[list[Node], Measure]]:
    """Run two nodes over an index of so many passages, each bound to one core. Also gives a way to measure them."""
    with TemporaryDirectory() as name, running_postgresql() as postgresql, running_chroma() as chroma:
        shared = servers_of(postgresql, chroma, "load")
        cores = sorted(os.sched_getaffinity(0))[:2]
        nodes = [Node(Path(name) / f"node{core}", shared, ("taskset", "-c", str(core))) for core in cores]
        database = postgresql.database("load")
        settings = IndexSettings(
            _env_file=None, data_dir=nodes[0].data_dir, database_url=database, chroma_url=chroma.url
        )
        with open_index(settings) as index:
            fill(index, passages)
        with serving(*nodes):
            parts = partial(processor_seconds, nodes, postgresql, chroma)
            yield nodes, partial(answers_per_second, clients=clients, seconds=seconds, parts=parts)


def answers_per_second(
    nodes: Sequence[Node], *, clients: int, seconds: float, parts: Callable[[], Mapping[str, float]]
) -> float:
    """Let clients ask these nodes, the same number in all however many nodes there are. Print what came of it."""

    def ask(number: int) -> Load:
        mine = QUESTIONS[number :: len(nodes)]
        return ask_together(nodes[number].url, mine, clients=clients // len(nodes), seconds=seconds)

    before = parts()
    with ThreadPoolExecutor(len(nodes)) as threads:
        loads = list(threads.map(ask, range(len(nodes))))
    answers, after = sum(len(load.seconds) for load in loads), parts()
    print(f"{len(nodes)} nodes:", *loads, sep="\n  ")
    used = ", ".join(f"{part} {1000 * (after[part] - before[part]) / answers:.1f}" for part in after)
    print(f"  milliseconds of processor time an answer: {used}", flush=True)
    print(*(error for load in loads for error in load.errors[:10]), sep="\n", end="")
    return sum(load.per_second for load in loads)


def processor_seconds(nodes: Sequence[Node], postgresql: PostgresServer, chroma: ChromaProcess) -> dict[str, float]:
    """Return the processor time that each part has used until now."""
    pids = {f"node {number}": node.process.pid for number, node in enumerate(nodes, 1) if node.process}
    pids["PostgreSQL"] = int((postgresql.folder / "cluster" / "postmaster.pid").read_text().split()[0])
    if chroma.process:
        pids["Chroma"] = chroma.process.pid
    return {part: _used(pid) for part, pid in pids.items()} | {"clients": sum(os.times()[:2])}


def _used(pid: int) -> float:
    """Return the processor time of a process and its children, in seconds."""
    of = Path(f"/proc/{pid}")
    fields = (of / "stat").read_text().rpartition(")")[2].split()
    children = (of / "task" / str(pid) / "children").read_text().split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # those of ended children are in it
    return own + sum(_used(int(child)) for child in children)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only-two", action="store_true", help="ask two nodes, and do not compare them with one")
    given = parser.parse_args()
    with two_nodes(given.passages, given.clients, given.seconds) as (nodes, measure):
        if given.only_two:
            measure(nodes)
            return
        ratios = []
        for _ in range(given.rounds):
            one = measure(nodes[:1])
            ratios.append(measure(nodes) / one)
            print(f"{ratios[-1]:.2f} times; load of the machine {os.getloadavg()[0]:.1f}", flush=True)
        print(f"median of {given.rounds}: {statistics.median(ratios):.2f} times the answers a second")


if __name__ == "__main__":
    main()
