"""`footnote slack`: the bot by itself, and the manifest that its app is made from."""

import json
from typing import Annotated

import typer

from index.control_characters import visible_controls

app = typer.Typer(help="Answer in Slack.", invoke_without_command=True, pretty_exceptions_enable=False)


@app.callback()
def slack(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to serve on, for other commands and for events by HTTP.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="NUMBER", help="Port to serve on; 0 takes a free one.")
    ] = 0,
) -> None:
    """Answer in Slack until stopped. Owns the data folder as `footnote serve` does, which answers in Slack, too."""
    if context.invoked_subcommand:
        return
    from index.errors import WrongUsage
    from service.api.serving import serve
    from service.settings import load_settings
    from service.slack.tokens import wanted

    settings = load_settings()
    if not wanted(settings):
        raise WrongUsage(
            "There is no token for Slack. Make an app from `footnote slack manifest`, then set FOOTNOTE_SLACK_BOT_TOKEN and "
            "FOOTNOTE_SLACK_APP_TOKEN; or FOOTNOTE_SLACK_CLIENT_ID for several workspaces."
        )
    serve(settings, host=host, port=port)


@app.command()
def manifest(
    http: Annotated[
        bool, typer.Option("--http", help="Events by HTTP, to FOOTNOTE_PUBLIC_URL, not by Socket Mode.")
    ] = False,
    several: Annotated[
        bool, typer.Option("--several", help="Several workspaces or an organisation install it, at /slack/install.")
    ] = False,
) -> None:
    """Print the manifest of the Slack app: at https://api.slack.com/apps, Create New App, From a manifest."""
    from index.errors import WrongUsage
    from service.auth.authentication import SLACK_EVENTS_PATH, SLACK_REDIRECT_PATH
    from service.settings import load_settings
    from service.slack.manifest import manifest as made

    public_url = (load_settings().public_url or "").rstrip("/")
    if (http or several) and not public_url.startswith("https://"):
        raise WrongUsage(
            "Slack sends events and browsers to a public https address. Set FOOTNOTE_PUBLIC_URL to the one of this service."
        )
    events_url = public_url + SLACK_EVENTS_PATH if http else None
    redirect_url = public_url + SLACK_REDIRECT_PATH if several else None
    typer.echo(json.dumps(made(events_url=events_url, redirect_url=redirect_url), indent=2))


@app.command()
def key() -> None:
    """Print a new key for FOOTNOTE_SLACK_TOKEN_KEYS."""
    from cryptography.fernet import Fernet

    typer.echo(Fernet.generate_key().decode())


@app.command()
def workspaces() -> None:
    """Show the workspaces and organisations that have installed the app."""
    from service.cli.keys import shown_time, stored_database
    from service.slack.installations import all_installations

    with stored_database() as engine:
        installations = all_installations(engine)
    for place in installations:
        typer.echo(f"{place.id}  {shown_time(place.installed)}  {visible_controls(place.name)}")
    if not installations:
        typer.echo("No workspace has installed the app.")
