"""Runs the readers of files in a separate process with limits, so that no file can crash or exhaust this process.

The process is started when the first file is read, and kept for the next ones. It is a new Python process, not a fork, so
that it has no threads of models, open databases or locks.
"""

import atexit
import pickle
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from time import monotonic
from typing import Any, ParamSpec, TypeVar, assert_never

from index.errors import ArticleError, IndexingStopped
from index.sources.source_types import Limits
from index.sources.worker import Broken, Done, OutOfMemory, Refused, Reply, Task, command, environment

P = ParamSpec("P")
T = TypeVar("T")
# The time limit grows with the file: this many seconds, and one more for each so many bytes.
_LEAST_SECONDS = 15.0
_BYTES_A_SECOND = 20_000
# The limit in wall-clock time, as a multiple: on a busy machine a process waits longer than it works.
_BY_THE_CLOCK = 4.0
_ENDING_SECONDS = 5.0
# What a process took for such a reply, many times its size, it would keep.
_LARGE_REPLY = 5_000_000
# One file is read while the text of another is divided.
_MOST_IDLE = 2
_STOPPED = "ReadResult was stopped."


class _Gone(Exception):
    """The process ended before it got a task."""


@dataclass(eq=False, slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: "Connection[Any, Any]"
    stopped: bool = False

    def end(self) -> int:
        """Kill the process, if it still runs, and return its exit status."""
        self.process.kill()
        self.connection.close()
        return self.process.wait()

    def ended(self) -> int:
        """Return the exit status of a process that is about to end by itself."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_ENDING_SECONDS)
        return self.end()


_reads_here = False
_lock = Lock()
_idle: list[_Worker] = []
_busy: set[_Worker] = set()


def apart(limits: Limits, size: int, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function of ours returns, run in the reading process. `size` is the size of what it reads, in bytes.

    Raises the ArticleError that it raises, or one that says which limit was exceeded or how the process failed;
    IndexingStopped if `stop_reading` is called in the meantime.
    """
    if _reads_here:
        return function(*args, **kwargs)
    seconds = seconds_for(size, limits)
    reply_bytes = 8 * limits.text_bytes + 10_000_000
    task = Task(function, args, kwargs, seconds, limits.memory_bytes, reply_bytes)
    while True:
        try:
            value: T = _value(_reply(task), limits)
            return value
        except _Gone:
            continue  # it was ended while it was idle; the next one is new


@contextmanager
def reading_here() -> Iterator[None]:
    """Read files in this process and without its limits, to measure what the other process costs."""
    global _reads_here
    _reads_here = True
    try:
        yield
    finally:
        _reads_here = False


def seconds_for(size: int, limits: Limits) -> float:
    """Return the limit on processor time, in seconds, for reading this many bytes."""
    return min(limits.file_seconds, _LEAST_SECONDS + size / _BYTES_A_SECOND)


def stop_reading() -> None:
    """End every reading process that is working now. Its callers get IndexingStopped."""
    with _lock:
        for worker in _busy:
            worker.stopped = True
            worker.process.kill()


def _value(reply: Reply, limits: Limits) -> Any:
    match reply:
        case Done(value):
            return value
        case Refused(message, _, kind):
            raise kind(message)
        case Broken(message):
            raise ArticleError(message)
        case OutOfMemory():
            raise ArticleError(_too_much_memory(limits.memory_bytes))
        case _:
            assert_never(reply)


def _reply(task: Task) -> Reply:
    with _borrowed() as worker:
        try:
            worker.connection.send(task)
        except OSError:
            worker.end()
            if worker.stopped:
                raise IndexingStopped(_STOPPED) from None
            raise _Gone from None
        reply = _received(worker, task)
        if reply.last:
            worker.end()
        return reply


def _received(worker: _Worker, task: Task) -> Reply:
    deadline = monotonic() + _BY_THE_CLOCK * task.seconds
    try:
        if worker.connection.poll(max(deadline - monotonic(), 0)):
            answer = worker.connection.recv_bytes(2 * task.reply_bytes)
            if len(answer) > _LARGE_REPLY:
                worker.end()
            reply: Reply = pickle.loads(answer)
            return reply
    except (EOFError, OSError):
        status = worker.ended()
        if worker.stopped:
            raise IndexingStopped(_STOPPED) from None
        raise ArticleError(_ended(status, task)) from None
    worker.end()
    raise ArticleError(_too_long(_BY_THE_CLOCK * task.seconds, "by the clock"))


def _ended(status: int, task: Task) -> str:
    if -status == signal.SIGXCPU:
        return _too_long(task.seconds, "of processor time")
    if -status in (signal.SIGABRT, signal.SIGKILL):
        # Libraries end the process if they get no more memory, as does the system if none is left.
        return _too_much_memory(task.memory_bytes)
    how = f"signal {-status}" if status < 0 else f"status {status}"
    return f"ended the process that read it ({how}). Save it again, or remove it."


def _too_long(seconds: float, counted: str) -> str:
    what = f"takes more than {seconds:g} seconds {counted} to read, the limit for its size"
    return f"{what}. Split it, or remove it. FOOTNOTE_MAX_FILE_SECONDS is the limit for large files."


def _too_much_memory(limit: int) -> str:
    return (
        f"takes more than {limit:,} bytes of memory to read. Split it, remove it, or raise "
        "FOOTNOTE_MAX_FILE_MEMORY_BYTES."
    )


@contextmanager
def _borrowed() -> Iterator[_Worker]:
    """Yield a process that no other thread uses. If it still runs afterwards, it is kept for later callers."""
    with _lock:
        worker = _idle.pop() if _idle else _started()
        _busy.add(worker)
    try:
        yield worker
    except BaseException:
        worker.end()
        raise
    finally:
        with _lock:
            _busy.discard(worker)
            kept = not worker.connection.closed and len(_idle) < _MOST_IDLE
            if kept:
                _idle.append(worker)
        if not kept:
            worker.end()


def _started() -> _Worker:
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(
            command(theirs.fileno()),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    return _Worker(process, ours)


@atexit.register
def _end_all() -> None:
    for worker in [*_idle, *_busy]:
        worker.end()
