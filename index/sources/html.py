"""Reads web pages with trafilatura: the main text without menus and adverts, and the page's metadata.

A. Barbaresi, "Trafilatura: A Web Scraping Library and Command-Line Tool for Text Discovery and Extraction", ACL 2021.
"""

import codecs
import dataclasses
import logging
import re
from copy import deepcopy
from dataclasses import replace
from datetime import date
from types import ModuleType

from lxml.etree import ParserError
from lxml.html import Element, HtmlElement, document_fromstring

from index.errors import AccessUnclear, ArticleError
from index.sources.frontmatter import front_matter_of
from index.sources.html_tree import NAVIGATION, mend_headings, remove_hidden
from index.sources.meta_groups import groups_in_page
from index.sources.metadata import Metadata, day_of, found_metadata, likely_day, read_metadata
from index.sources.plain import normalise_line_ends
from index.sources.source_types import Extracted

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*+=\s*+(?:["']\s*+)?([A-Za-z0-9_:.-]+)""", re.IGNORECASE
)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LANGUAGE = re.compile(
    r"""<html\b[^>]{0,500}?\s(?:xml:)?lang\s*=\s*["']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)""", re.IGNORECASE
)
# Browsers read these as Windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels).
_WINDOWS = {"iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"}
# Soft hyphens and characters without width, which would split words.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_NO_TEXT = "has no main text: only menus, or a script that would write it. Save the article as text."
_LIBRARIES = ("trafilatura", "htmldate", "courlan", "justext", "readability")


def read_html(raw: bytes, *, charset: str | None = None, url: str | None = None) -> Extracted:
    """Read a web page. `charset` is what the server said, `url` where the page was found.

    Raises ArticleError when the page cannot be decoded or has no main text.
    """
    # Site generators read front matter from pages, too.
    fields, page = front_matter_of(decode_html(raw, charset))
    stated = read_metadata(fields)
    try:
        tree = document_fromstring(_INVISIBLE.sub("", page))
    except ParserError:
        raise ArticleError(_NO_TEXT) from None
    groups = groups_in_page(tree)
    if groups is not None and stated.groups is not None:
        raise AccessUnclear("names groups in its front matter and in a <meta>. Keep one of them.")
    remove_hidden(tree)
    mend_headings(tree)
    metadata = _metadata(tree, page, url)
    text, warnings = _main_text(tree)
    if not text:
        raise ArticleError(_NO_TEXT)
    metadata = _with_stated(replace(metadata, groups=groups), stated)
    return Extracted(text, "markdown", metadata, warnings=(*warnings, *metadata.warnings))


def _with_stated(found: Metadata, stated: Metadata) -> Metadata:
    """Return what was found in a page, with what its front matter states in place of it."""
    given = {field.name: getattr(stated, field.name) for field in dataclasses.fields(stated)}
    return replace(found, **{name: value for name, value in given.items() if value not in (None, (), False)})


def decode_html(raw: bytes, charset: str | None = None) -> str:
    """Return a page as text: by its byte-order mark, what the server said, what the page declares, or else UTF-8."""
    declared = _DECLARED.search(raw[:4096])
    mark = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    for name in (mark, charset, declared[1].decode("ascii") if declared else None, "utf-8"):
        if name and (page := _decoded(raw, name)) is not None:
            return _XML_DECLARATION.sub("", normalise_line_ends(page)).replace("\0", "")
    from charset_normalizer import from_bytes

    guess = from_bytes(raw).best()
    if guess is None:
        raise ArticleError("is in an unknown encoding. Save it again as UTF-8.")
    return _XML_DECLARATION.sub("", normalise_line_ends(str(guess))).replace("\0", "")


def _decoded(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode("cp1252" if name.lower() in _WINDOWS else name)
    except (UnicodeError, LookupError):  # `undefined` is a codec, too
        return None


def _main_text(tree: HtmlElement) -> tuple[str, tuple[str, ...]]:
    from index.sources.html_main import main_text  # also loads libraries

    return main_text(tree, _kept_text(tree))


def _kept_text(tree: HtmlElement) -> str:
    """Return what trafilatura considers the main text, as Markdown: headings and lists stay, and links are words."""
    trafilatura = _quietly_imported()
    try:
        return (
            trafilatura.extract(
                tree,
                output_format="markdown",
                include_comments=False,
                include_formatting=True,
                prune_xpath=list(NAVIGATION),
            )
            or ""
        )
    except Exception as error:
        raise ArticleError(f"cannot be parsed ({type(error).__name__}). Save the article as text.") from error


def _metadata(tree: HtmlElement, page: str, url: str | None) -> Metadata:
    trafilatura = _quietly_imported()
    try:
        found = trafilatura.extract_metadata(tree, default_url=url, extensive=False)
        published = _stated_day(tree)
    except Exception:  # noqa: BLE001 - a page whose head cannot be read still has its text
        return found_metadata(url=url)
    language = found.language or next((match[1] for match in _LANGUAGE.finditer(page[:10_000])), None)
    return found_metadata(
        title=found.title,
        url=url or found.url,
        publisher=found.sitename,
        published=published,
        authors=(found.author or "").split(";"),
        language=language,
    )


def _stated_day(tree: HtmlElement) -> date | None:
    """Return the day that a page states: in its head, its linked data, or as the first time on it.

    Elsewhere a date may refer to anything, and a wrong one is worse than none.
    """
    from htmldate import find_date

    times = tree.xpath("//time[not(ancestor::aside or ancestor::nav or ancestor::footer)]")[:1]
    stated = tree.xpath("//script[@type='application/ld+json'] | //*[@itemprop='datePublished']") + times
    page, body = Element("html"), Element("body")
    page.extend([*map(deepcopy, tree.xpath("//head")), body])
    body.extend(map(deepcopy, stated))
    found = find_date(page, extensive_search=False, original_date=True, deferred_url_extractor=False)
    return likely_day(day_of(found or ""), today=date.today())


def _quietly_imported() -> ModuleType:
    import trafilatura  # takes half a second, and most folders contain no pages

    for library in _LIBRARIES:
        # They log what they do not find in a page; what matters is reported in our own warnings.
        logging.getLogger(library).setLevel(logging.CRITICAL)
    return trafilatura
