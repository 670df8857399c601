"""A small real server that speaks the chat protocols of several makers, with scripted replies and scripted faults."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from tests import llm_wires

_PASSAGE = re.compile(r"<passage number=(\d+)>\n(.*?)\n(.*?)\n</passage>", re.DOTALL)
_WIRES = (
    (re.compile(r"/v1/chat/completions"), llm_wires.openai, "text/event-stream"),
    (re.compile(r"/v1/responses"), llm_wires.responses, "text/event-stream"),
    (re.compile(r"/v1/messages"), llm_wires.anthropic, "text/event-stream"),
    (re.compile(r"/api/chat"), llm_wires.ollama, "application/x-ndjson"),
    (re.compile(r"/model/(.+)/converse-stream"), llm_wires.bedrock, "application/vnd.amazon.eventstream"),
)


@dataclass(frozen=True)
class Received:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def system(self) -> str:
        """What the model is told before all else, wherever this protocol puts it."""
        return _text(self.body["system"] if "system" in self.body else self._messages[0]["content"])

    @property
    def prompt(self) -> str:
        return _text(self._messages[-1]["content"])

    @property
    def _messages(self) -> Any:
        return self.body["input"] if "input" in self.body else self.body["messages"]

    @property
    def question(self) -> str:
        return self.prompt.rpartition("Question: ")[2]

    @property
    def passages(self) -> list[tuple[str, str]]:
        """Title and text of every numbered passage of the messages so far."""
        found = _PASSAGE.findall("\n".join(_texts_in(self._messages)))
        assert [int(number) for number, _, _ in found] == list(range(1, len(found) + 1))
        return [(title, text) for _, title, text in found]

    def number_of(self, words: str) -> int:
        """Return the number of the first passage that holds these words."""
        return next(number for number, (_, text) in enumerate(self.passages, start=1) if words in text)


@dataclass(frozen=True)
class Reply:
    """What the server does with a request. `text` may be a function of the request, to cite by its numbers.

    A stream sends it in `pieces` characters at a time, with a `pause` after each, and ends for the reason `finish`. Before it
    come `thoughts`; `cached` tokens of the prompt are told as read before. After it come `calls` of the tool `search`.
    `body` is sent in place of a completion. `silent` waits that long before anything is sent; `trickle` then sends a blank
    every so often for that long; `cut` closes the connection in the middle, `cut_after` after so many events of a stream;
    `held_after` so many events of a stream, the rest waits until the test sets the server's `go_on`.
    """

    text: str | Callable[[Received], str] | None = "Fine."
    usage: tuple[int, int] | None = (123, 45)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    silent: float = 0.0
    trickle: float = 0.0
    cut: bool = False
    cut_after: int | None = None
    held_after: int | None = None
    pieces: int = 7
    pause: float = 0.0
    finish: str | None = None
    thoughts: Sequence[str] = ()
    cached: int | None = None
    calls: Sequence[str] = ()

    def words(self, received: Received) -> str | None:
        return self.text(received) if callable(self.text) else self.text


class LlmServer:
    """Answers with `replies`, one a request and the last one for ever, and remembers the requests."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.requests: list[Received] = []
        self.url = ""
        self.hung_up = threading.Event()  # whoever asked closed the connection before the answer was over
        self.go_on = threading.Event()
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
        self.go_on.set()

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
            try:
                _send(self, script, received)
            except ConnectionError:
                script.hung_up.set()
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


def _texts_in(told: object) -> Iterator[str]:
    """Yield every text of messages, wherever their protocol puts it: as content, in blocks, in results of tools."""
    if isinstance(told, str):
        yield told
    parts = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    for part in parts:
        yield from _texts_in(part)


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    assert isinstance(content, list)
    return "".join(str(block["text"]) for block in content if "text" in block)


def _send(handler: BaseHTTPRequestHandler, script: LlmServer, received: Received) -> None:
    wire = next(((wire, kind) for path, wire, kind in _WIRES if path.fullmatch(unquote(received.path))), None)
    if wire is None:
        handler.send_error(404)
        return
    reply = script.next_reply(received)
    script.wait(reply.silent)
    streams = received.body.get("stream") is True or "converse-stream" in received.path
    if streams and reply.status == 200 and reply.body is None:
        _stream(handler, script, reply, received)
    else:
        _whole(handler, script, reply, received)


def _whole(handler: BaseHTTPRequestHandler, script: LlmServer, reply: Reply, received: Received) -> None:
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


def _stream(handler: BaseHTTPRequestHandler, script: LlmServer, reply: Reply, received: Received) -> None:
    wire, kind = next((wire, kind) for path, wire, kind in _WIRES if path.fullmatch(unquote(received.path)))
    text = reply.words(received) or ""
    pieces = [text[at : at + reply.pieces] for at in range(0, len(text), reply.pieces)]
    finish = {"finish": reply.finish} if reply.finish else {}
    events = list(wire(pieces, reply.usage, thoughts=reply.thoughts, cached=reply.cached, calls=reply.calls, **finish))
    handler.send_response(200)
    for name, value in {"Content-Type": kind, "Transfer-Encoding": "chunked", "Connection": "close"}.items():
        handler.send_header(name, value)
    handler.end_headers()
    for _ in range(int(reply.trickle / 0.05)):
        _chunk(handler, b": a comment\n\n" if kind == "text/event-stream" else b"\n")
        script.wait(0.05)
    cut = len(events) // 2 if reply.cut else reply.cut_after
    for number, event in enumerate(events[:cut]):
        if number == reply.held_after:
            script.go_on.wait()
        _chunk(handler, event)
        script.wait(reply.pause)
    if cut is None:
        handler.wfile.write(b"0\r\n\r\n")


def _chunk(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    handler.wfile.flush()


def _completion(reply: Reply, received: Received) -> bytes:
    if reply.status != 200:
        return json.dumps({"error": {"message": "scripted fault", "type": "fault", "code": None}}).encode()
    choices: Sequence[Mapping[str, object]] = [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": reply.words(received)}}
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
