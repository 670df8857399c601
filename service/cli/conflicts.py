"""`footnote conflicts`: where two articles give different figures or dates for the same thing."""

from typing import TYPE_CHECKING, Annotated

import typer

from index.control_characters import json_controls, visible_controls

if TYPE_CHECKING:
    from service.schemas.conflicts import ConflictSide


def conflicts(
    seconds: Annotated[
        float, typer.Option(min=1, max=600, metavar="NUMBER", help="Stop after this time, with what was found by then.")
    ] = 600.0,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, metavar="NUMBER", help="How many to show, the likeliest.")
    ] = 100,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, as the HTTP API would answer.")] = False,
) -> None:
    """Show where two articles give different figures, days or times for the same thing, the likeliest first."""
    from service.cli.interrupts import stopped_by_ctrl_c
    from service.cli.printing import progress_bar
    from service.opening import open_client
    from service.schemas.conflicts import ConflictsRequest
    from service.settings import load_settings

    with (
        stopped_by_ctrl_c(),
        open_client(load_settings()) as client,
        progress_bar("Comparing", "passages") as on_progress,
    ):
        found = client.conflicts(ConflictsRequest(seconds=seconds, limit=limit), on_progress=on_progress)
    if json:
        typer.echo(json_controls(found.model_dump_json(indent=2)))
        return
    for conflict in found.conflicts:
        typer.echo(f"{_told(conflict.one)}{_told(conflict.other)}")
    more = f", and {found.left_out} less likely ones (--limit)" if found.left_out else ""
    typer.echo(f"{len(found.conflicts)} possible conflicts{more}.")
    if found.compared < found.passages:
        typer.echo(f"The time was over after {found.compared} of {found.passages} passages (--seconds).")


def _told(side: "ConflictSide") -> str:
    published = f", {side.published}" if side.published else ""
    quote = " ".join(side.quote.split())
    return visible_controls(f"{side.value} in {side.article_id} ({side.title}{published})") + (
        f"\n    {visible_controls(quote)}\n"
    )
