"""The parts of a question: several questions in one, or two things that it compares."""

import re

# With a preposition before it, as in "by when", "in which".
_ASKING = r"(?:[a-z]{2,5} )?(?:what|which|who|whom|whose|when|where|why|how)\b"
_BETWEEN = re.compile(rf"(?:[,;]? and|[?;,])\s+(?={_ASKING})", re.IGNORECASE)
_ASKS = re.compile(_ASKING, re.IGNORECASE)
# The bounds keep a long text from being tried in all its parts.
_ONE, _AND_OTHER = r"(?P<one>[^?]{1,200}?)", r"\s(?:and|with|to|vs\.?|versus)\s(?P<other>[^?]{1,200})"
_COMPARED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:compar\w+(?:\sof)?|differences?\sbetween)\s{_ONE}{_AND_OTHER}",
        rf"\bhow\sdo(?:es)?\s{_ONE}{_AND_OTHER}\s(?:differ|compare)\b",
        rf"\A{_ONE}\s(?:vs\.?|versus)\s(?P<other>[^?]{{1,200}})",
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
