"""Texts that make a pattern go back and forth, made from the pattern itself.

A backtracking engine takes more than linear time where a repeat can match the same text in several ways, or where a search
that fails late starts again at every character. Both show on a text that repeats what a repeat of the pattern repeats, from
where the pattern reaches it, and that ends with something that does not match.
"""

import re
from collections.abc import Iterator
from re import _constants as ops  # the parse tree of patterns has no public module
from re import _parser as parser
from typing import Any

_CHARACTERS = "a1 -.A,\n'([<`*_/:#\"|&@~!†é\u3000"
_LONG = 20
_VARIANTS = 3

Tree = list[tuple[Any, Any]]


def adversarial_texts(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """Return pairs of a beginning and a part to be repeated behind it."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    found: dict[tuple[str, str], None] = {}
    for variant in range(_VARIANTS):
        for beginning, part in _repeats(list(tree), "", variant):
            if part:
                found |= dict.fromkeys([(beginning, part), ("", beginning + part)])
    return list(found)


def _repeats(tree: Tree, before: str, variant: int) -> Iterator[tuple[str, str]]:
    """Yield each long repeat as a text that leads to it and a text that it repeats."""
    for op, value in tree:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            _, most, body = value
            if most > _LONG:
                yield before, _sample(list(body), variant)
        for inner in _inside(op, value):
            yield from _repeats(inner, before, variant)
        before += _sample([(op, value)], variant)


def _inside(op: Any, value: Any) -> list[Tree]:
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
        return [list(value[2])]
    if op is ops.BRANCH:
        return [list(one) for one in value[1]]
    if op is ops.SUBPATTERN:
        return [list(value[3])]
    if op is ops.ATOMIC_GROUP:
        return [list(value)]
    if op in (ops.ASSERT, ops.ASSERT_NOT):
        return [list(value[1])]
    return []


def _sample(tree: Tree, variant: int) -> str:
    """Return a short text that the tree matches; what is asserted around it is left out."""
    return "".join(_sample_of(op, value, variant) for op, value in tree)


def _sample_of(op: Any, value: Any, variant: int) -> str:
    if op is ops.LITERAL:
        return chr(value)
    if op in (ops.NOT_LITERAL, ops.ANY, ops.IN):
        return _character(op, value, variant)
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
        return _sample(list(value[2]), variant) * min(int(value[0]), _LONG)
    if op in (ops.ASSERT, ops.ASSERT_NOT):
        return ""
    inside = _inside(op, value)
    return _sample(inside[variant % len(inside)], variant) if inside else ""


def _character(op: Any, value: Any, variant: int) -> str:
    items = [(op, value)] if op is not ops.IN else value
    fitting = [character for character in _CHARACTERS if _holds(items, character)]
    if not fitting:
        fitting = [chr(item if kind is ops.LITERAL else item[0]) for kind, item in items if kind in _WITH_CHARACTERS]
    return fitting[variant % len(fitting)] if fitting else ""


_WITH_CHARACTERS = (ops.LITERAL, ops.RANGE)
_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}


def _holds(items: Tree, character: str) -> bool:
    """Say whether a class of characters, given as its items, holds one."""
    negated = any(kind is ops.NEGATE for kind, _ in items)
    return negated != any(_is(kind, value, character) for kind, value in items)


def _is(kind: Any, value: Any, character: str) -> bool:
    if kind is ops.ANY:
        return character != "\n"
    if kind is ops.NOT_LITERAL:
        return bool(ord(character) != value)
    if kind is ops.LITERAL:
        return bool(ord(character) == value)
    if kind is ops.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    return kind is ops.CATEGORY and re.match(_CATEGORIES[value], character) is not None
