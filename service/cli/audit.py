"""`footnote audit`: who asked when, and which articles were cited, as lines of JSON."""

from datetime import UTC, datetime
from typing import Annotated

import typer


def audit(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            metavar="YYYY-MM-DD[THH:MM:SS]",
            help="From this time on, in UTC.",
        ),
    ] = None,
) -> None:
    """Print who asked when, and which articles were cited, one line of JSON each."""
    import json
    from dataclasses import asdict

    from service.history.audit import entries
    from service.history.database import database_in
    from service.settings import load_settings

    settings = load_settings()
    with database_in(settings.data_dir, settings.database_url) as engine:
        for entry in entries(engine, since=(since or datetime.min).replace(tzinfo=UTC)):
            typer.echo(json.dumps(asdict(entry), default=datetime.isoformat))
