"""Copies an installation from a data folder to servers and back: articles, vectors, keys, conversations.

Nothing is embedded again.
"""

import os
from contextlib import ExitStack, closing
from pathlib import Path
from time import perf_counter

from pydantic import SecretStr

from index.errors import IndexDamaged, WrongUsage
from index.ingest.check import check
from index.ingest.rebuild import OnProgress, fill
from index.records import EVERYTHING
from index.stores.backends import SharedBackend, backend_for, switch_schemas
from index.stores.copying import copy_rows, count_rows
from index.stores.generations import make_current, next_folder
from index.stores.ownership import Owner
from index.stores.store import Index
from service.assistant import LocalAssistant
from service.history.database import database_in, snapshot
from service.history.schema import metadata
from service.local import open_assistant
from service.maintenance.backups import back_up, check_free, move_to
from service.schemas.maintenance import MigrationResponse
from service.settings import Settings

_WAIT_SECONDS = 10.0


def migrate(
    settings: Settings, to: str, *, chroma_url: str | None = None, on_progress: OnProgress | None = None
) -> MigrationResponse:
    """Copy everything of these settings to a PostgreSQL database and a Chroma server, or into a new folder.

    The copy is checked, and put in place in one step at the end: a migration that fails or is killed is run again. The source
    stays as it is. Raises WrongUsage if the target cannot be used or is in use, DataFolderOwned while a service runs, and
    IndexDamaged if the copy differs.
    """
    started = perf_counter()
    with open_assistant(settings, Owner(os.getpid(), "footnote migrate"), wait_seconds=_WAIT_SECONDS) as assistant:
        if to.startswith("postgresql"):
            servers = settings.model_copy(
                update={"database_url": SecretStr(to), "chroma_url": chroma_url or settings.chroma_url}
            )
            rows = _to_servers(assistant.current_index, settings, servers, on_progress)
        else:
            rows = _to_folder(assistant, settings, Path(to))
        catalog = assistant.current_index.catalog
        return MigrationResponse(
            articles=catalog.count(EVERYTHING),
            passages=catalog.count_passages(),
            rows=rows,
            seconds=round(perf_counter() - started, 3),
        )


def _to_folder(assistant: LocalAssistant, settings: Settings, folder: Path) -> dict[str, int]:
    check_free(folder)
    made = back_up(assistant.live, settings)
    if not made.agree:
        raise _differs(f"the index in {made.folder}")
    with (
        database_in(settings.data_dir, settings.database_url) as source,
        database_in(Path(made.folder)) as copy,
        snapshot(source) as rows,
        copy.connect() as copied,
    ):
        counts = count_rows(copied, metadata.sorted_tables)
        if counts != count_rows(rows, metadata.sorted_tables):
            raise _differs(f"the history in {made.folder}")
    move_to(Path(made.folder), folder)
    return counts


def _to_servers(source: Index, settings: Settings, servers: Settings, on_progress: OnProgress | None) -> dict[str, int]:
    backend = backend_for(servers)
    assert isinstance(backend, SharedBackend)
    with ExitStack() as stack:
        stack.callback(backend.close)
        for lock in (backend.locks.indexing, backend.locks.fetching, backend.locks.changing):
            stack.enter_context(lock)
        there = stack.enter_context(closing(backend.catalog(backend.root)))
        to_history = stack.enter_context(database_in(servers.data_dir, servers.database_url))
        from_history = stack.enter_context(database_in(settings.data_dir, settings.database_url))
        with to_history.connect() as connection:
            if there.count(EVERYTHING) or any(count_rows(connection, metadata.sorted_tables).values()):
                raise WrongUsage("The database holds articles, keys or conversations already. Name an empty one.")
        folder = next_folder(backend.root)
        copied = backend.copied(there, folder, of=source.catalog)
        new = stack.enter_context(closing(source.opened_at(backend, folder, copied)))
        fill(new, copied=source, on_progress=on_progress)
        if not check(new).agree or new.catalog.entries() != source.catalog.entries():
            raise _differs("the index on the servers")
        with snapshot(from_history) as rows, to_history.begin() as target:
            copy_rows(rows, target, metadata.sorted_tables)
            counts = count_rows(target, metadata.sorted_tables)
            if counts != count_rows(rows, metadata.sorted_tables):
                raise _differs("the history in the database")
            switch_schemas(target)
        make_current(folder)
    return counts


def _differs(what: str) -> IndexDamaged:
    return IndexDamaged(
        f"After copying, {what} differs from the source. Run `footnote status --check` on the source, and try again. Nothing "
        "was put in place."
    )
