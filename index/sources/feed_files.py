"""Reads feeds from files (RSS, RDF, Atom): each entry with a text is an article. Links are not fetched."""

import hashlib
from dataclasses import replace
from html import escape
from pathlib import Path

from lxml import etree

from index.errors import AccessUnclear, ArticleError
from index.sources.addresses import clean_address
from index.sources.apart import apart
from index.sources.articles import article_from
from index.sources.entries import name_of, read_entry
from index.sources.feeds import children_named, entries_of, feed_in, link_of, words_of
from index.sources.html import read_html
from index.sources.metadata import day_of, found_metadata
from index.sources.source_types import Extracted, Failed, Limits, Read, ReadResult, Skipped, Source, printable

FEED_ENDINGS = frozenset({".xml", ".rss", ".atom"})

_MOST_ENTRIES = 10_000
_NO_FEED = "is XML, and no feed (RSS, RDF or Atom): other XML is not read."
# Where the text of an entry stands: the whole of it, or else what it says of it.
_TEXTS = ("encoded", "content", "description", "summary")


def read_feed_file(file: Path, source: Source, limits: Limits) -> list[ReadResult]:
    """Read the entries of a feed, in the reading process. Raises ArticleError when that goes over a limit."""
    if file.stat().st_size > limits.file_bytes:
        raise ArticleError(
            f"is over the limit of {limits.file_bytes:,} bytes. Split it, or raise FOOTNOTE_MAX_FILE_BYTES."
        )
    raw = file.read_bytes()
    return apart(limits, len(raw), read_entries, raw, file, source, limits)


def read_entries(raw: bytes, file: Path, source: Source, limits: Limits) -> list[ReadResult]:
    """Return a reading of each entry of a feed, or of the file where it is none."""
    feed = feed_in(raw)
    if feed is None:
        return [Skipped(printable(file), _NO_FEED)]
    entries = list(entries_of(feed))
    readings = [
        _read_entry(entry, number, file, source, limits) for number, entry in enumerate(entries[:_MOST_ENTRIES], 1)
    ]
    if len(entries) > _MOST_ENTRIES:
        more = f"has {len(entries):,} entries; only the first {_MOST_ENTRIES:,} are read. Split it."
        readings.append(Failed(printable(file), printable(file), more))
    return readings or [Skipped(printable(file), "is a feed without entries.")]


def _read_entry(entry: etree._Element, number: int, file: Path, source: Source, limits: Limits) -> ReadResult:
    path = f"{printable(file)}#{number}"

    def read() -> ReadResult:
        default_id = f"{name_of(file, source)}#{_key(entry)}"
        extracted = _extracted(entry)
        article = article_from(extracted, default_id=default_id, path=path, limits=limits)
        return Read(article, source, extracted.warnings)

    return read_entry(read, path=path, file=file)


def _key(entry: etree._Element) -> str:
    """Return a key that identifies an entry in its feed, independent of its position."""
    identity = words_of(entry, "guid", "id") or link_of(entry) or words_of(entry, "title") or ""
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _extracted(entry: etree._Element) -> Extracted:
    if next(children_named(entry, "groups"), None) is not None:
        raise AccessUnclear("names groups, which a feed cannot. Write it as an article with front matter.")
    content = next(filter(None, (_content(entry, name) for name in _TEXTS)), None)
    if content is None:
        raise ArticleError("has no text of its own, only a link. Name the feed's address to have its pages fetched.")
    page = f"<!DOCTYPE html><html><head><meta charset=utf-8></head><body><article>{content}</article></body></html>"
    extracted = read_html(page.encode())
    metadata = found_metadata(
        title=words_of(entry, "title"),
        url=_address(entry),
        published=day_of(words_of(entry, "pubdate", "published", "date", "issued", "updated") or ""),
        authors=(words_of(entry, "creator", "author") or "").split(";"),
    )
    return replace(extracted, metadata=replace(metadata, groups=extracted.metadata.groups))


def _content(entry: etree._Element, name: str) -> str | None:
    """Return the HTML of the first of these children that holds words."""
    for child in children_named(entry, name):
        kind = (child.get("type") or "html").lower()
        if "xhtml" in kind:
            return "".join(etree.tostring(part, encoding="unicode", method="html") for part in child)
        words = "".join(child.itertext())
        if words.strip():
            return f"<p>{escape(words)}</p>" if kind in ("text", "text/plain") or "<" not in words else words
    return None


def _address(entry: etree._Element) -> str | None:
    try:
        return clean_address(link_of(entry) or "")
    except (ArticleError, ValueError):
        return None
