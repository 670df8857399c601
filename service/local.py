"""Opens the index of a data folder, and its history, in this process."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from index.ingest.following import following
from index.stores.live import LiveIndex
from index.stores.ownership import Owner, own
from index.stores.store import opened
from service.answer.llm.generative import writer_from
from service.assistant import LocalAssistant
from service.history.database import database_in
from service.history.retention import RetentionDays, expiring
from service.history.store import HistoryStore
from service.maintenance.backups import remove_unmoved
from service.settings import Settings


@contextmanager
def open_assistant(
    settings: Settings, owner: Owner, *, wait_seconds: float = 0.0, with_history: bool = False
) -> Iterator[LocalAssistant]:
    """Own the data folder, and open it as `assistant_in` does. Raises DataFolderOwned."""
    with ExitStack() as stack:
        stack.enter_context(own(settings.data_dir, owner, wait_seconds=wait_seconds))
        yield stack.enter_context(assistant_in(settings, with_history=with_history))


@contextmanager
def assistant_in(
    settings: Settings, *, repairing: bool = False, with_history: bool = False
) -> Iterator[LocalAssistant]:
    """Open the index of a data folder that this process owns and, with `with_history`, its history. With a shared
    database, follow it. With `repairing`, damaged vectors or words are opened too, to be repaired."""
    with ExitStack() as stack:
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
