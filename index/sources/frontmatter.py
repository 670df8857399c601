"""Parses front matter: metadata before the text of a file, as YAML, TOML or JSON.

It says who may read an article. So nothing that looks like front matter is ever treated as text: it is parsed, or the file
fails.
"""

import json
import re
import tomllib
from dataclasses import dataclass

from index.errors import AccessUnclear
from index.sources.metadata import KNOWN_FIELDS, field_name
from index.sources.yaml_fields import load_yaml

LONGEST = 50_000
"""The most characters of front matter."""

# What may stand before front matter: white space, byte-order marks, comments.
_BEFORE = re.compile(r"(?>\s|[\ufeff\u200b-\u200d\u2060]|<!--(?>[^-]|-(?!->))*+-->)*+")
_OPENING = re.compile(
    r"(?P<mark>---|\+\+\+|;;;)[ \t]*+(?:(?P<kind>yaml|yml|toml|json)[ \t]*+)?(?:\#[^\n]*)?(?:\n|\Z)", re.IGNORECASE
)
# YAML's own end of a document is one, too.
_ENDS = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE),
    ";;;": re.compile(r"^;;;[ \t]*(?:\n|\Z)", re.MULTILINE),
}
_KINDS = {"---": "yaml", "+++": "toml", ";;;": "json"}
_KEY = re.compile(r"""[ \t]*["']?(?P<key>[^\W\d][\w.-]*(?:[ ][\w.-]+){0,3})["']?[ \t]*[:=](?=\s|["'\[{])""")
_GROUPS = re.compile(r"""[^\w\n]{0,20}groups[*_"'`\])]{0,4}[ \t]*[:=]""", re.IGNORECASE)
_GROUPS_KEY = re.compile(r"""["']?groups["']?[ \t]*[:=]""", re.IGNORECASE)
_OBJECT = re.compile(r"""\{\s*+["']""")
_QUOTED_GROUPS = re.compile(r"""["']groups["']\s*+:""", re.IGNORECASE)
_BRACES = re.compile(r"[^\w{\n]{0,20}\{")
_GROUPS_IN_BRACES = re.compile(r"""[{,][ \t]*["']?groups["']?[ \t]*[:=]""", re.IGNORECASE)
_MARK = re.compile(r"(?:---|\.\.\.|\+\+\+|;;;)[ \t]*\Z")
# A line of what may be meant as front matter: empty, marks alone, a comment, an item, an indented line, a key with its value.
_HEAD_LINE = re.compile(
    r"""\W*$|[ \t]*(?:\#|//|;|%|<!--|`{3}|[-*+][ ])|[ \t]+\S|["':]?[\w.-]+(?:[ ][\w.-]+){0,3}["'*]*[ \t]*[:=]"""
)
_HEAD_LINES = 200


