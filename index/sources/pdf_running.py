"""Removes running heads and feet of a PDF: lines that are the same on most pages, except for the page number."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from index.sources.pdf_layout import Line

# Lines at the head and foot of a page among which a running line is looked for.
_EDGE = 3
# On fewer pages a repeated line is no evidence.
_FEWEST_PAGES = 3
# Points by which a repeated line may be displaced.
_NEAR = 4.0
_NUMBERED = r"(?:page|pages|p|pg|seite|s|página|pagina|pág|pag|side|sida|strona|str|sivu|oldal|blad|lk|стр|страница)"
_OF = r"(?:\s*(?:of|/|von|de|sur|van|di|z|av|из)\s*\d{1,4}\b)?"
_LABEL = re.compile(rf"\b{_NUMBERED}\b\.?\s*(?:\d{{1,4}}|[ivxlc]{{1,7}})\b{_OF}", re.IGNORECASE)
_BARE = re.compile(rf"[\W_]*(\d{{1,4}}){_OF}[\W_]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    """A line at the edge of a page, what it says without the page number, and that number less the page's own."""

    page: int
    line: Line
    key: tuple[str, ...]
    offset: int | None


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Leave running lines out. One that says more than a page number is kept once, before the text of its first page."""
    dropped: set[tuple[int, int]] = set()
    kept: dict[int, list[Line]] = defaultdict(list)
    for places in _same(place for page, lines in enumerate(pages) for place in _edge_places(page, lines)):
        if any(map(_says_something, places[0].key)) and (places[0].page, id(places[0].line)) not in dropped:
            kept[places[0].page].append(places[0].line)
        dropped.update((place.page, id(place.line)) for place in places)
    return [
        [*_by_themselves(kept[page]), *(line for line in lines if (page, id(line)) not in dropped)]
        for page, lines in enumerate(pages)
    ]


def _by_themselves(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield running lines as they stand before the text of a page: none goes on in another."""
    ordered = sorted(lines, key=lambda line: line.top)
    yield from (replace(line, is_row=True, block=-number) for number, line in enumerate(ordered, start=1))


def _edge_places(page: int, lines: Sequence[Line]) -> Iterator[_Place]:
    """Yield the lines at head and foot that stand apart from the text. A row of a table never does."""
    down = sorted((line for line in lines if line.is_upright), key=lambda line: (line.top, line.left))
    for ordered in (down, down[::-1]):
        for line in _apart(ordered):
            key, offset = _key(line, page)
            yield _Place(page, line, key, offset)


def _apart(ordered: Sequence[Line]) -> Sequence[Line]:
    """Return the first of these lines up to an empty space that is taller than between lines of text.

    There are none where little else is on the page.
    """
    for at in range(1, min(_EDGE, len(ordered) // 3) + 1):
        one, other = ordered[at - 1], ordered[at]
        space = max(one.top, other.top) - min(one.bottom, other.bottom)
        if one.is_row:
            return ()
        if space > 0.6 * min(one.size, other.size):
            return ordered[:at]
    return ()


def _key(line: Line, page: int) -> tuple[tuple[str, ...], int | None]:
    if found := _LABEL.search(line.text):
        return (line.text[: found.start()].strip(), line.text[found.end() :].strip()), None
    for at in {0, len(line.cells) - 1}:
        if found := _BARE.fullmatch(line.cells[at]):
            return line.cells[:at] + line.cells[at + 1 :], int(found[1]) - page
    return line.cells, None


def _same(places: Iterable[_Place]) -> Iterator[list[_Place]]:
    """Yield the places of each line that is on most pages, or on most of the even or the odd ones."""
    groups: dict[tuple[tuple[str, ...], int | None, int], list[_Place]] = defaultdict(list)
    pages = Counter[int]()
    seen: set[int] = set()
    for place in places:
        groups[place.key, place.offset, 0].append(place)
        groups[place.key, place.offset, 1 + place.page % 2].append(place)
        if place.page not in seen:
            seen.add(place.page)
            pages.update((0, 1 + place.page % 2))
    for (_, _, which), group in groups.items():
        middle = median(place.line.top for place in group)
        near = [place for place in group if abs(place.line.top - middle) <= _NEAR]
        found = len({place.page for place in near})
        if found >= _FEWEST_PAGES and found > pages[which] / 2:
            yield near


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)
