"""Web pages: the main text without menus and adverts, and what the page says of itself, by trafilatura.

A. Barbaresi, "Trafilatura: A Web Scraping Library and Command-Line Tool for Text Discovery and Extraction", ACL 2021.
"""

import codecs
import logging
import re
from dataclasses import replace
from datetime import date
from types import ModuleType

from lxml.html import document_fromstring

from index.errors import ArticleError
from index.segmentation import split_sentences
from index.sources.meta_groups import groups_in_page
from index.sources.metadata import Metadata, day_of, found_metadata, likely_day
from index.sources.plain import normalise_line_ends
from index.sources.records import Extracted

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE
)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LANGUAGE = re.compile(
    r"""<html\b[^>]{0,500}?\s(?:xml:)?lang\s*=\s*["']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)""", re.IGNORECASE
)
# Browsers read these as Windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels).
_WINDOWS = {"iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"}
# Where an article is short, the library falls back on all words of the page: menus must be gone by then.
_NO_TEXT = ["//nav", "//*[@role='navigation']", "//footer[not(ancestor::article)]"]
_LIBRARIES = ("trafilatura", "htmldate", "courlan", "justext", "readability")


def read_html(raw: bytes, *, charset: str | None = None, url: str | None = None) -> Extracted:
    """Read a web page. `charset` is what the server said, `url` where the page was found.

    Raises ArticleError when the page cannot be decoded or has no main text.
    """
    page = decode_html(raw, charset)
    text = _main_text(page)
    if not _says_something(text):
        raise ArticleError("has no main text: only menus, or a script that would write it. Save the article as text.")
    return Extracted(text, "markdown", replace(_metadata(page, url), groups=groups_in_page(page)))


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
        raise ArticleError("is in no encoding that could be told. Save it again as UTF-8.")
    return _XML_DECLARATION.sub("", normalise_line_ends(str(guess))).replace("\0", "")


def _decoded(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode("cp1252" if name.lower() in _WINDOWS else name)
    except (UnicodeError, LookupError):  # `undefined` is a codec, too
        return None


def _main_text(page: str) -> str:
    """Return the main text as Markdown: headings, lists and tables stay, and links are words."""
    trafilatura = _quietly_imported()
    try:
        text = trafilatura.extract(
            page, output_format="markdown", include_comments=False, include_formatting=True, prune_xpath=_NO_TEXT
        )
    except Exception as error:
        raise ArticleError(f"cannot be taken apart ({type(error).__name__}). Save the article as text.") from error
    lines = (line.rstrip() for line in (text or "").splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _metadata(page: str, url: str | None) -> Metadata:
    trafilatura = _quietly_imported()
    try:
        found = trafilatura.extract_metadata(page, default_url=url, extensive=False)
        published = _stated_day(page)
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


def _stated_day(page: str) -> date | None:
    """Return the day that a page states: in its head, its linked data, or as the first time on it.

    Anywhere else a date may be of anything, and a wrong one is worse than none.
    """
    from htmldate import find_date

    tree = document_fromstring(page)
    times = tree.xpath("//time[not(ancestor::aside or ancestor::nav or ancestor::footer)]")[:1]
    stated = tree.xpath("//script[@type='application/ld+json'] | //*[@itemprop='datePublished']") + times
    for body in tree.xpath("//body"):
        body[:] = stated
    found = find_date(tree, extensive_search=False, original_date=True, deferred_url_extractor=False)
    return likely_day(day_of(found or ""), today=date.today())


def _says_something(text: str) -> bool:
    """Say whether a text holds a sentence or a table, rather than the words of menus and buttons alone."""
    rows = any(line.startswith("|") for line in text.splitlines())
    return rows or any(span.kind == "sentence" for span in split_sentences(text, "markdown"))


def _quietly_imported() -> ModuleType:
    import trafilatura  # takes half a second, and most folders hold no pages

    for library in _LIBRARIES:
        # They log what they could not find in a page; what matters of it is told in our own words.
        logging.getLogger(library).setLevel(logging.CRITICAL)
    return trafilatura
