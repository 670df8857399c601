"""Code that answers is quoted with all its lines, as it stands in the article."""

from textwrap import dedent

from index.ingest.hidden import hidden_spans
from index.records import Span
from index.stores.store import Index
from service.answer.evidence import Evidence
from service.answer.surroundings import surroundings

# Characters on either side of a sentence that are looked at for the code that it introduces, or stands in.
_AROUND = 3_000
# Lines of a longer piece of code are quoted one by one.
_MOST_LINES = 40


def whole_code(index: Index, one: Evidence) -> Span | None:
    """Return the piece of code that a sentence introduces with a colon, or stands in: whole lines of its article.

    None where there is none, where it is too long to read, and where something in it is hidden from readers.
    """
    around = surroundings(index, one, _AROUND)
    if around is None:
        return None
    blocks, first = around.blocks, around.here
    if blocks[first].kind == "paragraph" and one.text.endswith(":"):
        first += 1
    if first == len(blocks) or blocks[first].kind != "code":
        return None
    last = first
    while not blocks[first].first and first > 0 and blocks[first - 1].kind == "code":
        first -= 1
    while last + 1 < len(blocks) and blocks[last + 1].kind == "code" and not blocks[last + 1].first:
        last += 1
    start, end = around.text.rfind("\n", 0, blocks[first].start) + 1, blocks[last].end
    hides = any(span.start < end and start < span.end for span in hidden_spans(around.text, around.format))
    if hides or around.text.count("\n", start, end) >= _MOST_LINES:
        return None
    return Span(around.start + start, around.start + end)


def code_text(words: str) -> str:
    """Return lines of code as people read them: without the white space that all of them begin with."""
    return dedent(words).rstrip()
