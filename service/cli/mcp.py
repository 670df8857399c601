"""`footnote mcp`: Footnote as tools of an editor or assistant on this machine."""

import sys

import typer


def mcp() -> None:
    """Answer editors and assistants by the Model Context Protocol, on standard input and output."""
    from service.mcp.stdio import serve_stdio
    from service.settings import load_settings

    settings = load_settings()
    if sys.stdin.isatty():
        typer.echo(
            "This is for an editor or assistant, which starts it itself: see the README. End it with Ctrl-D.", err=True
        )
    serve_stdio(settings)
