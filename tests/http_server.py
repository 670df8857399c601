"""The service on a real socket, in a thread, for tests of what only a socket shows: streams, slow readers, hanging up."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from service.api.app import Assistant, create_app
from service.settings import Settings


@contextmanager
def served(assistant: Assistant, settings: Settings | None = None) -> Iterator[str]:
    """Serve an assistant on a free port, and give its address."""
    with serving_app(create_app(assistant, settings=settings or Settings(_env_file=None))) as url:
        yield url


@contextmanager
def serving_app(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
