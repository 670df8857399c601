"""The `footnote` command: where everything is put together. Each part is loaded when its subcommand runs, not before."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.bench.commands import bench
from eval.commands import app as eval_app
from service.cli.audit import audit
from service.cli.conflicts import conflicts
from service.cli.help import HELP_NAMES, show_plain_types
from service.cli.keys import app as keys_app
from service.cli.mcp import mcp
from service.cli.sessions import app as sessions_app
from service.cli.slack import app as slack_app
from service.cli.sources import app as sources_app
from service.cli.sources import scopes, sync

if TYPE_CHECKING:
    from service.settings import Settings

app = typer.Typer(
    help="Ask a folder of articles; answers carry exact citations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP_NAMES},
)
app.add_typer(eval_app, name="eval")
app.add_typer(keys_app, name="keys")
app.add_typer(sessions_app, name="sessions")
app.add_typer(slack_app, name="slack")
app.add_typer(sources_app, name="sources")
app.command("sync")(sync)
app.command("scopes")(scopes)
app.command("bench")(bench)
app.command("audit")(audit)
app.command("conflicts")(conflicts)
app.command("mcp")(mcp)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the HTTP API would answer.")]
Question = Annotated[
    list[str], typer.Argument(metavar="QUESTION", help="The question. Quotation marks around it can be left out.")
]


Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="NAME", help="Ask only articles in this collection; several times: in any."),
]
Scope = Annotated[
    str | None, typer.Option(metavar="NAME", help="Ask only articles of this scope, a filter of sources.toml.")
]


def _print_version(wanted: bool) -> None:
    from importlib.metadata import version

    from index.extras import DISTRIBUTION

    if wanted:
        typer.echo(f"footnote {version(DISTRIBUTION)}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    from service.monitoring.logs import set_up

    set_up()


@app.command()
def index(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, addresses or lists of them.", metavar="PATH")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Delete articles that are gone from these sources.")] = False,
    prune_limit: Annotated[
        str, typer.Option(metavar="SHARE", help="Largest share of a source that may be deleted at once.")
    ] = "20%",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First make the index again from the texts that it holds.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the index equal to these files, folders, .jsonl files, web pages, feeds or sitemaps."""
    from index.errors import WrongUsage
    from service.cli.interrupts import stopped_by_ctrl_c
    from service.cli.printing import print_index_report, print_rebuilt, progress_bar
    from service.cli.shares import share
    from service.opening import open_client

    limit = share(prune_limit)
    if rebuild and dry_run:
        raise WrongUsage("A rebuild cannot be tried out. Leave out --rebuild or --dry-run.")
    if not paths and not rebuild:
        raise WrongUsage("Name the files or folders to index, or give --rebuild.")
    with stopped_by_ctrl_c(), open_client(_settings()) as client, progress_bar() as on_progress:
        made = client.rebuild(on_progress=on_progress) if rebuild else None
        report = (
            client.index(paths, prune=prune, prune_limit=limit, dry_run=dry_run, on_progress=on_progress)
            if paths
            else None
        )
    if made and not (json and report):
        print_rebuilt(made, json=json)
    if report is None:
        return
    if made:
        report = report.model_copy(update={"rebuilt": "it was asked for"})
    if json:
        _echo_json(report.model_dump_json(indent=2))
    else:
        print_index_report(report, dry_run=dry_run)
    raise typer.Exit(1 if report.failed else 0)


@app.command()
def ask(question: Question, collections: Collections = None, scope: Scope = None, json: Json = False) -> None:
    """Answer one question, with citations."""
    from service.cli.printing import markdown_articles, print_answer
    from service.opening import open_client
    from service.schemas.api import AskRequest, FiltersWire

    filters = FiltersWire.model_construct(collections=collections or [], scope=scope)
    with open_client(_settings()) as client:
        response = client.ask(AskRequest(question=" ".join(question), filters=filters))
        markdown = frozenset[str]() if json else markdown_articles(client, response)
    if json:
        _echo_json(response.model_dump_json(indent=2, exclude={"hits"}))
    else:
        print_answer(response, markdown=markdown)


@app.command()
def search(
    question: Question,
    limit: Annotated[int, typer.Option(min=1, max=100, metavar="NUMBER", help="How many passages.")] = 10,
    collections: Collections = None,
    scope: Scope = None,
    json: Json = False,
) -> None:
    """Show the passages that fit a question best."""
    from service.cli.printing import print_hits
    from service.opening import open_client
    from service.schemas.api import FiltersWire, SearchRequest

    filters = FiltersWire.model_construct(collections=collections or [], scope=scope)
    with open_client(_settings()) as client:
        response = client.search(SearchRequest(question=" ".join(question), limit=limit, filters=filters))
    if json:
        _echo_json(response.model_dump_json(indent=2))
    else:
        print_hits(response)


