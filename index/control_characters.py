"""Makes control characters in foreign text visible, so that they have no effect in a terminal, log or page."""

import re

# C0 except tab and line feed, DEL and C1, which terminals obey; line and paragraph separators; and characters that change the
# direction of a text, so that it reads as something else (https://trojansource.codes).
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WITH_LINE_FEED = re.compile(rf"{_CONTROL.pattern}|\n")


def visible_controls(text: str, *, one_line: bool = False) -> str:
    """Return a text with its control characters as escapes, ESC as `\\x1b`. With `one_line`, line feeds too."""
    return (_WITH_LINE_FEED if one_line else _CONTROL).sub(_written_out, text)


def json_controls(json: str) -> str:
    """Return equivalent JSON, with control characters in its strings as JSON escapes."""
    return _CONTROL.sub(lambda control: f"\\u{ord(control.group()):04x}", json)


def _written_out(control: re.Match[str]) -> str:
    return control.group().encode("unicode_escape").decode()
