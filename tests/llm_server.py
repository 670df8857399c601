"""A small real server that speaks OpenAI's chat completions protocol, with scripted replies and scripted faults."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PASSAGE = re.compile(r"<passage number=(\d+)>\n(.*?)\n(.*?)\n</passage>", re.DOTALL)


@dataclass(frozen=True)
class Received:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def question(self) -> str:
        return self.prompt.rpartition("Question: ")[2]

    @property
    def passages(self) -> list[tuple[str, str]]:
        """Title and text of every numbered passage of the prompt."""
        found = _PASSAGE.findall(self.prompt)
        assert [int(number) for number, _, _ in found] == list(range(1, len(found) + 1))
        return [(title, text) for _, title, text in found]

    def number_of(self, words: str) -> int:
        """Return the number of the first passage that holds these words."""
        return next(number for number, (_, text) in enumerate(self.passages, start=1) if words in text)


@dataclass(frozen=True)
class Reply:
    """What the server does with a request. `text` may be a function of the request, to cite by its numbers.

    `body` is sent in place of a completion. `silent` waits that long before anything is sent; `trickle` then sends a blank
    every so often for that long; `cut` closes the connection in the middle of the body.
    """

    text: str | Callable[[Received], str] | None = "Fine."
    usage: tuple[int, int] | None = (123, 45)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    silent: float = 0.0
    trickle: float = 0.0
    cut: bool = False


class LlmServer:
    """Answers with `replies`, one a request and the last one for ever, and remembers the requests."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.requests: list[Received] = []
        self.url = ""
        self._stopped = threading.Event()

    def say(self, text: str | Callable[[Received], str] | None) -> None:
        """Answer every request from now on with this text."""
        self.replies = [Reply(text)]

    def do(self, *replies: Reply) -> None:
        """Answer the next requests in this way."""
        self.replies = list(replies)

    def next_reply(self, received: Received) -> Reply:
        self.requests.append(received)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def stop(self) -> None:
        """End all waiting."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        self._stopped.wait(seconds)


@contextmanager
def llm_server() -> Iterator[LlmServer]:
    """Run the server on a free port of this machine."""
    script = LlmServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, dict(self.headers.items()), json.loads(body))
            with suppress(ConnectionError):  # who asked may have stopped waiting
                _send(self, script, received)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield script
    finally:
        script.stop()
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _send(handler: BaseHTTPRequestHandler, script: LlmServer, received: Received) -> None:
    if received.path != "/v1/chat/completions":
        handler.send_error(404)
        return
    reply = script.next_reply(received)
    script.wait(reply.silent)
    body = reply.body if reply.body is not None else _completion(reply, received)
    blanks = int(reply.trickle / 0.05)
    handler.send_response(reply.status)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body) + blanks), "Connection": "close"}
    for name, value in (headers | dict(reply.headers)).items():
        handler.send_header(name, value)
    handler.end_headers()
    for _ in range(blanks):
        handler.wfile.write(b" ")
        script.wait(0.05)
    handler.wfile.write(body[: len(body) // 2] if reply.cut else body)


def _completion(reply: Reply, received: Received) -> bytes:
    if reply.status != 200:
        return json.dumps({"error": {"message": "scripted fault", "type": "fault", "code": None}}).encode()
    text = reply.text(received) if callable(reply.text) else reply.text
    choices: Sequence[Mapping[str, object]] = [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    ]
    completion: dict[str, object] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": received.body["model"],
        "choices": choices,
    }
    if reply.usage is not None:
        prompt, answer = reply.usage
        counted = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
        completion["usage"] = counted
    return json.dumps(completion).encode()
