"""Self-contained HTML files from the templates in `web/`: one style sheet, one script, nothing loaded from elsewhere.

Questions, answers and quotes are other people's words: Jinja2 escapes whatever is put into a template, and a content
security policy runs and loads nothing but the style and the script that the page was written with, known by their hashes.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from eval.reporting.plots import slug
from eval.results import written_whole
from index.control_characters import visible_controls

# Pieces of a page that are written at once.
_BUFFERED = 200


def write_from(template: str, path: Path, *, code: Sequence[str] = ("report.js",), **values: object) -> Path:
    """Write a page, piece by piece as its iterables go, whole or not at all. `code` are its scripts. Return its path."""
    style, script = _asset("report.css"), "\n".join(map(_asset, code))
    page = (
        _environment()
        .get_template(template)
        .stream(style=Markup(style), script=Markup(script), policy=_policy(style, script), **values)
    )
    page.enable_buffering(_BUFFERED)
    with written_whole(path) as file:
        page.dump(file, encoding="utf-8")
    return path


def with_markers(text: str, numbers: Collection[int]) -> Markup:
    """Escape an answer and set the numbers of its citations as markers."""
    return Markup(
        re.sub(
            r" ?\[(\d+)\]",
            lambda found: f"<sup>{found[1]}</sup>" if int(found[1]) in numbers else found[0],
            str(escape(visible_controls(text))),
        )
    )


def breakable(name: str) -> Markup:
    """Escape a name that has no spaces, so that it may be broken after its underscores."""
    return Markup("_<wbr>").join(visible_controls(name).split("_"))


def _controls_shown(value: object) -> object:
    return visible_controls(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("eval.reporting", "web"),
        autoescape=True,
        finalize=_controls_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"slug": slug, "with_markers": with_markers, "breakable": breakable}
    return environment


@cache
def _asset(name: str) -> str:
    return files("eval.reporting").joinpath("web", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hashed(style)}'; script-src '{_hashed(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashed(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
