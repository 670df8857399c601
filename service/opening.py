"""Opens a client: of the index itself, or of the service that already has it open."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from index.errors import DataFolderOwned
from index.stores.ownership import Owner, own
from service.client import AdminClient, HttpClient, LocalClient
from service.settings import Settings

# Wait for another command that runs for a moment. A service is used instead.
_WAIT_SECONDS = 10.0
# Indexing through the service may take long.
_HTTP_SECONDS = 3600.0


@contextmanager
def open_client(settings: Settings, *, repairing: bool = False, with_history: bool = False) -> Iterator[AdminClient]:
    """Open the index of the data folder, or reach the service that owns it.

    With `repairing`, an index with damaged vectors or words is opened too, to be repaired. `with_history` opens the history.
    Raises DataFolderOwned if a process that is not a service keeps the folder, DataFolderUnusable if it cannot be written.
    """
    with ExitStack() as stack:
        try:
            owner = Owner(os.getpid(), _command())
            stack.enter_context(own(settings.data_dir, owner, wait_seconds=_WAIT_SECONDS))
        except DataFolderOwned as error:
            if error.owner is None or error.owner.url is None:
                raise
            yield stack.enter_context(_http_client(error.owner))
            return
        # Only here: what opens an index takes seconds to import, and a client of a service does without.
        from service.local import assistant_in

        yield LocalClient(stack.enter_context(assistant_in(settings, repairing=repairing, with_history=with_history)))


def service_owner(url: str) -> Owner:
    """Return this process as the owner, serving at this address, with a new token for the local command line."""
    return Owner(os.getpid(), _command(), url, secrets.token_urlsafe(32))


@contextmanager
def _http_client(owner: Owner) -> Iterator[HttpClient]:
    import httpx

    headers = {"Authorization": f"Bearer {owner.token}"}
    # trust_env: a proxy from the environment must never see the token.
    with httpx.Client(base_url=owner.url or "", headers=headers, timeout=_HTTP_SECONDS, trust_env=False) as http:
        yield HttpClient(http)


def _command() -> str:
    return " ".join(["footnote", *sys.argv[1:2]])
