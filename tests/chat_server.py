"""A small server that speaks OpenAI's chat completions, on a port that can be taken again."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any] | bytes


@dataclass
class ChatServer:
    """Answers with what `answer` makes of the messages: a completion, other bytes, or a number that is a status."""

    answer: Callable[[list[dict[str, str]]], Body | int]
    models: tuple[str, ...] = ("small",)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""


def completion(text: str | None, **more: Any) -> dict[str, Any]:
    """Return a chat completion. `annotations`, `context` and `refusal` go into its message, the rest beside it."""
    inner = {name: more.pop(name) for name in ("annotations", "context", "refusal") if name in more}
    message = {"role": "assistant", "content": text} | inner
    return {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message}]} | more


@contextmanager
def serving_chat(server: ChatServer, port: int = 0) -> Iterator[ChatServer]:
    """Serve on this port, or a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"object": "list", "data": [{"id": name, "object": "model"} for name in server.models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(body)
            server.keys.append(self.headers["Authorization"])
            said = server.answer(body["messages"])
            if isinstance(said, int):
                self._send({"error": {"message": f"status {said}"}}, said)
            else:
                self._send(said)

        def _send(self, body: Body, status: int = 200) -> None:
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, args=[0.02])
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
