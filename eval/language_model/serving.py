"""A language model served on this machine by llama.cpp, in OpenAI's shape, as long as it is needed."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from index.errors import WrongUsage

CONTEXT_TOKENS = 4_096
_PATIENCE = 120.0


@contextmanager
def served(python: Path, weights: Path, *, threads: int) -> Iterator[str]:
    """Serve weights with the llama-cpp-python of another interpreter; yield the address of the API.

    Never with a cache of states, which would fill the memory. Raises WrongUsage where the server does not start.
    """
    if not python.exists():
        raise WrongUsage(
            f"{python} does not exist. Run `make test-llm`, which builds the server, or name one with --python."
        )
    port = _free_port()
    options = ["--port", port, "--n_ctx", CONTEXT_TOKENS, "--n_threads", threads, "--verbose", "false"]
    command = [str(part) for part in (python, "-m", "llama_cpp.server", "--model", weights, *options)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if server.poll() is not None:
            raise WrongUsage(f"The model's server ended with code {server.returncode}.")
        try:
            httpx.get(url, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.5)
        else:
            return
    raise WrongUsage(f"The model's server did not start within {_PATIENCE:.0f} seconds.")
