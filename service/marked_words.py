"""The words of a question marked in the passages that come nearest to it, for Slack, terminals and chat clients."""

from collections.abc import Callable

from service.schemas.api import NearestPassageWire


def marked_quote(near: NearestPassageWire, *, written: Callable[[str], str], marked: Callable[[str], str]) -> str:
    """Return the quote of a passage on one line. `written` escapes words, and `marked` makes escaped words stand out."""
    quote, at = near.quote or "", 0
    parts: list[str] = []
    for mark in near.marks:
        start, end = (place - (near.start or 0) for place in (mark.start, mark.end))
        parts += [_spaced(quote[at:start], written), marked(written(quote[start:end]))]
        at = end
    return "".join([*parts, _spaced(quote[at:], written)]).strip()


def _spaced(words: str, written: Callable[[str], str]) -> str:
    """Escape words on one line, and keep a space at either end where there is one."""
    if not words.strip():
        return " " if words else ""
    before, after = (" " if words[place].isspace() else "" for place in (0, -1))
    return f"{before}{written(' '.join(words.split()))}{after}"
