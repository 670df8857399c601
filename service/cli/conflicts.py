"""`footnote conflicts`: where two articles give different figures or dates for the same thing."""

from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated

import typer

from index.control_characters import json_controls, visible_controls

if TYPE_CHECKING:
    from index.ingest.run_control import OnProgress
    from service.client import AdminClient
    from service.schemas.conflicts import ConflictSide, ConflictsResponse

_AT_ONCE_SECONDS = 10.0  # that one request looks: then progress is shown
_MOST = 1_000


def conflicts(
    seconds: Annotated[
        float, typer.Option(min=1, max=600, metavar="NUMBER", help="Stop after this time, with what was found by then.")
    ] = 600.0,
    limit: Annotated[
        int, typer.Option(min=1, max=_MOST, metavar="NUMBER", help="How many to show, the likeliest.")
    ] = 100,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, as the HTTP API would answer.")] = False,
) -> None:
    """Show where two articles give different figures, days or times for the same thing, the likeliest first."""
    from service.cli.printing import progress_bar
    from service.opening import open_client
    from service.settings import load_settings

    with (
        open_client(load_settings()) as client,
        progress_bar("Comparing", "passages") as on_progress,
    ):
        found = _found(client, seconds, limit, on_progress)
    if json:
        typer.echo(json_controls(found.model_dump_json(indent=2)))
        return
    for conflict in found.conflicts:
        typer.echo(f"{_told(conflict.one)}{_told(conflict.other)}")
    more = f", and {found.left_out} less likely ones (--limit)" if found.left_out else ""
    typer.echo(f"{len(found.conflicts)} possible conflicts{more}.")
    if found.compared < found.passages:
        typer.echo(f"The time was over after {found.compared} of {found.passages} passages (--seconds).")


def _found(client: "AdminClient", seconds: float, limit: int, on_progress: "OnProgress | None") -> "ConflictsResponse":
    """Look for so many seconds, some of them at a time."""
    from index.errors import SearchUnderWay
    from service.conflicts import likeliest
    from service.schemas.conflicts import Conflict, ConflictsRequest

    end = monotonic() + seconds
    found: list[Conflict] = []
    left_out, after = 0, None
    while True:
        left = max(end - monotonic(), 0.01)
        try:
            part = client.conflicts(ConflictsRequest(seconds=min(left, _AT_ONCE_SECONDS), limit=_MOST, after=after))
        except SearchUnderWay:
            if monotonic() > end:
                raise
            sleep(1)
            continue
        found += part.conflicts
        left_out, after = left_out + part.left_out, part.next_after
        if on_progress:
            on_progress(part.compared, part.passages)
        if after is None or monotonic() > end:
            break
    different = likeliest(found)
    shown = different[:limit]
    return part.model_copy(update={"conflicts": shown, "left_out": left_out + len(different) - len(shown)})


def _told(side: "ConflictSide") -> str:
    published = f", {side.published}" if side.published else ""
    quote = " ".join(side.quote.split())
    return visible_controls(f"{side.value} in {side.article_id} ({side.title}{published})") + (
        f"\n    {visible_controls(quote)}\n"
    )
