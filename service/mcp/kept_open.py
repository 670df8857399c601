"""The data folder, opened for calls and closed soon after, so that other commands and a service can have it between them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Timer

from service.client import AdminClient, LocalClient
from service.opening import open_client
from service.settings import Settings

# Shorter than other commands wait for the folder. Models are loaded when it is opened, so it pays to wait for the next call.
_IDLE_SECONDS = 5.0


class KeptOpen:
    """Opens a client for a call, or gives the one that another call has opened. Safe to use from many threads."""

    def __init__(self, settings: Settings, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._settings = settings
        self._idle_seconds = idle_seconds
        self._lock = Lock()
        self._stack = ExitStack()
        self._client: AdminClient | None = None
        self._calls = 0
        self._timer: Timer | None = None

    @contextmanager
    def client(self) -> Iterator[AdminClient]:
        """Give a client while in this context. Raises what `open_client` raises."""
        client = self._begin()
        try:
            yield client
        finally:
            self._end(client)

    def close(self) -> None:
        """Close the client unless a call is using it."""
        with self._lock:
            if self._calls == 0:
                self._client = None
                self._stack.close()

    def _begin(self) -> AdminClient:
        with self._lock:
            if self._timer:
                self._timer.cancel()
            if self._client is None:
                self._client = self._stack.enter_context(open_client(self._settings))
            self._calls += 1
            return self._client

    def _end(self, client: AdminClient) -> None:
        with self._lock:
            self._calls -= 1
            # A service may stop and be started again elsewhere, and reaching it costs nothing.
            seconds = self._idle_seconds if isinstance(client, LocalClient) else 0.0
            self._timer = Timer(seconds, self.close)
            self._timer.daemon = True
            self._timer.start()