@app.command()
def delete(article_ids: Annotated[list[str], typer.Argument(metavar="ARTICLE_ID")]) -> None:
    """Delete articles from the index."""
    from service.opening import open_client

    with open_client(_settings()) as client:
        client.delete(article_ids)
    typer.echo(f"Deleted {len(set(article_ids))} article{'s' if len(set(article_ids)) > 1 else ''}.")


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the copy should lie: a new or empty folder.")],
    json: Json = False,
) -> None:
    """Copy the index, keys, conversations and feedback into a new folder, also while a service answers."""
    from service.cli.printing import print_backup
    from service.maintenance.backups import check_free, move_to
    from service.opening import open_client

    check_free(folder)
    with open_client(_settings()) as client:
        made = client.backup()
        move_to(Path(made.folder), folder)
    made = made.model_copy(update={"folder": str(folder.absolute())})
    if json:
        _echo_json(made.model_dump_json(indent=2))
    else:
        print_backup(made)
    raise typer.Exit(0 if made.agree else 1)


@app.command()
def migrate(
    to: Annotated[
        str,
        typer.Option(
            metavar="PLACE",
            envvar="FOOTNOTE_MIGRATE_TO",
            show_envvar=False,
            help="postgresql://USER:PASSWORD@HOST/DATABASE, or a new or empty folder. Also from FOOTNOTE_MIGRATE_TO, which "
            "other users do not see.",
        ),
    ],
    chroma: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The Chroma server for the vectors. Default: FOOTNOTE_CHROMA_URL."),
    ] = None,
    json: Json = False,
) -> None:
    """Copy everything from the data folder to servers, or back into a folder. Nothing is embedded again."""
    from service.cli.interrupts import stopped_by_ctrl_c
    from service.cli.printing import print_migration, progress_bar
    from service.maintenance.migration import migrate as migrate_to

    with stopped_by_ctrl_c(), progress_bar() as on_progress:
        made = migrate_to(_settings(), to, chroma_url=chroma, on_progress=on_progress)
    if json:
        _echo_json(made.model_dump_json(indent=2))
    else:
        print_migration(made, to_servers=to.startswith("postgresql"))


@app.command()
def status(
    check: Annotated[bool, typer.Option("--check", help="Compare catalogue, vectors and words.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Compare them, and repair the differences.")] = False,
    json: Json = False,
) -> None:
    """Show what is indexed."""
    from service.cli.printing import print_check, print_status
    from service.opening import open_client
    from service.schemas.maintenance import CheckRequest

    if check or repair:
        with open_client(_settings(), repairing=repair) as client:
            found = client.check(CheckRequest(repair=repair))
        if json:
            _echo_json(found.model_dump_json(indent=2))
        else:
            print_check(found)
        raise typer.Exit(0 if found.agree or found.repair != "none" else 1)
    with open_client(_settings()) as client:
        response = client.status()
    if json:
        _echo_json(response.model_dump_json(indent=2))
    else:
        print_status(response)


@app.command()
def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="NUMBER", help="Port to serve on; 0 takes a free one.")
    ] = 8000,
    watch: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="File or folder to keep the index equal to. Can be given several times."),
    ] = None,
) -> None:
    """Serve the chat page and the API."""
    from service.api.serving import serve as serve_until_stopped

    serve_until_stopped(_settings(), host=host, port=port, watch=watch or [])


def _settings() -> "Settings":
    from service.settings import load_settings

    return load_settings()


def _echo_json(json: str) -> None:
    from index.control_characters import json_controls

    typer.echo(json_controls(json))


def main() -> None:
    """Run the command. What a person can act on is one message and an exit code: 2 for wrong usage, 1 for the rest."""
    from index.control_characters import visible_controls
    from index.errors import FootnoteError, IndexingStopped, WrongUsage

    try:
        command = typer.main.get_group(app)
        show_plain_types(command)
        command(prog_name="footnote")
    except IndexingStopped as error:
        typer.echo(f"footnote: {error}", err=True)
        sys.exit(130)  # as shells have it for a command that Ctrl-C ended
    except FootnoteError as error:
        typer.echo(visible_controls(f"footnote: {error}"), err=True)
        sys.exit(2 if isinstance(error, WrongUsage) else 1)
    except BrokenPipeError:
        # The reader of the output has gone; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
