"""Ray and its workers, on this machine or on the cluster that RAY_ADDRESS names. Ray is imported only once there is work."""

import logging
import os
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from queue import Queue
from secrets import token_hex
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from index.errors import ClusterUnavailable
from index.extras import DISTRIBUTION
from index.ingest.cutting import CutArticle, cut
from index.models.computation import computation
from index.models.embedding import Embedder, Vectors
from index.settings import IndexSettings, Precision
from index.sources.files import read_file
from index.sources.source_types import Failed, Limits, ReadResult, Source, printable
from index.stores.publishing import Prepared
from index.stores.store import embedder_for

DEATHS = 3
"""So many workers may die of one piece of work."""
# While the model of a worker computes, it reads or cuts something else.
_CALLS_EACH = 2
# For what waits to be fetched from a worker: a few articles and vectors.
_SHARED_MEMORY_BYTES = 100_000_000
# Ray reports nothing home, prints nothing between what a command prints, and leaves signals alone: otherwise it would end
# this process three seconds after SIGTERM, in the middle of stopping.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
}
# Ray itself tries for minutes to reach a cluster that is not there.
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class About:
    """What is on a worker: Footnote, the embedding model, and the type of numbers that it would compute with."""

    footnote: str
    model: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class _Models:
    settings: IndexSettings
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What was read of a file. `copy` is to be kept of it where that could not be done by the worker, on another machine."""

    results: list[ReadResult]
    copy: bytes | None = None


class Worker:
    """What Ray runs on one core. Calls of it run in several threads. It keeps the model that it was last asked to use."""

    def __init__(self, node: str) -> None:
        """`node` is the node of the process that indexes."""
        import ray

        self._elsewhere = ray.get_runtime_context().get_node_id() != node
        self._models: _Models | None = None
        self._lock = Lock()

    def about(self, settings: IndexSettings) -> About:
        """Say what is here, and what these settings mean here."""
        precision = computation(settings.precision).precision
        return About(version(DISTRIBUTION), embedder_for(settings).fingerprint, precision)

    def read(self, file: Path, source: Source, limits: Limits) -> ReadFile:
        """Read the articles of a file."""
        if not self._elsewhere:
            return ReadFile(list(read_file(file, source, limits=limits)))
        if not os.path.lexists(file):
            where = f"the node {socket.gethostname()!r} of the Ray cluster"
            missing = f"is not on {where}. Every node needs the folder, under the same path."
            return ReadFile([Failed(printable(file), printable(file), missing)])
        with TemporaryDirectory(prefix="footnote-") as folder:
            copies = Path(folder) if limits.originals else None
            # The file that remembers scans is on another machine, too.
            limits = replace(limits, scans=replace(limits.scans, cache=None), originals=copies)
            found = list(read_file(file, source, limits=limits))
            return ReadFile(found, next((copy.read_bytes() for copy in Path(folder).iterdir()), None))

    def cut(self, settings: IndexSettings, prepared: Prepared) -> CutArticle:
        """Cut an article into passages."""
        return cut(self._models_for(settings), prepared)

    def embed(self, settings: IndexSettings, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        return self._models_for(settings).embedder.embed_passages(texts)

    def _models_for(self, settings: IndexSettings) -> _Models:
        with self._lock:
            if self._models is None or self._models.settings != settings:
                self._models = _Models(settings, embedder_for(settings))
            return self._models


class Pool:
    """The workers of all runs of this process. They end with the last run."""

    def __init__(self) -> None:
        # Where the thread that started Ray ends, so does Ray: it has one of its own.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="footnote-ray")
        self._runs = 0
        self._stack = ExitStack()
        self.workers: list[Any] = []
        self.free: Queue[Any] = Queue()

    def join(self, count: int) -> None:
        """Use the workers, of which so many are started if there are none. Raises ClusterUnavailable."""
        self._thread.submit(self._join, count).result()

    def leave(self) -> None:
        """Use them no longer."""
        self._thread.submit(self._leave).result()

    def _join(self, count: int) -> None:
        if self._runs == 0:
            with ExitStack() as stack:
                self._start(count, stack)
                self._stack = stack.pop_all()
        self._runs += 1

    def _leave(self) -> None:
        self._runs -= 1
        if self._runs == 0:
            self.workers, self.free = [], Queue()
            self._stack.close()

    def _start(self, count: int, stack: ExitStack) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        address = os.environ.get("RAY_ADDRESS") or "local"
        options = _local_options(count, stack) if address == "local" else {}
        import ray  # reads the environment

        stack.callback(ray.shutdown)
        try:
            _check_reached(address)
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
        except Exception as error:
            raise ClusterUnavailable(
                f"Ray cannot be used at {address!r} ({shortly(error)}). Correct RAY_ADDRESS or RAY_AUTH_TOKEN, start the "
                "cluster, or set FOOTNOTE_INGEST=local."
            ) from error
        worker = ray.remote(Worker).options(
            num_cpus=1, max_concurrency=_CALLS_EACH, max_restarts=-1, max_task_retries=DEATHS - 1
        )
        node = ray.get_runtime_context().get_node_id()
        self.workers = [worker.remote(node) for _ in range(count)]
        self.free = Queue()
        for one in self.workers * _CALLS_EACH:
            self.free.put(one)


def _local_options(count: int, stack: ExitStack) -> dict[str, Any]:
    """Return how Ray is started for so many workers on this machine."""
    # It listens on the loopback address alone (the name of the setting is about other systems), and other users of this
    # machine, who do not have the token, cannot use it.
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", token_hex(32))
    # A short path: names of sockets have at most 107 bytes. Ray lets everybody write into its own folder, so it lies in one
    # that is for this user alone.
    folder = stack.enter_context(TemporaryDirectory(prefix="footnote-ray-", dir="/tmp", ignore_cleanup_errors=True))
    memory = {"object_store_memory": _SHARED_MEMORY_BYTES}
    return {"num_cpus": count, "include_dashboard": False, "_temp_dir": f"{folder}/r", **memory}


def _check_reached(address: str) -> None:
    """Raise OSError if nothing listens at the address of a cluster."""
    host, _, port = address.rpartition(":")
    if port.isdigit():
        socket.create_connection((host.removeprefix("ray://"), int(port)), _CONNECT_SECONDS).close()


def shortly(error: Exception) -> str:
    """Return the beginning of an error of Ray, which often has many lines."""
    return " ".join(str(error).split())[:300]
