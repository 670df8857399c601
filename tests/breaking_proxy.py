"""A proxy on this machine that passes bytes on until a test breaks its connections, or lets them hang."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER without a time: the connection is reset, not closed


class BreakingProxy:
    """Passes connections on to a service. `refusing` resets new ones at once; `silent` passes nothing back any more."""

    def __init__(self, service: str, listening: socket.socket) -> None:
        self.refusing = False
        self.silent = threading.Event()
        self._service = (urlsplit(service).hostname, urlsplit(service).port)
        self._listening = listening
        self._open: set[socket.socket] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def cut(self) -> None:
        """Break every connection, on both sides."""
        for connection in list(self._open):
            _reset(connection)

    def run(self) -> None:
        """Accept connections until the socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.refusing:
                    _reset(client)
                    continue
                server = socket.create_connection(self._service)
                self._open |= {client, server}
                for source, target, back in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=(source, target, back), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not (back and self.silent.is_set()):
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_to(service: str) -> Iterator[BreakingProxy]:
    """Run a proxy to a service."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = BreakingProxy(service, listening)
        thread = threading.Thread(target=proxy.run, daemon=True)
        thread.start()
        yield proxy
        # Closing a socket does not wake a thread that accepts on it; shutting it down does.
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        proxy.cut()


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
