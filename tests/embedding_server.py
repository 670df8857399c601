"""A small real server with OpenAI's embeddings API, with scripted faults. Its vectors are those of the packaged model."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Fault:
    """What is answered in place of vectors. `body` may be a function of the answer that would have been given."""

    status: int = 200
    body: bytes | Callable[[dict[str, Any]], object] = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Embeddings:
    """Answers with the next of `faults`, else with vectors, the last one first. Remembers the requests."""

    def __init__(self, embed: Embed) -> None:
        self.embed = embed
        self.faults: list[Fault] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    @property
    def texts(self) -> list[str]:
        """Every text that was embedded, in order."""
        return [text for request in self.requests for text in request["input"]]

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        rows = self.embed(request["input"])
        data = [
            {"object": "embedding", "index": place, "embedding": [3.0 * float(number) for number in row]}
            for place, row in enumerate(rows)
        ]
        return {"object": "list", "model": request["model"], "data": data[::-1], "usage": {"prompt_tokens": 1}}


@contextmanager
def embedding_server(embed: Embed) -> Iterator[Embeddings]:
    """Run the server on a free port of this machine."""
    script = Embeddings(embed)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/v1/embeddings":
                self.send_error(404)
                return
            script.requests.append(request)
            script.keys.append(self.headers["Authorization"])
            fault = script.faults.pop(0) if script.faults else Fault(body=lambda answer: answer)
            told = (
                fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body(script.answer(request))).encode()
            )
            self.send_response(fault.status)
            for name, value in ({"Content-Length": str(len(told))} | fault.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
