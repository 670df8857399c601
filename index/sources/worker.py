"""The separate process that reads files. Its parent may kill it at any moment. It loads the readers, but no model."""

import math
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import process_time
from typing import Any

from index.errors import ArticleError
from index.sources.source_types import unexpected

# Memory that was used once is seldom given back: a process that used so much of its limit reads no further file.
_USED_UP = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """A function to run, by its name in a module, and what it may take: processor time, memory, and bytes of its reply."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 120.0
    memory_bytes: int = 2_000_000_000
    reply_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Done:
    """What the function returned. `last` says that the process ends after it."""

    value: Any
    last: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The message and the class of the ArticleError that the function raised."""

    message: str
    last: bool = False
    kind: type[ArticleError] = ArticleError


@dataclass(frozen=True, slots=True)
class Broken:
    """What is to be said of any other error of the function."""

    message: str
    last: bool = True


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """The function asked for more memory than it may take."""

    last: bool = True


Reply = Done | Refused | Broken | OutOfMemory


def main() -> None:
    """Serve tasks until the process that started this one ends."""
    # Ctrl-C goes to every process of a terminal. This one ends when the one that it reads for does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    import index.sources.extraction  # noqa: F401 - before the first file, whose time is counted

    last = False
    while not last:
        try:
            task = connection.recv()
        except EOFError:
            return
        answer, last = _answered(task)
        connection.send_bytes(answer)


def _answered(task: Task) -> tuple[bytes, bool]:
    try:
        return _pickled(_run(task), task)
    except MemoryError:
        pass  # also while an error was handled: only from here on is the memory free again
    return _pickled(OutOfMemory(), task)


def _pickled(reply: Reply, task: Task) -> tuple[bytes, bool]:
    answer = pickle.dumps(reply)
    if len(answer) > task.reply_bytes:
        reply = Refused(f"comes to {len(answer):,} bytes once read, over the limit of {task.reply_bytes:,}. Split it.")
        answer = pickle.dumps(reply)
    return answer, reply.last


def _run(task: Task) -> Reply:
    try:
        _limit(task)
        return Done(task.function(*task.args, **task.kwargs), _used_up(task))
    except Exception as error:  # noqa: BLE001 - an error in one file must not end the run
        if any(isinstance(cause, MemoryError) for cause in _causes(error)):
            return OutOfMemory()
        if isinstance(error, ArticleError):
            return Refused(str(error), _used_up(task), type(error))
        return Broken(unexpected(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _limit(task: Task) -> None:
    """Bound what this process may take from now on. Past the processor time, the system ends it."""
    lower(resource.RLIMIT_CPU, math.ceil(process_time() + task.seconds))
    lower(resource.RLIMIT_DATA, task.memory_bytes)
    # Where the system does not count what is written to, it counts what is reserved, of which there is always more.
    lower(resource.RLIMIT_AS, 2 * task.memory_bytes + 1_000_000_000)


def lower(kind: int, limit: int) -> None:
    """Set a limit of the `resource` module for this process, at most the one that cannot be raised."""
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def _used_up(task: Task) -> bool:
    return _memory_used() > _USED_UP * task.memory_bytes


def _memory_used() -> int:
    """Return how much memory this process has, in bytes.

    The most it ever had, as the system counts it, would not do: Linux counts what the process had that started this one.
    """
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1_024


def command(handle: int) -> list[str]:
    """Return the command that starts such a process, which talks over this file descriptor.

    -P: a folder that someone works in may hold modules of any name, and none of them is loaded.
    """
    return [sys.executable, "-P", "-c", "from index.sources.worker import main; main()", str(handle)]


def environment() -> dict[str, str]:
    """Return the environment of such a process. Threads of libraries would reserve memory and read no file faster."""
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
