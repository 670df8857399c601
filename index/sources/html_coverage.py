"""Compares a web page with the text extracted from it: which blocks of the page were kept, and which were lost."""

from dataclasses import dataclass

from lxml.html import HtmlElement

from index.sources.html_tree import Block, amount, blocks_of, words_of

# Words that make a match: as many in a row as this, or all of a shorter block.
IN_A_ROW = 4
# The share of what was kept that the innermost element around it holds.
_MOST = 0.9


@dataclass(slots=True)
class Part:
    """How many characters an element holds, with all in it; how many of them in links, how many that were kept."""

    characters: int = 0
    linked: float = 0.0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page's blocks, the numbers of those that were kept, and what each element of its tree holds."""

    body: HtmlElement
    blocks: list[Block]
    found: frozenset[int]
    parts: dict[HtmlElement, Part]


@dataclass(frozen=True, slots=True)
class Lost:
    """An element without anything that was kept; or, where `loose`, blocks that stand by themselves in one that has such.

    `between` says whether something was kept before and behind it, `repeated` whether the page says it elsewhere, too.
    """

    element: HtmlElement
    blocks: tuple[Block, ...]
    linked: float
    loose: bool
    between: bool
    repeated: bool

    @property
    def words(self) -> int:
        return sum(amount(block.words) for block in self.blocks)


def compare(body: HtmlElement, kept: str) -> Page:
    """Compare a page with a text that was made of it."""
    blocks = blocks_of(body)
    words = words_of(kept)
    runs = {size: set(_runs(words, size)) for size in range(1, IN_A_ROW + 1)}
    found = set()
    for number, block in enumerate(blocks):
        wanted = _runs(block.words, size := min(IN_A_ROW, len(block.words)))
        if 4 * sum(run in runs[size] for run in wanted) >= 3 * len(wanted):
            found.add(number)
    return Page(body, blocks, frozenset(found), _parts(body, blocks, found))


def _runs(words: tuple[str, ...], size: int) -> list[tuple[str, ...]]:
    return [words[start : start + size] for start in range(len(words) - size + 1)]


def _parts(body: HtmlElement, blocks: list[Block], found: set[int]) -> dict[HtmlElement, Part]:
    parts = {body: Part()}
    for number, block in enumerate(blocks):
        size = len(block.text)
        _add(parts, block.element, Part(size, size * block.linked, size if number in found else 0))
    for element in reversed(list(body.iterdescendants())):
        if element in parts:
            _add(parts, element.getparent(), parts[element])
    return parts


def _add(parts: dict[HtmlElement, Part], element: HtmlElement, more: Part) -> None:
    part = parts.setdefault(element, Part())
    part.characters += more.characters
    part.linked += more.linked
    part.kept += more.kept


def innermost(page: Page) -> HtmlElement:
    """Return the innermost element that holds most of what was kept."""
    most, element = _MOST * page.parts[page.body].kept, page.body
    while inner := [child for child in element if child in page.parts and page.parts[child].kept >= most]:
        element = inner[0]
    return element


def lost_in(scope: HtmlElement, page: Page) -> list[Lost]:
    """Return what an element of the page shows that was not kept, in order."""
    tops = _tops(scope, page)
    groups: dict[HtmlElement, list[int]] = {}
    for number, block in enumerate(page.blocks):
        if number not in page.found and block.element in tops:
            groups.setdefault(tops[block.element], []).append(number)
    seen = {page.blocks[number].words for number in page.found}
    return [_lost(element, numbers, page, seen) for element, numbers in groups.items()]


def _tops(scope: HtmlElement, page: Page) -> dict[HtmlElement, HtmlElement]:
    """Return for each element of the scope the outermost one around it that has nothing that was kept, or itself."""
    tops = {scope: scope}
    for element in scope.iterdescendants():
        if element in page.parts:
            above = element.getparent()
            lost = above is not scope and above in page.parts and not page.parts[above].kept
            tops[element] = tops[above] if lost else element
    return tops


def _lost(element: HtmlElement, numbers: list[int], page: Page, seen: set[tuple[str, ...]]) -> Lost:
    blocks = tuple(page.blocks[number] for number in numbers)
    long = [block.words for block in blocks if len(block.words) >= IN_A_ROW]
    repeated = bool(long) and all(words in seen for words in long)
    seen.update(long)
    size = sum(len(block.text) for block in blocks)
    linked = sum(len(block.text) * block.linked for block in blocks) / size
    between = min(page.found) < numbers[0] < max(page.found)
    return Lost(element, blocks, linked, page.parts[element].kept > 0, between, repeated)
