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
    with socket.create_server(("127.0.0.1", 0)) as listening, serving_on(listening, app):
        yield address_of(listening)


def address_of(listening: socket.socket) -> str:
    """Return the address of a service that will listen here."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def serving_on(listening: socket.socket, app: FastAPI) -> Iterator[None]:
    """Serve an application on a socket that listens already."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
