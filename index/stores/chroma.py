"""Where Chroma keeps vectors: in a folder that this process owns, or on a server. Opens it, and explains its errors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chromadb
import httpx
from chromadb.api import ClientAPI
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError, InternalError, InvalidArgumentError

from index.errors import DataFolderUnusable, IndexDamaged, IndexMismatch, StoreUnavailable

# A server whose machine is gone is noticed within seconds. Large batches of vectors take longer to be written.
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class ChromaFolder:
    """A folder of Chroma. One process may have it open at a time."""

    folder: Path
    collection: str = "passages"

    def __str__(self) -> str:
        return str(self.folder)

    def client(self) -> ClientAPI:
        """Open or create the folder."""
        try:
            return chromadb.PersistentClient(str(self.folder), Settings(anonymized_telemetry=False))
        except ChromaError:
            # Chroma caches a system that failed to start, and would return it when the same folder is opened again.
            SharedSystemClient._identifier_to_system.pop(str(self.folder), None)
            raise

    def close(self, client: ClientAPI) -> None:
        """Close the folder."""
        client.close()  # type: ignore[attr-defined]

    def unreadable(self, error: ChromaError) -> IndexDamaged:
        """Return the error for a folder that cannot be read."""
        return IndexDamaged(
            f"The vectors in {self.folder} cannot be read ({error}). Run `footnote status --repair`: it makes them "
            "again from the catalogue."
        )

    def unwritable(self, error: ChromaError) -> DataFolderUnusable:
        """Return the error for a folder that cannot be written."""
        return DataFolderUnusable(
            f"The vectors in {self.folder} cannot be written ({error}). Is the disk full, or the folder not "
            "writable? Correct that and run again; what was indexed before is intact."
        )


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """A Chroma server (`chroma run`). `headers` go with each request, for a proxy in front of it that wants a password."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return str(httpx.URL(self.url).copy_with(userinfo=b""))

    def client(self) -> ClientAPI:
        """Connect to the server. Raises StoreUnavailable."""
        headers = dict(self.headers)
        try:
            # Chroma's own client waits without limit and does not say what it was answered.
            beat = httpx.get(f"{self.url.rstrip('/')}/api/v2/heartbeat", headers=headers, timeout=_TIMEOUT)
            beat.raise_for_status()
            client = chromadb.HttpClient(self.url, headers=headers, settings=Settings(anonymized_telemetry=False))
        except (httpx.HTTPError, httpx.InvalidURL, ChromaError, ValueError) as error:
            raise self.unavailable(error) from error
        for session in _sessions(client):
            session.timeout = _TIMEOUT
            session.event_hooks = {"response": [_raise_for_proxy]}
        return client

    def drop_collections(self, unwanted: Callable[[str], bool]) -> None:
        """Remove the collections with an unwanted name. Raises StoreUnavailable."""
        client = self.client()
        try:
            for name in [found.name for found in client.list_collections()]:
                if unwanted(name):
                    client.delete_collection(name)
        except (httpx.HTTPError, ChromaError) as error:
            raise self.unavailable(error) from error
        finally:
            self.close(client)

    def close(self, client: ClientAPI) -> None:
        """Close the connections of a client, which it does not do itself."""
        client.close()  # type: ignore[attr-defined]
        for session in _sessions(client):
            session.close()

    def unavailable(self, error: Exception) -> StoreUnavailable:
        """Return the error for a server that cannot be reached or used."""
        said = " ".join(str(error).split())[:300] or type(error).__name__
        return StoreUnavailable(
            f"The Chroma server {self} cannot be used ({said}). Is it running "
            "(`chroma run`), and are FOOTNOTE_CHROMA_URL and FOOTNOTE_CHROMA_TOKEN right? Nothing is answered without it; "
            "what was indexed is intact."
        )


@dataclass(frozen=True, slots=True)
class ServerCollection:
    """A collection on a Chroma server."""

    server: ChromaServer
    collection: str

    def __str__(self) -> str:
        return f"The collection {self.collection} of the Chroma server {self.server}"

    def client(self) -> ClientAPI:
        """Connect to the server. Raises StoreUnavailable."""
        return self.server.client()

    def close(self, client: ClientAPI) -> None:
        """Close the connections."""
        self.server.close(client)

    def unreadable(self, error: ChromaError) -> StoreUnavailable:
        """Return the error for a server that does not give vectors."""
        return self.server.unavailable(error)

    def unwritable(self, error: ChromaError) -> StoreUnavailable:
        """Return the error for a server that does not take vectors."""
        return self.server.unavailable(error)


ChromaPlace = ChromaFolder | ServerCollection


@contextmanager
def reaching(place: ChromaPlace) -> Iterator[None]:
    """Explain why the server cannot be reached. Errors of Chroma itself pass."""
    try:
        yield
    except (httpx.HTTPError, OSError) as error:
        if isinstance(place, ChromaFolder):
            raise
        raise place.server.unavailable(error) from error


@contextmanager
def reading(place: ChromaPlace) -> Iterator[None]:
    """Explain what goes wrong when vectors are read."""
    try:
        with reaching(place):
            yield
    except ChromaError as error:
        _check_length(error)
        raise place.unreadable(error) from error


@contextmanager
def writing(place: ChromaPlace) -> Iterator[None]:
    """Explain what goes wrong when vectors are written."""
    try:
        with reaching(place):
            yield
    except InvalidArgumentError as error:
        _check_length(error)
        raise
    except InternalError as error:
        raise place.unwritable(error) from error


def _sessions(client: ClientAPI) -> list[httpx.Client]:
    """Return the connections of a client and of the client for tenants that it has made itself."""
    clients: list[Any] = [client, client._admin_client]  # type: ignore[attr-defined]
    return [made._server._session for made in clients]


def _raise_for_proxy(response: httpx.Response) -> None:
    """Raise what did not come from Chroma itself. Its client would raise a bare Exception."""
    if response.is_error and not response.headers.get("content-type", "").startswith("application/json"):
        response.raise_for_status()


def _check_length(error: ChromaError) -> None:
    """Raise IndexMismatch for a vector of another length than those that are stored."""
    if isinstance(error, InvalidArgumentError) and "dimension" in str(error):
        raise IndexMismatch(
            f"The embedding model gives vectors of another length than those of the index ({error}). Set "
            "FOOTNOTE_EMBED_MODEL and FOOTNOTE_EMBED_BASE_URL back, or run `footnote index --rebuild`."
        ) from error
