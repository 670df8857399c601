"""Links to sources for people outside Footnote: an article's own address, or its page in this service."""

from urllib.parse import quote, urlencode, urlsplit

from service.schemas.api import CitationWire, NearestPassageWire


def source_address(citation: CitationWire | NearestPassageWire, *, service: str) -> str:
    """Return where the source of a citation, or a passage, can be read: its own address, or else its page in this service.

    `service` is the address under which people reach Footnote. Only http and https are allowed: an article may name other
    schemes, and a browser would execute some of them.
    """
    return citation.url if citation.url and is_web_address(citation.url) else stretch_address(citation, service=service)


def stretch_address(citation: CitationWire | NearestPassageWire, *, service: str) -> str:
    """Return the address of the article's page in this service, at the span of that version if one is given."""
    place = {"version": citation.article_version, "start": citation.start, "end": citation.end}
    query = "" if citation.start is None else f"?{urlencode(place)}"
    return f"{service.rstrip('/')}/articles/{encoded_id(citation.article_id)}{query}"


def encoded_id(article_id: str) -> str:
    """Encode an article's id for a path, as `web/common/links.js` does.

    Slashes stay, unless a browser would normalise the path.
    """
    fragile = any(part in ("", ".", "..") for part in article_id.split("/"))
    return quote(article_id, safe="" if fragile else "/")


def is_web_address(address: str) -> bool:
    """Return whether this is an http or https address that can be shown as a link."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isprintable() and " " not in address
