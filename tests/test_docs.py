"""The documentation says what is there: settings, links, scores, commands and errors are compared with the code."""

import re
from collections.abc import Iterator
from functools import cache
from inspect import getmembers, isclass
from pathlib import Path

import pytest
from typer.main import get_command

from eval.metrics import METRICS
from index import errors
from service.cli.app import app
from service.settings_page import page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# What is made rather than written: it is in no clone of the repository.
MADE = {"node_modules", ".venv", ".venv-llm", ".git", ".hypothesis", ".cache", ".env", "data", "dist", "runs"}

_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# The name of each problem that HTTP can answer with stands behind its status.
_PROBLEM = re.compile(r'\(\s*(\d{3}), "([a-z-]+)"')
# Put together, so that this file does not hold them.
_FOREIGN = [".." + "/shared", "pypi" + ".org", "pythonhosted" + ".org", "npmjs" + "."]


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def links_of(document: Path) -> list[str]:
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    return [match["target"] for match in _LINK.finditer(text)]


@cache
def anchors_of(document: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def written_files(folder: Path = ROOT) -> Iterator[Path]:
    for path in folder.iterdir():
        made = path.name in MADE if folder == ROOT else path.name == "__pycache__"
        if made or path.is_symlink() or path.name.endswith(("_cache", ".egg-info")):
            continue
        if path.is_dir():
            yield from written_files(path)
        else:
            yield path


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == page(), "Run `make docs`."


@pytest.mark.parametrize("document", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_and_picture_leads_somewhere(document: Path) -> None:
    for target in links_of(document):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


def test_every_picture_and_page_is_linked_from_somewhere() -> None:
    linked = {
        (document.parent / target.partition("#")[0]).resolve() for document in pages() for target in links_of(document)
    }
    pictures = [path for path in DOCS.iterdir() if path.suffix in {".png", ".svg"}]
    for path in (*pictures, *DOCS.glob("*.md")):
        assert path in linked, path.name


@pytest.mark.parametrize("metric", METRICS)
def test_every_score_is_defined(metric: str) -> None:
    assert f"`{metric}`" in (DOCS / "evaluation.md").read_text(encoding="utf-8")


def test_every_error_is_explained() -> None:
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    kinds = [kind for _, kind in getmembers(errors, isclass) if issubclass(kind, errors.FootnoteError)]
    for kind in kinds:
        assert kind is errors.FootnoteError or f"`{kind.__name__}`" in operations, kind


def test_every_problem_type_is_explained() -> None:
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    edge = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "service").rglob("*.py"))
    problems = _PROBLEM.findall(edge)
    assert len(problems) > 15
    for status, name in problems:
        assert f"{status} `{name}`" in operations, (status, name)


def test_the_licence_is_apache_2() -> None:
    lines = [line.strip() for line in (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert lines[:2] == ["Apache License", "Version 2.0, January 2004"]
    assert "END OF TERMS AND CONDITIONS" in lines


def test_the_commands_of_the_documentation_exist() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in pages())
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.MULTILINE))
    assert {"run", "test"} <= named <= targets
    commands = set(getattr(get_command(app), "commands", {}))
    used = set(re.findall(r"(?:^\.venv/bin/|`|/bin/)footnote ([a-z]+)\b", text, re.MULTILINE))
    assert {"index", "ask", "serve"} <= used <= commands


def test_no_file_names_a_place_that_others_do_not_have() -> None:
    for path in written_files():
        content = path.read_bytes().lower()
        for name in _FOREIGN:
            assert name.encode() not in content, f"{path.relative_to(ROOT)} names {name}"


@pytest.mark.parametrize("name", ["architecture.md", "decisions/0002-fusion.md", "flow.svg"])
def test_the_weight_of_words_is_the_one_in_use(name: str) -> None:
    code = re.search(
        r"^LEXICAL_WEIGHT = ([\d.]+)", (ROOT / "index/retrieval.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert code
    assert code[1] in (DOCS / name).read_text(encoding="utf-8")


def test_the_number_of_questions_that_ship_is_right() -> None:
    lines = (ROOT / "eval/questions/questions.jsonl").read_text(encoding="utf-8").splitlines()
    for name in ("README.md", "CHANGELOG.md"):
        assert f"{len(lines)} questions" in (ROOT / name).read_text(encoding="utf-8")
