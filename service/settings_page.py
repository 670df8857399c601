"""Prints docs/configuration.md from the settings: `python -m service.settings_page > docs/configuration.md`."""

from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from service.settings import Settings

_HEAD = """\
# Configuration

<!-- Made from the settings by `make docs`; a test checks that it is up to date. Edit the descriptions in the code. -->

Every setting is an environment variable, or a line `NAME=value` of a file of settings: the one that `FOOTNOTE_ENV_FILE`
names, or else `.env` in the folder that `FOOTNOTE_DATA_DIR` names. The environment wins. A `.env` in the folder that
Footnote is started from is not read, and a message says so: in someone else's folder, it could send your keys to
another address. A value that cannot be used ends the command with exit code 2 and a message that names it.

| name | values | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(f"{_row(name, field)}\n" for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    default = (
        ""
        if field.default is None
        else f"`{str(field.default).lower() if field.default in (True, False) else field.default}`"
    )
    return f"| `FOOTNOTE_{name.upper()}` | {_values(field.annotation)} | {default} | {field.description} |"


def _values(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if isinstance(annotation, UnionType):
        return " or ".join(_values(part) for part in get_args(annotation) if part is not type(None))
    names = {
        Path: "path",
        bool: "`true`, `false`",
        int: "whole number",
        float: "number",
        SecretStr: "secret",
        dict: "JSON",
    }
    return names.get(get_origin(annotation) or annotation, "text")


if __name__ == "__main__":
    print(page(), end="")
