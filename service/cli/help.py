"""Help in plain words: an option shows what it takes by its metavar, not by a type of Python."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typer.core import TyperCommand, TyperGroup

HELP_NAMES = ["-h", "--help"]


def show_plain_types(command: "TyperCommand | TyperGroup", parent: typer.Context | None = None) -> None:
    """Let the help of a command, and of those below it, show metavars, and nothing for switches and arguments."""
    context = typer.Context(command, parent=parent, info_name=command.name, help_option_names=HELP_NAMES)
    for parameter in command.get_params(context):
        taken = parameter.metavar if parameter.param_type_name == "option" else None
        # Typer has no setting for it, and shows <bool> even for --help.
        vars(parameter)["display_type_rich"] = lambda ctx, taken=taken: taken
    for one in getattr(command, "commands", {}).values():
        show_plain_types(one, context)
