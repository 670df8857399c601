"""Works on the element tree of a web page: removes what is not shown, and splits it into blocks of text."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement, document_fromstring

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table tbody td "
    "tfoot th thead tr ul".split()
)
_STYLE = "translate(@style, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ \t\n\r', 'abcdefghijklmnopqrstuvwxyz')"
# A short noscript is a notice or a picture; a long one is the text that a script would show.
# Not by aria-hidden, which hides from screen readers alone; `until-found` is text that people get at by searching.
_NOT_SHOWN = (
    "//comment() | //processing-instruction() | //style | //template | //noscript[string-length(normalize-space(.)) < 200] "
    "| //datalist | //canvas | //object "
    "| //audio | //video | //script[not(@type='application/ld+json')] | //dialog[not(@open)] "
    "| //*[@hidden and not(translate(@hidden, 'UNTILFOD', 'untilfod') = 'until-found')] "
    # A page's whole body may be hidden until a script has run.
    f"| //*[not(self::body or self::html)][contains({_STYLE}, 'display:none') or contains({_STYLE}, 'visibility:hidden') "
    f"or contains({_STYLE}, 'visibility:collapse')]"
)
# Where an article is short, trafilatura falls back on all words of the page: menus must be gone by then.
NAVIGATION = ("//nav", "//*[@role='navigation']", "//footer[not(ancestor::article)]")
_SIGNS = (
    "//*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6]//a[@href] "
    "| //*[contains(concat(' ', @class, ' '), ' mw-editsection ')]"
)
_TITLES = frozenset({"title", "MsoTitle"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Block:
    """The text that stands directly in a block of a page. `linked` is the share of it that leads elsewhere."""

    element: HtmlElement
    text: str
    words: tuple[str, ...]
    linked: float


def remove_hidden(tree: HtmlElement) -> None:
    """Remove from a page, in place, what browsers do not show."""
    for element in tree.xpath(_NOT_SHOWN):
        remove(element)


def mend_headings(tree: HtmlElement) -> None:
    """Make the title of a page a heading, in place, and remove the signs beside headings that lead to them or edit them."""
    for sign in tree.xpath(_SIGNS):
        if sign.tag != "a" or not words_of(sign.text_content()):
            remove(sign)
    first = next((part for part in tree.iter("p") if part.text_content().strip()), None)
    # As Google Docs and Word export it.
    if first is not None and not _TITLES.isdisjoint(first.get("class", "").split()):
        first.tag = "h1"


@lru_cache(1_000)
def is_unseen(tag: str) -> bool:
    """Return whether browsers show nothing of what stands in an element with this opening tag."""
    tree = document_fromstring(f"<body>.{tag}x")
    remove_hidden(tree)
    return "x" not in tree.text_content()


def remove(element: HtmlElement) -> None:
    """Remove an element from its tree, in place. The text after it stays."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, for comparing."""
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def amount(words: tuple[str, ...]) -> int:
    """Return about how many words these are, also for scripts without spaces between them."""
    return sum(1 if word.isascii() else max(1, len(word) // 3) for word in words)


def blocks_of(root: HtmlElement) -> list[Block]:
    """Return the blocks of a tree that hold words, in order."""
    walk = _Walk(root)
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            walk.enter(element)
        else:
            walk.leave(element, root)
    walk.finish_block()
    return walk.blocks


class _Walk:
    """A walk through a tree in the order of its text, which gathers a block at a time."""

    def __init__(self, root: HtmlElement) -> None:
        self.blocks: list[Block] = []
        self._open = [root]
        self._pieces: list[str] = []
        self._linked = 0
        self._links = 0

    def enter(self, element: HtmlElement) -> None:
        if element.tag in _BLOCKS:
            self.finish_block()
            self._open.append(element)
        self._links += leads_elsewhere(element)
        self._add("\n" if element.tag == "br" else element.text)

    def leave(self, element: HtmlElement, root: HtmlElement) -> None:
        self._links -= leads_elsewhere(element)
        if element.tag in _BLOCKS:
            self.finish_block()
            self._open.pop()
        if element is not root:
            self._add(element.tail)

    def finish_block(self) -> None:
        text = " ".join("".join(self._pieces).split())
        if words := words_of(text):
            share = min(1.0, self._linked / sum(len(piece.strip()) for piece in self._pieces))
            self.blocks.append(Block(self._open[-1], text, words, share))
        self._pieces, self._linked = [], 0

    def _add(self, text: str | None) -> None:
        if text:
            self._pieces.append(text)
            self._linked += len(text.strip()) if self._links else 0


def leads_elsewhere(element: HtmlElement) -> bool:
    """Return whether an element is a link to another page, rather than to a place on this one, a mailbox or a telephone."""
    where = element.get("href", "").strip().lower() if element.tag == "a" else ""
    return bool(where) and not where.startswith(("#", "mailto:", "tel:"))
