"""The parts of a question: several questions in one, or two things that it compares."""

import re

_ASKING = r"(?:what|which|who|whom|whose|when|where|why|how)"
_LEADING = r"(?:(?:in|on|at|by|for|from|of|since|to|with) )?"
# The bounds keep a long text from being tried in all its parts.
_BETWEEN = re.compile(rf"(?:[,;]? and|[?;,])\s+(?={_LEADING}{_ASKING}\b)", re.IGNORECASE)
_ASKS = re.compile(rf"{_LEADING}{_ASKING}\b", re.IGNORECASE)
_TWO = r"(?P<one>[^?]{1,200}?)\s+(?:and|with|to|vs\.?|versus)\s+(?P<other>[^?]{1,200})"
_COMPARED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bcompar(?:e|ed|ing|ison of)\s+{_TWO}",
        rf"\bdifferences?\s+between\s+{_TWO}",
        rf"\bhow\s+(?:do|does|did)\s+{_TWO}\s+(?:differ|compare)\b",
        r"^(?P<one>[^?]{1,200}?)\s+(?:versus|vs\.?)\s+(?P<other>[^?]{1,200})",
    )
)
_FEWEST_WORDS = 3
_MOST = 4


def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions in one: "Who built it, and when was it opened?" asks two. One that asks one thing is alone."""
    parts = [part.strip(" ?,;") for part in _BETWEEN.split(question)]
    each_asks = all(_ASKS.match(part) and len(part.split()) >= _FEWEST_WORDS for part in parts)
    return tuple(f"{part}?" for part in parts) if each_asks and 1 < len(parts) <= _MOST else (question,)


def compared(question: str) -> tuple[str, ...]:
    """Return the two things that a question compares, in its own words; empty for any other question."""
    match = next(filter(None, (pattern.search(question) for pattern in _COMPARED)), None)
    return (match["one"].strip(), match["other"].strip(" .")) if match else ()
