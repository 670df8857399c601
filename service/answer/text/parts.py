"""The parts of a question: several questions in one."""

import re

# With a preposition before it, as in "by when", "in which".
_ASKING = r"(?:[a-z]{2,5} )?(?:what|which|who|whom|whose|when|where|why|how)\b"
_BETWEEN = re.compile(rf"(?:[,;]? and|[?;,])\s+(?={_ASKING})", re.IGNORECASE)
_ASKS = re.compile(_ASKING, re.IGNORECASE)
_FEWEST_WORDS = 3
_MOST = 4


def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions in one: "Who built it, and when was it opened?" asks two. One that asks one thing is alone."""
    parts = [part.strip(" ?,;") for part in _BETWEEN.split(question)]
    each_asks = all(_ASKS.match(part) and len(part.split()) >= _FEWEST_WORDS for part in parts)
    return tuple(f"{part}?" for part in parts) if each_asks and 1 < len(parts) <= _MOST else (question,)
