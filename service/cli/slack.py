"""`footnote slack`: the bot by itself, and the manifest that its app is made from."""

import json
from typing import Annotated

import typer

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
            "FOOTNOTE_SLACK_APP_TOKEN."
        )
    serve(settings, host=host, port=port)


@app.command()
def manifest(
    http: Annotated[
        bool, typer.Option("--http", help="Events by HTTP, to FOOTNOTE_PUBLIC_URL, not by Socket Mode.")
    ] = False,
) -> None:
    """Print the manifest of the Slack app: at https://api.slack.com/apps, Create New App, From a manifest."""
    from index.errors import WrongUsage
    from service.auth.authentication import SLACK_EVENTS_PATH
    from service.settings import load_settings
    from service.slack.manifest import manifest as made

    public_url = load_settings().public_url
    if http and not (public_url or "").startswith("https://"):
        raise WrongUsage(
            "Slack sends events to a public https address. Set FOOTNOTE_PUBLIC_URL to the one of this service."
        )
    typer.echo(json.dumps(made(events_url=f"{public_url}".rstrip("/") + SLACK_EVENTS_PATH if http else None), indent=2))
