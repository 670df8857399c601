"""Finds the main text of a web page: trafilatura's result, completed from the page where something is missing.

Trafilatura is made for news articles. From other pages it omits lists, rows, boxes and short lines. So its result is compared
with the page, and if something is missing, the main part is extracted from the page itself.
"""

import re

from lxml.html import HtmlElement

from index.sources.html_coverage import IN_A_ROW, Lost, Page, compare, innermost, lost_in
from index.sources.html_markdown import is_data_table, markdown_of, tidy_markdown
from index.sources.html_tree import NAVIGATION, Block, amount, blocks_of, leads_elsewhere, remove, words_of

_CONTROLS = (
    "//select | //textarea | //input | //iframe | //svg | //script | //rp | //rt "  # rt: how a word is read aloud
    "| //button[not(ancestor::h1 or ancestor::h2 or ancestor::h3 or ancestor::h4 or ancestor::summary)]"
)
# Names of what surrounds a text, after Mozilla's Readability (https://github.com/mozilla/readability).
_SURROUNDING = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert\w*|banner|breadcrumbs?|comments?|consent|cookies?|disqus|footer|gdpr|menu|newsletter|"
    r"pager|pagination|popup|promo|related|replies|rss|shar(?:e|ing)|sidebar|social|sponsor\w*|subscribe|tags|widget)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_STRUCTURES = frozenset({"ul", "ol", "dl", "table", "tr", "td", "th", "li", "dt", "dd", "pre", "details", "summary"})
_SENTENCE_END = re.compile(r"""[.!?…。！？؟।]["'”’»)\]]*(?:\s|\Z)|[。！？।]""")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PICTURES = ("img", "picture", "video", "amp-img")
_ICON = re.compile(r"icon|emoji|smiley", re.IGNORECASE)
_ICON_PIXELS = 48
# A block with fewer words than this is not significant.
_FEW = 3
# Up to this share of a page's other text may be links, where all of the page is its text.
_FEW_LINKS = 0.1
# How many times as long as the main part an element may be that holds all that was kept.
_WIDEST = 3
# A warning is added if more than this share of the kept text was left out.
_MUCH = 0.3


def main_text(tree: HtmlElement, kept: str) -> tuple[str, tuple[str, ...]]:
    """Return the main text of a page as Markdown, and warnings of what was left out.

    `tree` is the page without what is hidden; it is changed. `kept` is what trafilatura made of it. The text is empty
    where the page has none.
    """
    kept = tidy_markdown(kept)
    plain = not tree.xpath("|".join(NAVIGATION))
    for element in tree.xpath("|".join(("|".join(NAVIGATION), _CONTROLS))):
        remove(element)
    body = tree.find("body")
    if body is None:
        return kept, ()
    page = compare(body, kept)
    kept_blocks = [page.blocks[number] for number in page.found]
    if not any(_is_sentence(block) or block.element.tag in {"td", "th"} for block in kept_blocks):
        return _all_text(body), ()
    return _completed(page, kept, plain)


def _completed(page: Page, kept: str, plain: bool) -> tuple[str, tuple[str, ...]]:
    inner = innermost(page)
    scope = _scope(inner, page, plain)
    if scope is None:
        return kept, _told(lost_in(page.body, page), page)
    near = set(inner.iter())
    missing: list[Lost] = []
    others: list[Lost] = []
    for lost in lost_in(scope, page):
        (missing if _belongs(lost, scope, lost.element in near, plain) else others).append(lost)
    warnings = _told(others, page)
    if not (_flattened(page, kept) or _has_structure(scope, page) or any(map(_counts, missing))):
        return kept, warnings
    for lost in others:
        remove(lost.element)
    return markdown_of(scope), warnings


def _scope(inner: HtmlElement, page: Page, plain: bool) -> HtmlElement | None:
    """Return the element that the page's author marked as main, or all of a page that has nothing but its text.

    None if the kept text is scattered over a page with much else.
    """
    around, whole = page.parts[inner], page.parts[page.body]
    if plain and whole.linked - around.linked <= _FEW_LINKS * (whole.characters - around.characters):
        return page.body
    marked = (e for e in (inner, *inner.iterancestors()) if e.tag in {"article", "main"} or e.get("role") == "main")
    scope = next(marked, inner)
    widened = _widened(scope, page)
    return widened if page.parts[widened].characters <= _WIDEST * page.parts[scope].characters else None


def _widened(scope: HtmlElement, page: Page) -> HtmlElement:
    """Return an element around the scope that holds all that was kept."""
    inside = set(scope.iter())
    kept = [page.blocks[number] for number in page.found]
    said = {block.words for block in kept if block.element in inside}
    for block in kept:
        if len(block.words) >= IN_A_ROW and block.words not in said and block.element not in inside:
            around = {block.element, *block.element.iterancestors()}
            scope = next(element for element in (scope, *scope.iterancestors()) if element in around)
    return scope


