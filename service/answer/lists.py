"""Lists that answer are quoted whole: their items in the order of the text, with the line that introduces them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.ingest.blocks import Block
from index.ingest.hidden import may_hide
from index.ingest.segmentation import display_text
from index.records import Span, TextFormat
from index.stores.store import Index
from service.answer.evidence import Evidence
from service.answer.surroundings import Surroundings, surroundings

# Characters on either side of a sentence that are looked at for the list that it introduces, or stands in.
_AROUND = 3_000
# A longer list is no answer that people read.
_MOST_ITEMS = 20
_NUMBER = re.compile(r"\d{1,9}[.)](?=[ \t]+\Z)")


@dataclass(frozen=True, slots=True)
class WholeList:
    """A list as a stretch of its article, and each of its lines with the mark before it: "-", "2.", or none where it is not
    an item but introduces the list."""

    span: Span
    lines: tuple[Span, ...]
    marks: tuple[str, ...]


def whole_list(index: Index, one: Evidence) -> WholeList | None:
    """Return the list that a sentence introduces with a colon, or stands in.

    None where there is none, where it is too long to read, and where something in it may be hidden from readers.
    """
    around = surroundings(index, one, _AROUND)
    lines = _lines(around.blocks, around.here, one) if around else ()
    if around is None or not 1 < len(lines) <= _MOST_ITEMS or may_hide(around.text[lines[0].start : lines[-1].end]):
        return None
    spans = tuple(around.span(line, line) for line in lines)
    return WholeList(around.span(lines[0], lines[-1]), spans, tuple(_marks(around, lines)))


def _lines(blocks: Sequence[Block], here: int, one: Evidence) -> Sequence[Block]:
    """Return the blocks of a list, with the paragraph before it where that ends with a colon."""
    introduces = blocks[here].kind == "paragraph" and one.text.endswith(":")
    first = last = here + 1 if introduces else here
    if last == len(blocks) or blocks[first].kind != "item":
        return ()
    while first > 0 and blocks[first - 1].kind == "item" and not blocks[first].first:
        first -= 1
    while last + 1 < len(blocks) and blocks[last + 1].kind == "item":
        last += 1
    before = blocks[first - 1] if first else None
    introduced = introduces or (before is not None and before.end in _introductions(blocks[first]))
    return blocks[first - introduced : last + 1]


def _introductions(block: Block) -> frozenset[int]:
    return frozenset(span.end for span in block.above.introductions)


def _marks(around: Surroundings, lines: Sequence[Block]) -> Iterator[str]:
    """Yield the mark before each line. Numbers are counted on from the first of their level, as Markdown does: "1. 1. 1." """
    counted: dict[int, int] = {}
    for line in lines:
        before = around.text[around.text.rfind("\n", 0, line.start) + 1 : line.start]
        indent = len(before) - len(before.lstrip())
        counted = {level: count for level, count in counted.items() if level <= indent}
        number = _NUMBER.search(before) if line.kind == "item" else None
        if number is None:
            yield "-" if line.kind == "item" else ""
            continue
        counted[indent] = counted[indent] + 1 if indent in counted else int(number[0][:-1])
        yield f"{counted[indent]}{number[0][-1]}"


def list_text(words: str, whole: WholeList, format: TextFormat) -> str:
    """Return a list as people read it: the line that introduces it, then each item on a line of its own.

    `words` is the stretch of the list.
    """
    at = whole.span.start
    shown = [display_text(words[line.start - at : line.end - at], format) for line in whole.lines]
    return "\n".join(f"{mark} {line}".strip() for mark, line in zip(whole.marks, shown, strict=True) if line)
