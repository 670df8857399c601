"""A publisher, PostgreSQL, Chroma and serving nodes are killed in turn, while articles change and questions are asked."""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.records import EVERYTHING
from service.schemas.api import SearchRequest, SearchResponse
from tests.asked_nodes import PATIENCE, Asker, Outage, Version, asking, faults, interrupted
from tests.cli_fixtures import FOOTNOTE
from tests.servers import ChromaProcess, PostgresServer, running_chroma, running_postgresql
from tests.service_fixtures import assistant_over, settings_for
from tests.serving_nodes import Node, servers_of, serving
from tests.test_soak_kill import QUESTIONS, Runs, assert_equal, running, texts_in, versions_in, write_articles

pytestmark = pytest.mark.soak

KILLS = int(os.environ.get("FOOTNOTE_TEST_KILLS", "8"))
VICTIMS = ("publisher", "Chroma", "PostgreSQL", "node")
# Where one run of indexing takes about a second, a kill falls into it or shortly after.
MOMENT = 1.5


@dataclass
class Articles:
    """Articles that change. `texts` has every version that was written, `gone` since when one is not in the index."""

    folder: Path
    chance: random.Random
    texts: dict[Version, str] = field(default_factory=dict)
    gone: dict[Version, float] = field(default_factory=dict)

    def edit(self) -> None:
        self.folder.mkdir(exist_ok=True)
        write_articles(self.folder, self.chance)
        texts = texts_in(self.folder)
        for version in versions_in(self.folder).items():
            self.texts[version] = texts[version[0]]
            self.gone.pop(version, None)

    def indexed(self) -> None:
        """Note what is gone, after a run that has come to its end."""
        old = self.texts.keys() - versions_in(self.folder).items()
        self.gone |= {version: time.monotonic() for version in old if version not in self.gone}


@dataclass
class Cluster:
    """Two nodes on servers of their own, and the articles that they serve."""

    postgresql: PostgresServer
    chroma: ChromaProcess
    servers: Mapping[str, str]
    nodes: list[Node]
    run: Runs
    data: Path
    articles: Articles
    outages: list[Outage] = field(default_factory=list)

    def kill(self, victim: str, *, rebuild: bool) -> int:
        """Kill something while articles are indexed, and start it again. Returns the exit code of the run."""
        if victim == "publisher":
            after = self.articles.chance.uniform(0, MOMENT)
            return self.run(self.data, self.articles.folder, rebuild=rebuild, die_after=after)
        if victim == "node":
            return self._kill_node(self.articles.chance.choice(self.nodes), rebuild=rebuild)
        with ThreadPoolExecutor(1) as apart:
            code = apart.submit(self.run, self.data, self.articles.folder, rebuild=rebuild)
            time.sleep(self.articles.chance.uniform(0, MOMENT))
            server = self.chroma.kill, self.chroma.start
            if victim == "PostgreSQL":
                server = self.postgresql.stop, self.postgresql.start
            self._interrupt(*server, of_server=True, nodes=self.nodes)
            return code.result(PATIENCE)

    def _kill_node(self, node: Node, *, rebuild: bool) -> int:
        """Kill a node that reads and writes articles itself at that moment."""
        options = ["--prune", "--prune-limit", "100%", *(["--rebuild"] if rebuild else [])]
        command = [str(FOOTNOTE), "index", str(self.articles.folder), *options]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, env=node.environment, stdout=quiet, stderr=quiet) as indexing:

            def stop() -> None:
                node.kill()
                indexing.wait(PATIENCE)

            time.sleep(self.articles.chance.uniform(1, 2.5 + MOMENT))  # the command itself takes a second to start
            self._interrupt(stop, node.start, of_server=False, nodes=[node])
            return indexing.returncode

    def _interrupt(
        self, stop: Callable[[], None], start: Callable[[], None], *, of_server: bool, nodes: list[Node]
    ) -> None:
        urls = [node.url for node in nodes]
        seconds = self.articles.chance.uniform(0, 1)
        self.outages.append(interrupted(stop, start, nodes=urls, of_server=of_server, seconds=seconds))


def test_whatever_is_killed_nothing_is_lost_and_nothing_deleted_is_answered(
    place: Path, opened_in: Callable[..., Any]
) -> None:
    articles = Articles(place / "articles", random.Random(17))
    articles.edit()
    with cluster_of(place, articles) as cluster:
        askers = [Asker(node.url, QUESTIONS, random.Random(number)) for number, node in enumerate(cluster.nodes)]
        cut_off = 0
        with asking(*askers):
            for kill, victim in enumerate(islice(cycle(VICTIMS), KILLS)):
                articles.edit()
                cut_off += cluster.kill(victim, rebuild=kill % 5 == 4) != 0
                for asker in askers:
                    asker.wait_for_more(3)
                if victim == VICTIMS[-1]:
                    assert cluster.run(cluster.data, articles.folder) == 0
                    articles.indexed()
                    clean = place / f"clean-{kill}"
                    assert cluster.run(clean, articles.folder) == 0
                    with opened_in(cluster.data, **cluster.servers) as survived, opened_in(clean) as expected:
                        assert_equal(survived, expected)
        assert_found_by_all(cluster.nodes, clean)
    replies = [reply for asker in askers for reply in asker.replies]
    problems = sum(reply.problem is not None for reply in replies)
    print(f"\n{KILLS} kills, {cut_off} runs cut off; {len(replies)} replies, {problems} of them errors in outages")
    assert list(faults(replies, cluster.outages, articles.texts, articles.gone)) == []
    assert articles.gone
    assert cut_off


@contextmanager
def cluster_of(place: Path, articles: Articles) -> Iterator[Cluster]:
    """Start servers, index the articles, and start two nodes."""
    with running_postgresql() as postgresql, running_chroma() as chroma:
        servers = servers_of(postgresql, chroma, "killed")
        nodes = [Node(place / name, servers) for name in ("one", "two")]
        data = place / "data"
        with running(lambda data_dir: servers if data_dir == data else {}) as run:
            assert run(data, articles.folder) == 0
            with serving(*nodes):
                yield Cluster(postgresql, chroma, servers, nodes, run, data, articles)


def assert_found_by_all(nodes: Sequence[Node], clean: Path) -> None:
    """Nodes find what an index made in one go finds, with the same scores, as soon as their words have followed."""
    deadline = time.monotonic() + PATIENCE
    with assistant_over(settings_for(clean)) as assistant, httpx.Client(timeout=PATIENCE) as http:
        for question in QUESTIONS:
            wanted = assistant.search(SearchRequest(question=question, limit=100), EVERYTHING)
            for node in nodes:
                while (found := search(http, node, question)) != wanted and time.monotonic() < deadline:
                    time.sleep(0.2)
                assert found == wanted


def search(http: httpx.Client, node: Node, question: str) -> SearchResponse:
    response = http.post(f"{node.url}/api/search", json={"question": question, "limit": 100})
    return SearchResponse.model_validate(response.json())
