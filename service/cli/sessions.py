"""`footnote sessions`: shows who is signed in on the page, and ends sessions, also while a service runs."""

from typing import Annotated

import typer

from index.control_characters import visible_controls
from service.cli.keys import shown_time, stored_database

app = typer.Typer(help="Show who is signed in on the page, and end sessions.", no_args_is_help=True)


@app.command("list")
def list_sessions(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show all sessions: whose, with which groups, since when, and until when."""
    from service.history.sessions import all_sessions

    with stored_database() as engine:
        sessions = all_sessions(engine)
    times = ("started", "checked", "expires")
    if json:
        import json as json_library

        rows = [
            {"who": session.asker, "name": session.name, "groups": list(session.groups)}
            | {time: shown_time(getattr(session, time)) for time in times}
            for session in sessions
        ]
        typer.echo(json_library.dumps(rows, indent=2))
        return
    if not sessions:
        typer.echo("Nobody is signed in.")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("who", "name", "groups", *times)
    for session in sessions:
        words = map(visible_controls, (session.asker, session.name, ", ".join(session.groups)))
        table.add_row(*words, *(shown_time(getattr(session, time)) for time in times))
    Console(markup=False, emoji=False).print(table)


@app.command()
def end(who: Annotated[str, typer.Argument(metavar="WHO", help="Whose sessions, as `list` shows it: oidc:…")]) -> None:
    """End all sessions of a person, from the next request on. They may sign in again if the issuer lets them."""
    from service.history.sessions import end_sessions_of

    with stored_database() as engine:
        ended = end_sessions_of(engine, who)
    if not ended:
        from index.errors import WrongUsage

        raise WrongUsage(f"{who!r} has no session. `footnote sessions list` shows who has.")
    typer.echo(f"Ended {ended} session{'' if ended == 1 else 's'} of {who!r}.")
