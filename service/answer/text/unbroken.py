"""What must not be cut in two: addresses, paths, versions, names in programs, and code."""

import re
from collections.abc import Iterator

from index.records import Span

_IN_CODE = re.compile(r"(?<!`)`++[^`\n]++`++")
_IN_ADDRESS = r"[^\s<>()\[\]\"“”`*|]"
_ADDRESS = re.compile(rf"\b[a-zA-Z][\w+.-]{{0,20}}://(?:{_IN_ADDRESS}|\({_IN_ADDRESS}*+\))++")
_RUN = re.compile(r"[^\s<>()\[\]{}\"“”‘’`*|,;]++")
# Signs within a run of characters, or before it, by which it is more than a word: "a.b", "k8s/v2", "BX-100", "--all".
_JOINED = re.compile(r"\w[./:@\\_=&#~+]+\w|\d-\w|\w-\d|\A[-/~.$@#%\\]+\w")
_AFTER = ".,;:!?'’"


def unbroken(text: str) -> Iterator[Span]:
    """Yield the stretches of a text that are one thing each. They may overlap."""
    yield from (Span(*found.span()) for found in _IN_CODE.finditer(text))
    yield from (_without_stops(found) for found in _ADDRESS.finditer(text))
    yield from (_without_stops(found) for found in _RUN.finditer(text) if _JOINED.search(found[0].rstrip(_AFTER)))


def _without_stops(found: re.Match[str]) -> Span:
    return Span(found.start(), found.start() + len(found[0].rstrip(_AFTER)))
