"""`footnote keys`: gives out keys to the service over HTTP, shows them, and takes them back.

It writes to the service's own database, while a service may be running: SQLite lets both, and what is changed counts from
the next request on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from index.control_characters import visible_controls

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.history.keys import Key

app = typer.Typer(help="Give out keys to the service, show them, take them back.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Whose key this is. Conversations are kept under this name.")
    ],
    groups: Annotated[
        str, typer.Option(metavar="GROUPS", help="Groups whose articles it may read, such as staff,board.")
    ] = "",
    collections: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Collections that it is limited to, such as handbook,leave.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="It may index, delete, and see what others asked.")] = False,
) -> None:
    """Make a key and show it, this once."""
    from service.history.keys import add_key

    named = [group.strip() for group in groups.split(",")] if groups else []
    with stored_database() as engine:
        limit = None if collections is None else collections.split(",")
        key = add_key(engine, name, groups=named, admin=admin, collections=limit)
    typer.echo(key)
    typer.echo(
        "This is the only time that the key is shown. Send it as the header Authorization: Bearer KEY.", err=True
    )


@app.command("list")
def list_keys(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show all keys: their groups and collections, when they were last used, which are revoked. Never the keys themselves."""
    from service.history.keys import all_keys

    with stored_database() as engine:
        keys = all_keys(engine)
    if json:
        import json as json_library

        typer.echo(json_library.dumps([_plain(key) for key in keys], indent=2))
    else:
        _print(keys)


@app.command()
def revoke(name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")]) -> None:
    """Let a key open nothing any more, from the next request on."""
    from service.history.keys import revoke_key

    with stored_database() as engine:
        revoke_key(engine, name)
    typer.echo(f"Revoked the key {name!r}.")


@contextmanager
def stored_database() -> Iterator["Engine"]:
    """Open the service's own database that the settings name."""
    from service.history.database import database_in
    from service.settings import load_settings

    settings = load_settings()
    with database_in(settings.data_dir, settings.database_url) as engine:
        yield engine


def _plain(key: "Key") -> dict[str, object]:
    times = {name: shown_time(getattr(key, name)) for name in ("created", "last_used", "revoked")}
    limit = None if key.collections is None else list(key.collections)
    return {"name": key.name, "groups": list(key.groups), "collections": limit, "admin": key.admin, **times}


def _print(keys: list["Key"]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not keys:
        typer.echo("There is no key yet. Make one with `footnote keys add NAME`.")
        return
    table = Table("name", "groups", "collections", "admin", "created", "last used", "revoked")
    for key in keys:
        times = [shown_time(time) or "" for time in (key.created, key.last_used, key.revoked)]
        limit = "all" if key.collections is None else ", ".join(key.collections)
        words = map(visible_controls, (key.name, ", ".join(key.groups), limit, "yes" if key.admin else ""))
        table.add_row(*words, *times)
    Console(markup=False, emoji=False).print(table)


def shown_time(time: datetime | None) -> str | None:
    """Return a time in UTC as it is shown."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
