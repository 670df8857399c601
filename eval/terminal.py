"""What the commands of evaluation print, and the errors that they show."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from index.control_characters import visible_controls
from index.errors import FootnoteError, WrongUsage

_SHOWN = 10


def say(text: str, *, err: bool = False) -> None:
    """Print a line; control characters of questions, articles and names are shown, not sent."""
    print(visible_controls(text), file=sys.stderr if err else sys.stdout)


def show_list(title: str, lines: list[str]) -> None:
    """Show the first lines on standard error; the report holds them all."""
    if not lines:
        return
    print(f"{title} ({len(lines)}):", file=sys.stderr)
    for line in lines[:_SHOWN]:
        say(f"  {line}", err=True)
    if len(lines) > _SHOWN:
        print(f"  … and {len(lines) - _SHOWN} more", file=sys.stderr)


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show errors that a person can act on as one line: exit 2 for wrong usage, 1 for the others."""
    try:
        yield
    except FootnoteError as error:
        say(f"Error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, WrongUsage) else 1) from error
