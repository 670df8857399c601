"""Opens a client: of the index itself, or of the service that already has it open."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from index.errors import DataFolderOwned
from index.ingest.following import following
from index.stores.live import LiveIndex
from index.stores.ownership import Owner, own
from index.stores.store import opened
from service.answer.llm.generative import writer_from
from service.assistant import LocalAssistant
from service.client import AdminClient, HttpClient, LocalClient
from service.history.database import database_in
from service.history.retention import RetentionDays, expiring
from service.history.store import HistoryStore
from service.maintenance.backups import remove_unmoved
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
            assistant = open_assistant(
                settings, owner, wait_seconds=_WAIT_SECONDS, repairing=repairing, with_history=with_history
            )
            client: AdminClient = LocalClient(stack.enter_context(assistant))
        except DataFolderOwned as error:
            if error.owner is None or error.owner.url is None:
                raise
            client = stack.enter_context(_http_client(error.owner))
        yield client


@contextmanager
def open_assistant(
    settings: Settings, owner: Owner, *, wait_seconds: float = 0.0, repairing: bool = False, with_history: bool = False
) -> Iterator[LocalAssistant]:
    """Own the data folder and open its index and, with `with_history`, its history. With a shared database, follow it."""
    with ExitStack() as stack:
        stack.enter_context(own(settings.data_dir, owner, wait_seconds=wait_seconds))
        remove_unmoved(settings.data_dir)
        live = stack.enter_context(closing(LiveIndex(opened(settings, emptying_damaged=repairing))))
        stack.enter_context(following(live))
        history = stack.enter_context(open_history(settings, live)) if with_history else None
        yield LocalAssistant(live, settings, writer_from(settings), history=history)


@contextmanager
def open_history(settings: Settings, live: LiveIndex) -> Iterator[HistoryStore | None]:
    """Open the history, and delete what is too old, now and while it is open. None if the settings store nothing."""
    days = RetentionDays(answers=settings.keep_days, audit=settings.audit_days)
    with database_in(settings.data_dir, settings.database_url) as engine, expiring(engine, days=days):
        yield HistoryStore(engine, live) if settings.keep_days else None


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
