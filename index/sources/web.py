"""Reads articles from a web address: one page, or all pages of a feed or sitemap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import sample

from index.errors import AccessUnclear, ArticleError
from index.sources.addresses import path_of
from index.sources.apart import apart
from index.sources.articles import article_from
from index.sources.extraction import extract_apart
from index.sources.feeds import Listed, Listing, listing_in, may_list
from index.sources.fetching import Fetched, Fetcher, PageGone
from index.sources.source_types import Extracted, Failed, Gone, Limits, Read, ReadResult, Skipped, WebSource, Withdrawn
from index.sources.taking import TAKES_ALL, Taking

# Sitemaps that list sitemaps go no deeper than this.
_DEPTH = 2
# Media types by the ending that a file of theirs has.
_ENDINGS = {
    "": ".html",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


@dataclass(slots=True)
class _Visit:
    """One source being read. `visited` holds the addresses that were asked for, by this or an earlier source."""

    source: WebSource
    fetcher: Fetcher
    limits: Limits
    visited: set[str] = field(default_factory=set)
    taking: Taking = TAKES_ALL
    pages: int = 0
    sitemaps: int = 0


def read_address(
    source: WebSource,
    fetcher: Fetcher,
    *,
    limits: Limits,
    known: Sequence[Listed] = (),
    visited: set[str],
    taking: Taking = TAKES_ALL,
) -> Iterator[ReadResult]:
    """Read what an address leads to: its page, or the pages of a feed or sitemap.

    `known` are pages that came from this source before: those that it lists no longer are asked for again, so that what
    is gone is told from what only rolled out of a feed. Where they are more than a run may fetch, chance picks some, so
    that each has its turn. `visited` is added to, and nothing in it is asked for twice. Of the pages that are listed,
    only those are fetched that are taken.
    """
    visit = _Visit(source, fetcher, limits, visited, taking)
    yield from _read_named(visit, Listed(source.address), depth=0)
    unlisted = [listed for listed in known if listed.address not in visited]
    for listed in sample(unlisted, min(len(unlisted), fetcher.politeness.max_pages)):
        yield from _read_page(visit, listed)


def _read_named(visit: _Visit, listed: Listed, depth: int) -> Iterator[ReadResult]:
    """Read an address that may be a page, a feed or a sitemap."""
    address = listed.address
    if address in visit.visited:
        return
    visit.visited.add(address)
    try:
        fetched = visit.fetcher.fetch(address)
        listing = _listing(visit, fetched)
    except PageGone as error:
        yield Gone(address, str(error))
    except ArticleError as error:
        yield Failed(address, address, str(error))
    else:
        if listing is None:
            yield from _page(visit, listed, fetched)
        else:
            yield from _read_listing(visit, listing, address, depth)


def _read_listing(visit: _Visit, listing: Listing, address: str, depth: int) -> Iterator[ReadResult]:
    yield from _bad_links(listing, address)
    most = visit.fetcher.politeness.max_pages
    for sitemap in listing.sitemaps:
        visit.sitemaps += 1
        if depth >= _DEPTH:
            yield Failed(sitemap, sitemap, f"is a sitemap more than {_DEPTH} levels below the one named. Name it.")
        elif visit.sitemaps > most:
            yield Failed(address, address, f"leads to more than {most:,} sitemaps. Raise FOOTNOTE_FETCH_MAX_PAGES.")
            return
        else:
            yield from _read_named(visit, Listed(sitemap), depth + 1)
    for listed in listing.pages:
        if visit.pages >= most:
            what = f"lists {len(listing.pages):,} pages; only {visit.pages:,} were read"
            yield Failed(address, address, f"{what}. Raise FOOTNOTE_FETCH_MAX_PAGES.")
            return
        yield from _read_page(visit, listed)


def _bad_links(listing: Listing, address: str) -> Iterator[Failed]:
    for link, error in listing.bad:
        yield Failed(link, address, f"(listed in {address}) {error}")
    if listing.more_bad:
        yield Failed(address, address, f"lists {listing.more_bad:,} more links that are not valid addresses.")
    if listing.unread:
        yield Failed(address, address, f"lists {listing.unread:,} links more than are read. Split it.")


def _listing(visit: _Visit, fetched: Fetched) -> Listing | None:
    content, most = fetched.content, visit.fetcher.politeness.max_bytes
    if not may_list(content):
        return None
    return apart(visit.limits, len(content), listing_in, content, fetched.address, max_bytes=most)


def _read_page(visit: _Visit, listed: Listed) -> Iterator[ReadResult]:
    address = listed.address
    if address in visit.visited or not visit.taking.takes(path_of(address)):
        return
    visit.visited.add(address)
    visit.pages += 1
    try:
        yield from _page(visit, listed, visit.fetcher.fetch(address))
    except PageGone as error:
        yield Gone(address, str(error))
    except ArticleError as error:
        yield Failed(address, address, str(error))


def _page(visit: _Visit, listed: Listed, fetched: Fetched) -> Iterator[ReadResult]:
    """Yield the article of a page. What it says of itself counts more than what a feed says of it."""
    ending = _ENDINGS.get(fetched.type)
    if ending is None:
        yield Skipped(listed.address, f"is {fetched.type[:80]}, a type that is not read.")
        return
    try:
        extracted = yield from extract_apart(
            fetched.content, ending, path=listed.address, limits=visit.limits, charset=fetched.charset
        )
        if isinstance(extracted, str):
            yield Skipped(listed.address, extracted)
            return
        if why := extracted.metadata.unpublished:
            yield Withdrawn(listed.address, listed.address, listed.address, f"is skipped: {why}.")
            return
        article = article_from(
            _of_page(extracted, listed, fetched), default_id=listed.address, path=listed.address, limits=visit.limits
        )
        yield Read(article, visit.source, extracted.warnings)
    except ArticleError as error:
        yield Failed(listed.address, listed.address, str(error), isinstance(error, AccessUnclear))


def _of_page(extracted: Extracted, listed: Listed, fetched: Fetched) -> Extracted:
    said = extracted.metadata
    metadata = replace(
        said,
        # The address is the id of a page, even if the page states another.
        id=None,
        url=fetched.address,
        title=said.title or listed.title,
        published=said.published or listed.published,
    )
    return replace(extracted, metadata=metadata)
