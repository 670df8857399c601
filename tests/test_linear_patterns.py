"""Every pattern in service/ and index/ takes linear time, on texts made from the pattern to be hard on it.

Patterns are found by looking through the modules: those that a module holds, by itself or in lists and mappings, and those
that it writes where it uses them. Each is used as the code uses it: on a whole text, or only from its beginning. As in
test_linear_time.py, processor time at different lengths is compared. Patterns that are made of words of people or articles
at run time are not found here; the functions that make them are tested there.
"""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.adversarial_texts import adversarial_texts
from tests.test_linear_time import grows_too_fast, seconds, worth_comparing

ROOT = Path(__file__).parent.parent
LENGTH = 4_000
# So many characters take an exponential pattern, and so many a cubic one, longer than a linear one takes for a long text.
_FEW = (18, 160)
_ENDS = ("§", "\n§", "")
_FROM_THE_START = {"match", "fullmatch"}
_METHODS = {"search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}

AnyPattern = re.Pattern[Any]
Read = Callable[[str], object]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules that use patterns, with their code."""
    for folder in ("service", "index"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            if re.search(r"^import re$", text, re.MULTILINE) and file.stem != "__main__":
                yield ".".join(file.relative_to(ROOT).with_suffix("").parts), ast.parse(text)


def held(value: object, depth: int = 3) -> Iterator[AnyPattern]:
    """Yield the patterns that a value is, or holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and depth:
        for one in [*value, *value.values()]:
            yield from held(one, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)) and depth:
        for one in value:
            yield from held(one, depth - 1)


def uses_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names of patterns with the methods that they are used with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            on = node.value
            yield on.id if isinstance(on, ast.Name) else on.attr if isinstance(on, ast.Attribute) else "", node.attr


def written_in_place(tree: ast.Module) -> Iterator[tuple[AnyPattern, str]]:
    """Yield the patterns of calls such as `re.split("[,;]", text)`, with the method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            of_module = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            if of_module and isinstance(node.args[0], ast.Constant):
                yield re.compile(node.args[0].value), node.func.attr


@cache
def patterns() -> dict[str, tuple[AnyPattern, frozenset[str]]]:
    """Return each pattern by its place, with the methods that it is used with."""
    found: dict[str, tuple[AnyPattern, frozenset[str]]] = {}
    methods: dict[str, set[str]] = {}
    trees = dict(modules())
    for name, tree in trees.items():
        for used_as, method in uses_in(tree):
            # What is named with an underscore is used in its own module alone.
            methods.setdefault(f"{name}.{used_as}" if used_as.startswith("_") else used_as, set()).add(method)
    for name, tree in trees.items():
        for attribute, value in vars(importlib.import_module(name)).items():
            for number, pattern in enumerate(held(value)):
                key = f"{name}.{attribute}" if attribute.startswith("_") else attribute
                # Of one that is handed on under another name, it is not known how it is used.
                found[f"{name}.{attribute}[{number}]"] = (pattern, frozenset(methods.get(key, {"finditer"})))
        for number, (pattern, method) in enumerate(written_in_place(tree)):
            found[f"{name}, written in place [{number}]"] = (pattern, frozenset({method}))
    return found


def read_with(pattern: AnyPattern, methods: frozenset[str]) -> Read:
    """Return a function that reads a text as these methods do: from each of its characters on, or only from the first."""
    if methods <= {"fullmatch"}:
        read: Callable[[Any], object] = pattern.fullmatch
    elif methods <= _FROM_THE_START:
        read = pattern.match
    elif methods <= {"search", *_FROM_THE_START}:
        read = pattern.search
    else:
        read = lambda text: sum(1 for _ in pattern.finditer(text))  # noqa: E731
    return read if isinstance(pattern.pattern, str) else lambda text: read(text.encode())


def slow_text(read: Read, pattern: AnyPattern) -> tuple[str, str, str] | None:
    """Return the first text on which a pattern takes more than linear time, as its beginning, repeated part and end."""
    texts = ((beginning, part, end) for beginning, part in adversarial_texts(pattern) for end in _ENDS)
    return next((text for text in texts if is_slow(read, *text)), None)


def is_slow(read: Read, beginning: str, part: str, end: str) -> bool:
    for length in _FEW:
        few = beginning + part * max(length // len(part), 2) + end
        if seconds(read, few, calls=1) > worth_comparing(LENGTH) and seconds(read, few) > worth_comparing(LENGTH):
            return True
    # Once more where it grows too fast: another process may have had the machine.
    return all(grows_too_fast(read, beginning, part, LENGTH, end=end) for _ in range(3))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(?:a|a)*b",
        r"\s+[|-]\s+",
        r"^(\w+\s?)*$",
        r"x.*y.*z",
        r"\s*(.*?)\s*<end>",
        r"\d+(?:,\d+)*;",
        r"since\s+(?:[\w-]+\s+)*\Z",
    ],
)
def test_patterns_that_take_more_than_linear_time_are_found(pattern: str) -> None:
    compiled = re.compile(pattern)
    assert slow_text(read_with(compiled, frozenset({"finditer"})), compiled)


@pytest.mark.parametrize("pattern", [r"\w+", r"(?<!\s)\s++x", r"\d{1,3}(?:,\d{3})*", r"\[[^\[\]]{0,40}\]"])
def test_linear_patterns_are_not(pattern: str) -> None:
    compiled = re.compile(pattern)
    assert slow_text(read_with(compiled, frozenset({"finditer"})), compiled) is None


def test_the_patterns_of_all_folders_are_found() -> None:
    assert len(patterns()) > 150
    folders = {".".join(place.split(".")[:2]) for place in patterns()}
    assert folders >= {"service.answer", "service.openai", "service.slack", "index.sources", "index.ingest"}


def test_every_pattern_takes_linear_time() -> None:
    slow = {}
    for place, (pattern, methods) in patterns().items():
        if text := slow_text(read_with(pattern, methods), pattern):
            slow[place] = text
    assert slow == {}
