"""The HTTP server: it says where it is once questions can be asked, and stops without cutting anybody off."""

import asyncio
import signal
import socket
from collections.abc import Callable
from threading import Thread
from time import monotonic
from types import FrameType

import uvicorn

from service.auth.fair_queue import FairQueue

_LOOK_SECONDS = 1.0
# For connections that were made before the service was told to stop and whose request is on its way.
_LINGER_SECONDS = 0.3
# From the end of what was not answered in time to the end of the server: replies that say so are sent.
LAST_WORDS_SECONDS = 3.0


class Server(uvicorn.Server):
    """Serves until it is told to stop, then finishes the questions that it has, for `stop_seconds` at most.

    `warm` is called in a thread once the server runs, and `ready` when that is done; `stop_indexing` when it is told to stop.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        turns: FairQueue,
        *,
        stop_seconds: float,
        request_seconds: float,
        warm: Callable[[], None],
        ready: Callable[[], None],
        stop_indexing: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._turns = turns
        self._stop_seconds = stop_seconds
        self._request_seconds = request_seconds
        self._warm, self._ready = warm, ready
        self._stop_indexing = stop_indexing
        self._silent_since: dict[asyncio.Protocol, float] = {}
        self._looked = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections, and have the models loaded meanwhile."""
        await super().startup(sockets)
        if self.started:
            Thread(target=self._get_ready, name="warming", daemon=True).start()

    async def on_tick(self, counter: int) -> bool:
        """Look around, ten times a second."""
        self._drop_half_heads()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was asked before, as far as there is time, and tell the others that there is none."""
        self._stop_indexing()
        # What has connected is taken in first: the system would cut it off with the listening socket.
        await asyncio.sleep(0.05)
        for server in self.servers:
            server.close()
        if self.server_state.connections:
            await asyncio.sleep(_LINGER_SECONDS)
        self._turns.stop()
        ending = asyncio.create_task(self._end_in_time())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()

    async def _end_in_time(self) -> None:
        await asyncio.sleep(self._stop_seconds)
        self._turns.end()
        await asyncio.sleep(LAST_WORDS_SECONDS / 3)
        for task in self.server_state.tasks:
            task.cancel()

    def _get_ready(self) -> None:
        self._warm()
        if not self.should_exit:
            self._ready()

    def _drop_half_heads(self) -> None:
        """Close connections on which no whole head of a request has come for too long."""
        now = monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        silent: dict[asyncio.Protocol, float] = {
            connection: self._silent_since.get(connection, now)
            for connection in self.server_state.connections
            if _waits_for_a_head(connection)
        }
        for connection, since in silent.items():
            if now - since > self._request_seconds:
                connection.transport.close()  # type: ignore[attr-defined]
        self._silent_since = silent


def _waits_for_a_head(connection: asyncio.Protocol) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is None or cycle.response_complete


class Signals:
    """What the process is told from outside, from before there is a server: the first signal stops it when that can be."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._told = False
        stopping = [signal.SIGTERM, signal.SIGINT]
        # A terminal that is closed sends it; after `nohup` it is to be ignored.
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            stopping.append(signal.SIGHUP)
        for number in stopping:
            signal.signal(number, self._on_signal)

    def tell(self, server: Server) -> None:
        """Stop this server at the first signal, or now if there was one."""
        self._server = server
        if self._told:
            server.should_exit = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._told and number == signal.SIGINT:
            raise KeyboardInterrupt  # Ctrl-C again: now. Other signals come twice of themselves
        self._told = True
        if self._server:
            self._server.should_exit = True
