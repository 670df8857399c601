"""Any program that answers: it gets a question as a line of JSON, and answers with a line of JSON.

It gets `question`, `history` (a list of `role` and `text`), `as_of` (a day or null) and `article_ids` (the only articles that
the question is asked of; empty: all). It answers with the fields of `eval.against.replies.Reply`, or with `error`.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from pydantic import ValidationError

from eval.against.replies import MOST_CHARACTERS, Reading, Reply
from eval.errors import ReplyUnreadable, SystemUnusable
from index.errors import WrongUsage
from service.schemas.api import AskRequest, AskResponse

# A line holds the answer and its sources.
_MOST_BYTES = 20 * MOST_CHARACTERS
_SHOWN = 200
_PATIENCE = 5.0


@dataclass(slots=True)
class ProgramSystem:
    """A program that is started as often as questions are asked at a time, each of them once for many questions.

    One that dies, is too slow or answers no JSON is ended, and another is started for the next question.
    """

    command: tuple[str, ...]
    timeout_seconds: float
    reading: Reading
    _idle: "SimpleQueue[subprocess.Popen[bytes]]" = field(default_factory=SimpleQueue)

    def ask(self, request: AskRequest) -> AskResponse:
        """Ask a question. Raises ReplyUnreadable without an answer, SystemUnusable when the program cannot be started."""
        asked = request.model_dump(mode="json", include={"question", "history", "as_of"})
        line = json.dumps(asked | {"article_ids": request.filters.article_ids}).encode() + b"\n"
        process = self._process()
        try:
            began = time.perf_counter()
            said = _exchange(process, line, self.timeout_seconds)
            milliseconds = 1000 * (time.perf_counter() - began)
            content = _json(said)
        except BaseException:
            _end(process)
            raise
        self._idle.put(process)
        return self.reading.response(request, _reply(content), answerer=self.command[0], milliseconds=milliseconds)

    def close(self) -> None:
        """End the programs."""
        while (process := _next(self._idle)) is not None:
            _end(process)

    def _process(self) -> "subprocess.Popen[bytes]":
        idle = _next(self._idle)
        if idle is not None and idle.poll() is None:
            return idle
        try:
            # A group of its own, so that what it starts ends with it.
            return subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        except OSError as error:
            raise SystemUnusable(f"{self.command[0]} cannot be started: {error.strerror}.") from error


@contextmanager
def open_program(command: str, *, timeout_seconds: float, reading: Reading) -> Iterator[ProgramSystem]:
    """Open a program with its arguments, as a shell would part them. Raises WrongUsage when there is no such program."""
    try:
        parts = tuple(shlex.split(command))
    except ValueError as error:
        raise WrongUsage(f"{command!r} is no command: {error}.") from error
    if not parts or shutil.which(parts[0]) is None:
        raise WrongUsage(f"There is no program {parts[0] if parts else ''!r}. Write it as on a command line.")
    system = ProgramSystem(parts, timeout_seconds, reading)
    try:
        yield system
    finally:
        system.close()


def _exchange(process: "subprocess.Popen[bytes]", line: bytes, seconds: float) -> bytes:
    """Send a line and return the one that comes back. A program that takes too long is killed, which ends the reading."""
    assert process.stdin
    assert process.stdout
    late = threading.Timer(seconds, _kill, [process])
    began = time.monotonic()
    late.start()
    try:
        process.stdin.write(line)
        process.stdin.flush()
        said = process.stdout.readline(_MOST_BYTES)
    except OSError as error:
        raise ReplyUnreadable(f"The program ended before it read the question ({error.strerror}).") from error
    finally:
        late.cancel()
    if said.endswith(b"\n"):
        return said
    if len(said) >= _MOST_BYTES:
        raise ReplyUnreadable(f"The program's line is longer than {_MOST_BYTES:,} bytes.")
    slow = time.monotonic() - began >= seconds
    raise ReplyUnreadable(f"The program {f'took more than {seconds:g} s' if slow else 'ended without an answer'}.")


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReplyUnreadable(f"The program's line is not JSON: {line[:_SHOWN].decode('utf-8', 'replace')}") from error


def _reply(content: Any) -> Reply:
    if isinstance(content, dict) and content.get("error"):
        raise ReplyUnreadable(f"The program failed: {str(content['error'])[:_SHOWN]}")
    try:
        return Reply.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise ReplyUnreadable(f"The program's line is no answer: {place}: {first['msg']}") from error


def _next(queue: "SimpleQueue[subprocess.Popen[bytes]]") -> "subprocess.Popen[bytes] | None":
    try:
        return queue.get_nowait()
    except Empty:
        return None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.poll()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program: first by closing what it reads, then by force."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.close()
        process.wait(_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        _kill(process)
        process.wait(_PATIENCE)
    process.stdout.close()