def _belongs(lost: Lost, scope: HtmlElement, near: bool, plain: bool) -> bool:
    """Return whether what was not kept is part of the main text, rather than of what surrounds it on the page."""
    if lost.loose:
        return True
    if lost.repeated or lost.element.tag in {"form", "footer"} or _named_surrounding(lost.element):
        return False
    within = any(above.tag in _STRUCTURES for above in lost.element.iterancestors() if above is not scope)
    if near and (within or lost.between) and lost.element.tag != "aside":
        return lost.linked <= 0.5 and not _leads_to_others(lost.element)
    return (
        lost.linked <= (1.0 if plain else 0.1) and _says_something(lost, scope) and not _leads_to_others(lost.element)
    )


def _named_surrounding(element: HtmlElement) -> bool:
    # A name may be given to the one element that fills another.
    first = next(element.iterdescendants("div", "section", "ul", "aside"), element)
    return any(_SURROUNDING.search(f"{part.get('class', '')} {part.get('id', '')}") for part in (element, first))


def _leads_to_others(element: HtmlElement) -> bool:
    """Return whether an element shows other articles: headings that are links, or a list of pictures with a word to each."""
    for heading in element.iter(*_HEADINGS):
        if any(map(leads_elsewhere, (*heading.iter("a"), *heading.iterancestors("a")))):
            return True
    items = list(element.iter("li"))
    others = next(element.iter("table", "dl", "pre", "details"), None)
    return bool(items) and others is None and all(map(_has_picture, items))


def _has_picture(element: HtmlElement) -> bool:
    return any(not _is_icon(picture) for picture in element.iter(*_PICTURES))


def _is_icon(picture: HtmlElement) -> bool:
    sizes = [re.match(r"\s*(\d{1,5})", picture.get(side, "")) for side in ("width", "height")]
    small = any(size and int(size[1]) <= _ICON_PIXELS for size in sizes)
    return small or bool(_ICON.search(f"{picture.get('class', '')} {picture.get('alt', '')}"))


def _says_something(lost: Lost, scope: HtmlElement) -> bool:
    """Return whether a part at the edge of the main text holds more than what pages set there: names, days, pictures."""
    above = (element for element in lost.element.iterancestors() if element is not scope)
    inside = lost.element.iterdescendants("div", "section", "ul", "ol", "aside", "p")
    if _has_picture(lost.element) or any(map(_named_surrounding, (*above, *inside))):
        return False
    items = [item for item in lost.element.iter("li", "dt", "dd") if amount(words_of(item.text_content())) >= _FEW]
    rows = any(map(is_data_table, lost.element.iter("table")))
    other = next(lost.element.iter("pre", *_HEADINGS), None) is not None
    return len(items) > 1 or rows or other or _has_sentence(lost)


def _has_sentence(lost: Lost) -> bool:
    return any(map(_is_sentence, lost.blocks))


def _is_sentence(block: Block) -> bool:
    return bool(_SENTENCE_END.search(block.text)) and amount(block.words) >= _FEW


def _counts(lost: Lost) -> bool:
    """Return whether a lost part is a reason to take the main text from the page: more than a caption or a name."""
    if lost.element.tag in _STRUCTURES or next(lost.element.iter(*_STRUCTURES), None) is not None:
        return True
    figures = (above for above in lost.element.iterancestors("figure"))
    caption = lost.element.tag == "figcaption" or any(map(_has_picture, (lost.element, *figures)))
    return not caption and _has_sentence(lost)


def _flattened(page: Page, kept: str) -> bool:
    """Return whether blocks have become one string of words: by trafilatura's last resort, or in a row of the layout."""
    blocks = [page.blocks[number] for number in page.found]
    long = [block for block in blocks if block.element.tag not in {"td", "th"} and len(block.words) >= IN_A_ROW]
    return 2 * sum(map(bool, kept.splitlines())) <= len(long)


def _has_structure(scope: HtmlElement, page: Page) -> bool:
    """Return whether what was kept holds rows, terms or folded parts, which trafilatura parts from what they belong to."""
    for part in scope.iter("table", "details", "dl", "pre", "ul", "ol"):
        if (part.tag not in {"ul", "ol"} or _is_nested(part)) and part in page.parts and page.parts[part].kept:
            return True
    return False


def _is_nested(listing: HtmlElement) -> bool:
    return next(listing.iterancestors("li"), None) is not None


def _told(others: list[Lost], page: Page) -> tuple[str, ...]:
    """Return a warning about text that was left out, if it is much and not a list of links."""
    texts = [lost for lost in others if lost.linked <= 0.1 and not lost.repeated and _has_sentence(lost)]
    words = sum(lost.words for lost in texts)
    if words <= _MUCH * sum(amount(page.blocks[number].words) for number in page.found):
        return ()
    first = texts[0].blocks[0].text
    return (f"about {words:,} words outside the main text were left out, the first: {first[:60]!r}",)


def _all_text(body: HtmlElement) -> str:
    """Return all that a page says where it has no article: a list of prices, a page of addresses; else an empty text."""
    for element in list(body.iterdescendants("aside", "form", "div", "section", "ul", "ol", "table")):
        links = sum(map(leads_elsewhere, element.iter("a")))
        blocks = blocks_of(element) if links > 1 or _named_surrounding(element) else []
        linked = all(block.linked > 0.5 for block in blocks)
        if blocks and (linked or element.tag in {"aside", "form"} or _named_surrounding(element)):
            remove(element)
    words = sum(amount(block.words) for block in blocks_of(body) if block.linked <= 0.5)
    return markdown_of(body) if words >= _FEW else ""
