"""`footnote sources`: names the sources to keep in step, and syncs them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.schemas.sources import SourceWire, SyncWire

app = typer.Typer(help="Name the sources that the index is kept in step with, and sync them.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the source.")]
Patterns = Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="As in a .gitignore file; several times.")]


@app.command()
def add(
    name: Name,
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A file, a folder, a web address, a Git repository, or storage.")
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="files, web, git or storage. Default: as the place looks. Others are written into sources.toml.",
        ),
    ] = None,
    branch: Annotated[str | None, typer.Option(metavar="BRANCH", help="The branch of a Git repository.")] = None,
    include: Patterns = None,
    exclude: Patterns = None,
    groups: Annotated[
        str | None,
        typer.Option(metavar="GROUPS", help="Who may read it, such as staff,board. Default: as articles say."),
    ] = None,
    collections: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Collections that its articles are in, such as hr,policies.")
    ] = None,
    schedule: Annotated[str, typer.Option(metavar="SPAN", help="How often: 15m, 2h, 1d, or never.")] = "1h",
    prune: Annotated[bool, typer.Option(help="Delete articles that are gone from it.")] = True,
) -> None:
    """Add a source to sources.toml. Rules for parts of it are written there."""
    from service.settings import load_settings
    from service.sources.file import add_source, sources_file
    from service.sources.forges import is_remote

    settings = load_settings()
    fields: dict[str, object] = {
        "kind": kind or _kind_of(place),
        "place": place if is_remote(place) else str(Path(place).expanduser().absolute()),
        "schedule": schedule,
    }
    fields |= {"branch": branch} if branch else {}
    fields |= {"include": include} if include else {}
    fields |= {"exclude": exclude} if exclude else {}
    fields |= {"groups": [group.strip() for group in groups.split(",") if group.strip()]} if groups is not None else {}
    fields |= {"collections": collections.split(",")} if collections is not None else {}
    fields |= {} if prune else {"prune": False}
    add_source(settings, name, fields)
    what_next = f"`footnote sync {name}` syncs it now; `footnote serve` keeps it in step."
    typer.echo(f"Added {name} to {sources_file(settings)}. {what_next}")


@app.command()
def remove(name: Name) -> None:
    """Remove a source from sources.toml, and its articles from the index."""
    from service.opening import open_client
    from service.schemas.sources import ForgetSourceRequest
    from service.settings import load_settings

    with open_client(load_settings()) as client:
        removed = client.sources.forget(ForgetSourceRequest.model_construct(name=name))
    typer.echo(f"Removed {name} and its {removed.deleted} article{'s' if removed.deleted != 1 else ''}.")


@app.command("list")
def list_sources(json: Json = False) -> None:
    """Show the sources that sources.toml names."""
    _show(json=json, problems=False)


@app.command()
def status(json: Json = False) -> None:
    """Show how each source was last synced, what failed and why. Exit code 1 if a source failed."""
    _show(json=json, problems=True)


def scopes() -> None:
    """Show the scopes that sources.toml names. Exit code 1 if one cannot be read."""
    from service.settings import load_settings
    from service.sources.scopes import Scope, read_scopes

    found = read_scopes(load_settings())
    for one in found:
        if isinstance(one, Scope):
            filters = one.filters
            days = [f"from {filters.published_after}" * bool(filters.published_after)]
            days += [f"to {filters.published_before}" * bool(filters.published_before)]
            _line(f"{one.name}: {', '.join(filter(None, [*filters.collections, *filters.publishers, *days]))}")
        else:
            _line(f"{one.name}: cannot be read. {one.problem}", red=True)
    if not found:
        typer.echo("There is no scope yet. Write one into sources.toml, as a table [scopes.NAME].")
    raise typer.Exit(0 if all(isinstance(one, Scope) for one in found) else 1)


@app.command()
def sync(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Sources to sync. Default: all.")] = None,
    prune_limit: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="Largest share of a source that may be deleted, this once."),
    ] = None,
    json: Json = False,
) -> None:
    """Sync sources now. Exit code 1 if something failed; the rest is in."""
    from index.control_characters import json_controls
    from service.cli.interrupts import stopped_by_ctrl_c
    from service.cli.printing import progress_bar
    from service.cli.shares import share
    from service.opening import open_client
    from service.schemas.sources import SyncSourcesRequest
    from service.settings import load_settings

    limit = None if prune_limit is None else share(prune_limit)
    request = SyncSourcesRequest.model_construct(names=names or [], prune_limit=limit)
    with stopped_by_ctrl_c(), open_client(load_settings()) as client, progress_bar() as on_progress:
        done = client.sources.sync(request, on_progress=on_progress)
    if json:
        typer.echo(json_controls(done.model_dump_json(indent=2)))
    else:
        for one in done.syncs:
            _print_sync(one)
        if not done.syncs:
            typer.echo("There is no source yet. Add one with `footnote sources add NAME PLACE`.")
    raise typer.Exit(1 if any(one.error or one.counts.failed for one in done.syncs) else 0)


def _kind_of(place: str) -> str:
    from index.sources.addresses import is_address
    from index.sources.storage import PACKAGES
    from service.sources.forges import is_remote

    if place.partition("://")[0] in PACKAGES:
        return "storage"
    if place.endswith(".git") or (is_remote(place) and not is_address(place)):
        return "git"
    return "web" if is_address(place) else "files"


def _show(*, json: bool, problems: bool) -> None:
    from index.control_characters import json_controls
    from index.errors import WrongUsage
    from service.opening import open_client
    from service.settings import load_settings

    with open_client(load_settings()) as client:
        found = client.sources.overview()
    if json:
        typer.echo(json_controls(found.model_dump_json(indent=2)))
    elif problem := found.problem or found.elsewhere:
        raise WrongUsage(problem)
    else:
        for source in found.sources:
            _print_source(source, problems=problems)
        if not found.sources:
            typer.echo(f"{found.file} names no source. Add one with `footnote sources add NAME PLACE`.")
        for name in found.removed:
            typer.echo(f"{name} is no longer in {found.file}; `footnote sources remove {name}` deletes its articles.")
    failed = found.problem or any(one.state not in ("new", "in step") for one in found.sources)
    raise typer.Exit(1 if problems and failed else 0)


def _print_source(source: "SourceWire", *, problems: bool) -> None:
    readers = "as its articles say" if source.groups is None else ", ".join(source.groups) or "nobody"
    every = f"every {_span(source.every_seconds)}" if source.every_seconds else "by hand"
    if source.place is None:
        _line(f"{source.name}: cannot be read. {source.problem}")
    else:
        _line(f"{source.name}: {source.kind} {source.place}, {every}, readers: {readers}, {source.articles} articles")
    if not problems or source.last_sync is None:
        return
    _line(f"  {source.state}", red=source.state != "in step")
    _print_sync(source.last_sync, indent="  ")
    if source.next_sync:
        _line(f"  next: {source.next_sync:%Y-%m-%dT%H:%M:%SZ}")


def _print_sync(sync: "SyncWire", *, indent: str = "") -> None:
    counts = ", ".join(f"{count} {name}" for name, count in sync.counts.model_dump().items() if count)
    _line(f"{indent}{sync.source}, {sync.finished:%Y-%m-%dT%H:%M:%SZ}: {counts or 'nothing was read'}")
    if sync.error:
        times = f" ({sync.failures} times in a row)" if sync.failures > 1 else ""
        _line(f"{indent}  failed{times}: {sync.error}", red=True)
    for problem in sync.problems:
        if problem.error != sync.error:
            _line(f"{indent}  {problem.path} {problem.error}")


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


def _line(text: str, *, red: bool = False) -> None:
    from index.control_characters import visible_controls

    typer.secho(visible_controls(text, one_line=True), fg="red" if red else None)
