"""Addresses that people outside Footnote can follow: an article's own, or that of its page here."""

from urllib.parse import quote, urlencode, urlsplit

from service.schemas.api import CitationWire, NearestPassageWire


def source_address(citation: CitationWire | NearestPassageWire, *, service: str) -> str:
    """Return where the source of a citation, or a passage, can be read: its own address, else its page at this service.

    `service` is the address under which people reach Footnote. Only http and https are addresses: an article may name
    any other, and a browser would run some of them.
    """
    return citation.url if citation.url and is_web_address(citation.url) else stretch_address(citation, service=service)


def stretch_address(citation: CitationWire | NearestPassageWire, *, service: str) -> str:
    """Return the address of the article's page at this service, at the stretch of that version where one is given."""
    place = {"version": citation.article_version, "start": citation.start, "end": citation.end}
    query = "" if citation.start is None else f"?{urlencode(place)}"
    return f"{service.rstrip('/')}/articles/{encoded_id(citation.article_id)}{query}"


def encoded_id(article_id: str) -> str:
    """Write an article's id into a path, as `web/links.js` does: slashes stay, unless a browser would tidy the path."""
    fragile = any(part in ("", ".", "..") for part in article_id.split("/"))
    return quote(article_id, safe="" if fragile else "/")


def is_web_address(address: str) -> bool:
    """Say whether a person may be sent to this address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isprintable() and " " not in address