@dataclass(frozen=True, slots=True)
class _Found:
    """Fields, and where the text after them starts."""

    fields: dict[str, object]
    end: int


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Return a file's front matter and the unchanged text after it.

    A file that starts with dashes, with no second line of them and no key after them, has none: the dashes are a rule.
    Raises AccessUnclear when there is what looks like front matter and cannot be read, or groups are named outside of it.
    """
    fields, body = front_matter_of(text)
    if all(field_name(key) != "groups" for key in fields):
        _refuse_groups_in(body)
    return fields, body


def front_matter_of(text: str) -> tuple[dict[str, object], str]:
    """Return a text's front matter and the text after it. Raises AccessUnclear when it cannot be read.

    Unlike `split_front_matter`, it does not look for groups elsewhere: in a web page, they may be those of a script.
    """
    text = text.lstrip("\ufeff")
    found = _found(text)
    return (found.fields, text[found.end :]) if found else ({}, text)


def _found(text: str) -> _Found | None:
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    if opening := _OPENING.match(text, start):
        return _fenced(text, opening, certain=start == 0)
    if text.startswith("{", start):
        return _bare_json(text, start)
    return None


def _fenced(text: str, opening: re.Match[str], *, certain: bool) -> _Found | None:
    """Return what stands between two marks. It is `certain` to be meant as front matter where nothing is before it."""
    mark = opening["mark"]
    looks_like_it = _starts_with_key(text, opening.end(), any_key=certain)
    end = _ENDS[mark].search(text, opening.end())
    if end is None:
        if not looks_like_it:
            return None
        raise AccessUnclear(
            f"starts with front matter that does not end: no line of {mark} alone follows, at the start of its line. Add "
            "it, or write *** for a rule."
        )
    if not certain and not looks_like_it:
        return None
    if end.start() - opening.end() > LONGEST:
        raise AccessUnclear(f"has front matter of more than {LONGEST:,} characters. Shorten it.")
    front = text[opening.end() : end.start()]
    line = text.count("\n", 0, opening.end()) + 1
    kind = (opening["kind"] or _KINDS[mark]).lower()
    return _Found(_loaded(front, kind, first_line=line), end.end())


def _starts_with_key(text: str, at: int, *, any_key: bool) -> bool:
    """Return whether the first lines after a mark are keys with values: any, or at least one that front matter often has."""
    for line in text[at : at + 4_000].split("\n")[:20]:
        key = _KEY.match(line)
        if key and (any_key or field_name(key["key"]) in KNOWN_FIELDS):
            return True
        if any_key and line.strip() and not line.lstrip().startswith(("#", "{", '"')):
            return False
    return False


def _loaded(front: str, kind: str, *, first_line: int) -> dict[str, object]:
    if kind == "toml":
        fields: object = _toml(front)
    elif kind == "json":
        fields = _json(front)
    else:
        fields = load_yaml(front, first_line=first_line)
    if not isinstance(fields, dict):
        raise AccessUnclear(
            "has front matter that is not a list of `key: value`. Correct it, or write *** where a rule was meant."
        )
    return {str(key): value for key, value in fields.items()}


def _toml(front: str) -> object:
    try:
        return tomllib.loads(front)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise AccessUnclear(f"has front matter that is not TOML: {error}. Correct it.") from None


def _json(front: str) -> object:
    try:
        # Some leave out the braces, as the marks replace them.
        written = front if front.lstrip().startswith("{") else "{" + front + "}"
        return json.loads(written, object_pairs_hook=unique_pairs)
    except (ValueError, RecursionError) as error:
        raise AccessUnclear(f"has front matter that is not JSON: {error}. Correct it.") from None


def _bare_json(text: str, start: int) -> _Found | None:
    """Return an object of JSON that a text starts with, where its keys are those of front matter."""
    try:
        decoder = json.JSONDecoder(object_pairs_hook=unique_pairs)
        fields, end = decoder.raw_decode(text[start : start + LONGEST])
    except (ValueError, RecursionError) as error:
        # In an object that is too long, too deep or broken, groups may stand anywhere.
        hides_groups = _OBJECT.match(text, start) and _QUOTED_GROUPS.search(text, start)
        if hides_groups or _starts_with_key(text, start + 1, any_key=False):
            raise AccessUnclear(f"has front matter that is not JSON: {error}. Correct it.") from None
        return None
    if not any(field_name(key) in KNOWN_FIELDS for key in fields):
        return None
    rest = text[start + end :]
    return _Found(fields, start + end + (len(rest) - len(rest.removeprefix("\n"))))


def unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON. Raises AccessUnclear when it has a key twice: it would be a guess which one is meant."""
    fields: dict[str, object] = {}
    for key, value in pairs:
        if key in fields:
            raise AccessUnclear(f"has the key {key[:80]!r} twice. Keep one of them.")
        fields[key] = value
    return fields


def _refuse_groups_in(body: str) -> None:
    """Raise AccessUnclear when groups are named outside of front matter: at the start of a text, or between two marks."""
    if "groups" not in body.casefold():
        return
    if _are_groups_first(body):
        raise AccessUnclear(
            "names groups at its start, but not in front matter that can be read. Put `groups: [name, …]` between two "
            "lines of --- at the very start of the file; if it is a part of the text, put a sentence before it."
        )
    if _are_groups_between_marks(body):
        raise AccessUnclear(
            "names groups between two lines of ---, but not at its start. Move these lines to the very start of the file; "
            "if they are a part of the text, write *** for the rules around them."
        )


def _are_groups_first(body: str) -> bool:
    """Return whether a text starts with lines such as those of front matter, and one names groups."""
    in_comment = False
    for line in body[:LONGEST].splitlines()[:_HEAD_LINES]:
        if _GROUPS.match(line) or (_BRACES.match(line) and _GROUPS_IN_BRACES.search(line)):
            return True
        in_comment = (in_comment or "<!--" in line) and "-->" not in line
        if not in_comment and not _HEAD_LINE.match(line):
            return False
    return False


def _are_groups_between_marks(body: str) -> bool:
    """Return whether a block of lines such as those of front matter stands further down, not in code, and names groups."""
    before = ""
    is_code = is_block = names_groups = False
    for line in body.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            is_code, is_block = not is_code, False
        elif not is_code and _MARK.match(line):
            if is_block and names_groups:
                return True
            is_block, names_groups = True, False
        elif is_block:
            # As for Pandoc, no empty line follows the mark that opens a block.
            is_block = bool(_HEAD_LINE.match(line)) and not (_MARK.match(before) and not line.strip())
            names_groups = names_groups or bool(_GROUPS_KEY.match(line))
        before = line
    return False
