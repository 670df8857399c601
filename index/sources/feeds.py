"""Parses feeds (RSS, RDF, Atom) and sitemaps: the pages that they list, with their metadata."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin

from lxml import etree

from index.errors import ArticleError
from index.sources.addresses import clean_address
from index.sources.metadata import day_of

_FEEDS = {"rss", "rdf", "feed"}
_ROOTS = {*_FEEDS, "urlset", "sitemapindex"}
# As many as one sitemap may list (https://www.sitemaps.org/protocol.html).
_MOST_LINKS = 50_000
_MOST_BAD = 20
_PACKED = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page in a feed or sitemap, with the metadata given there, which is used if the page itself has none."""

    address: str
    title: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The contents of a feed or sitemap: pages, and further sitemaps. `bad` are invalid links, with the reason.

    Of links that lead nowhere only the first are there; `more_bad` counts the others, `unread` the links past the limit.
    """

    pages: tuple[Listed, ...] = ()
    sitemaps: tuple[str, ...] = ()
    bad: tuple[tuple[str, str], ...] = ()
    more_bad: int = 0
    unread: int = 0


def may_list(content: bytes) -> bool:
    """Return whether this may be a feed or sitemap, or a compressed one."""
    return content.startswith(_PACKED) or _names_a_root(content)


def _names_a_root(content: bytes) -> bool:
    head = content[:2_000].lower()
    return any(b"<" + name.encode() in head or b":" + name.encode() in head for name in _ROOTS)


def listing_in(content: bytes, address: str, *, max_bytes: int) -> Listing | None:
    """Return what a feed or sitemap found at an address lists, or None if it is neither.

    Raises ArticleError if it is compressed (`.xml.gz`) and longer than `max_bytes` once unpacked.
    """
    content = _unpacked(content, max_bytes) if content.startswith(_PACKED) else content
    root = _root_of(content)
    if root is None:
        return None
    kind = _name(root)
    if kind == "sitemapindex":
        found = [(link, Listed(link)) for link in _locations(root, "sitemap")]
        return _checked(found, address, are_sitemaps=True)
    if kind == "urlset":
        return _checked([(link, Listed(link)) for link in _locations(root, "url")], address)
    return _checked([(listed.address, listed) for listed in _listed(root)], address)


def feed_in(content: bytes) -> etree._Element | None:
    """Return a feed (RSS, RDF, Atom), or None where this is none."""
    root = _root_of(content)
    return root if root is not None and _name(root) in _FEEDS else None


def entries_of(feed: etree._Element) -> Iterator[etree._Element]:
    """Yield the entries of a feed, in order."""
    return (element for element in feed.iter() if _name(element) in {"item", "entry"})


def _root_of(content: bytes) -> etree._Element | None:
    if not _names_a_root(content):
        return None
    # No entity is expanded and nothing is fetched: a feed's words are data. Feeds are often a little broken.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return None
    return root if root is not None and _name(root) in _ROOTS else None


def _unpacked(content: bytes, max_bytes: int) -> bytes:
    packed = zlib.decompressobj(wbits=31)
    try:
        plain = packed.decompress(content, max_bytes)
    except zlib.error:
        raise ArticleError("is compressed, and cannot be decompressed.") from None
    if packed.unconsumed_tail:
        raise ArticleError(f"is longer than {max_bytes:,} bytes once unpacked. Raise FOOTNOTE_FETCH_MAX_BYTES.")
    return plain


def _checked(found: list[tuple[str, Listed]], base: str, *, are_sitemaps: bool = False) -> Listing:
    good: dict[str, Listed] = {}
    bad: list[tuple[str, str]] = []
    for link, listed in found[:_MOST_LINKS]:
        try:
            cleaned = clean_address(urljoin(base, link))
            good.setdefault(cleaned, Listed(cleaned, listed.title, listed.published))
        except (ArticleError, ValueError) as error:
            bad.append((link[:200], str(error)[:300]))
    pages, sitemaps = ((), tuple(good)) if are_sitemaps else (tuple(good.values()), ())
    unread = max(len(found) - _MOST_LINKS, 0)
    return Listing(pages, sitemaps, tuple(bad[:_MOST_BAD]), max(len(bad) - _MOST_BAD, 0), unread)


def _locations(root: etree._Element, name: str) -> Iterator[str]:
    for entry in children_named(root, name):
        if link := words_of(entry, "loc"):
            yield link


def _listed(root: etree._Element) -> Iterator[Listed]:
    for entry in entries_of(root):
        if link := link_of(entry):
            said = words_of(entry, "pubdate", "published", "date", "issued", "updated")
            yield Listed(link, words_of(entry, "title"), day_of(said or ""))


def link_of(entry: etree._Element) -> str | None:
    """Return the address of an entry's page: Atom's alternate link, RSS's link, or its identifier where that is one."""
    for link in children_named(entry, "link"):
        if (href := link.get("href")) and link.get("rel", "alternate") == "alternate":
            return str(href).strip()
    if words := words_of(entry, "link"):
        return words
    identifier = next(iter(children_named(entry, "guid")), None)
    permanent = identifier is not None and identifier.get("isPermaLink", "true").lower() == "true"
    return words_of(entry, "guid") if permanent else None


def words_of(entry: etree._Element, *names: str) -> str | None:
    """Return the words of the first of these children that has some."""
    for name in names:
        for child in children_named(entry, name):
            if words := " ".join("".join(child.itertext()).split()):
                return words
    return None


def children_named(entry: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the children with this name, in any namespace. Names are in lower case."""
    return (child for child in entry if _name(child) == name)


def _name(element: etree._Element) -> str:
    # Feeds use prefixes that they do not declare; the parser then leaves them in front of the name.
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(element.tag, str) else ""
