"""`footnote serve` in processes of their own on one database and one Chroma server, which can be killed and started again."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.cli_fixtures import environment
from tests.servers import ChromaProcess, PostgresServer, free_port

STARTING_SECONDS = 180.0


@dataclass
class Node:
    """A node at a fixed address. `command` goes before that of the node, such as `taskset`."""

    data_dir: Path
    settings: Mapping[str, str]
    command: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.data_dir, **self.settings)

    def start(self) -> None:
        """Start the node, and wait until it can answer."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        serve = [*self.command, sys.executable, "-m", "service.cli.app", "serve", "--port", str(self.port)]
        log = (self.data_dir / "log").open("ab")
        with log:
            self.process = subprocess.Popen(serve, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + STARTING_SECONDS
        with httpx.Client(base_url=self.url, timeout=STARTING_SECONDS) as http:
            while not _ready(http):
                assert self.process.poll() is None, (self.data_dir / "log").read_text()
                assert time.monotonic() < deadline, "The node is not ready."
                time.sleep(0.2)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(*nodes: Node) -> Iterator[None]:
    """Run nodes while in this context."""
    try:
        for node in nodes:
            node.start()
        yield
    finally:
        for node in nodes:
            if node.process:
                node.kill()


def servers_of(postgresql: PostgresServer, chroma: ChromaProcess, name: str) -> dict[str, str]:
    """The settings of nodes that share a database of this name."""
    return {"database_url": postgresql.database(name).get_secret_value(), "chroma_url": chroma.url}


def _ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").is_success
    except httpx.TransportError:
        return False
