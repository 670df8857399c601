"""The HTTP server: announces its address once questions can be answered, and stops without dropping requests."""

import asyncio
import signal
import socket
from collections.abc import Callable
from threading import Thread
from time import monotonic
from types import FrameType

import uvicorn

from service.auth.fair_queue import FairQueue

_CHECK_SECONDS = 1.0
# For connections that were made before the service was stopped and whose request is still arriving.
_LINGER_SECONDS = 0.3
# After unanswered questions are ended, the server stays up this long to send the replies that say so.
FINAL_REPLIES_SECONDS = 3.0


class Server(uvicorn.Server):
    """Serves until it is stopped, then finishes the questions that it has, for at most `stop_seconds`.

    `warm` is called in a thread once the server runs, and `ready` when that is done. `stop_indexing` is called on stopping.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        queue: FairQueue,
        *,
        stop_seconds: float,
        request_seconds: float,
        warm: Callable[[], None],
        ready: Callable[[], None],
        stop_indexing: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._queue = queue
        self._stop_seconds = stop_seconds
        self._request_seconds = request_seconds
        self._warm, self._ready = warm, ready
        self._stop_indexing = stop_indexing
        self._silent_since: dict[asyncio.Protocol, float] = {}
        self._checked_at = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and load the models in a thread."""
        await super().startup(sockets)
        if self.started:
            Thread(target=self._warm_up, name="warming", daemon=True).start()

    async def on_tick(self, counter: int) -> bool:
        """Run periodic checks. Called ten times a second."""
        self._drop_incomplete_requests()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the accepted questions as far as there is time. The others get an error that says so."""
        self._stop_indexing()
        # Accept waiting connections first: the system would reset them with the listening socket.
        await asyncio.sleep(0.05)
        for server in self.servers:
            server.close()
        if self.server_state.connections:
            await asyncio.sleep(_LINGER_SECONDS)
        self._queue.stop()
        ending = asyncio.create_task(self._end_in_time())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()

    async def _end_in_time(self) -> None:
        await asyncio.sleep(self._stop_seconds)
        self._queue.end()
        await asyncio.sleep(FINAL_REPLIES_SECONDS / 3)
        for task in self.server_state.tasks:
            task.cancel()

    def _warm_up(self) -> None:
        self._warm()
        if not self.should_exit:
            self._ready()

    def _drop_incomplete_requests(self) -> None:
        """Close connections on which the head of a request has not arrived in time."""
        now = monotonic()
        if now - self._checked_at < _CHECK_SECONDS:
            return
        self._checked_at = now
        silent: dict[asyncio.Protocol, float] = {
            connection: self._silent_since.get(connection, now)
            for connection in self.server_state.connections
            if _awaits_request(connection)
        }
        for connection, since in silent.items():
            if now - since > self._request_seconds:
                connection.transport.close()  # type: ignore[attr-defined]
        self._silent_since = silent


def _awaits_request(connection: asyncio.Protocol) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is None or cycle.response_complete


class Signals:
    """Handles signals to stop, also those that arrive before there is a server."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._signalled = False
        stopping = [signal.SIGTERM, signal.SIGINT]
        # Sent when the terminal is closed. After `nohup` it must be ignored.
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            stopping.append(signal.SIGHUP)
        for number in stopping:
            signal.signal(number, self._on_signal)

    def stop_on_signal(self, server: Server) -> None:
        """Stop this server at the first signal, or now if one has arrived."""
        self._server = server
        if self._signalled:
            server.should_exit = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._signalled and number == signal.SIGINT:
            raise KeyboardInterrupt  # a second Ctrl-C stops at once; other signals may arrive twice by themselves
        self._signalled = True
        if self._server:
            self._server.should_exit = True
