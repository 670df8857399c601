"""Recognises and normalises web addresses."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

import idna

from index.errors import ArticleError

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
# Parameters that sites add to links to track where a reader came from. They do not change the page.
_TRACKING = re.compile(r"(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|igshid)(?:=|\Z)", re.IGNORECASE)
# Characters that may stand in a path or query as they are; a per cent sign starts an escape.
_KEPT = "/%:@!$&'()*+,;=~-._?[]"


def is_address(named: str) -> bool:
    """Return whether a string is a web address rather than a path."""
    return bool(_SCHEME.match(named))


def path_of(address: str) -> str:
    """Return the path of an address as patterns match it, without its first slash."""
    return urlsplit(address).path.lstrip("/")


def clean_address(written: str) -> str:
    """Return the normalised address: without fragment, default port and tracking, host in lower case.

    Raises ArticleError if it may not be fetched: another scheme, no host, or a password in it.
    """
    try:
        parts = urlsplit(written.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ArticleError(f"{written[:200]!r} is not an address. Write https://…") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ArticleError(f"{written[:200]!r} is not a web address: only http and https are fetched.")
    if parts.username is not None or parts.password is not None:
        raise ArticleError("contains a user name or password. Remove them: they would be shown with every citation.")
    place = _host(host, written) + (f":{port}" if port and port != _PORTS[scheme] else "")
    query = "&".join(part for part in parts.query.split("&") if part and not _TRACKING.match(part))
    return urlunsplit((scheme, place, _path(parts.path), quote(query, safe=_KEPT), ""))


def _host(host: str, written: str) -> str:
    if not host:
        raise ArticleError(f"{written[:200]!r} has no host. Write https://host/path.")
    if ":" in host:
        return f"[{host}]"
    try:
        return host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ArticleError(f"{written[:200]!r} has an invalid host: {host!r}.") from None


def _path(path: str) -> str:
    """Return a path without the parts `.` and `..` (RFC 3986, 5.2.4), with every other character escaped."""
    kept: list[str] = []
    parts = path.split("/")[1:] or [""]
    for part in parts:
        if part == "..":
            kept[-1:] = []
        elif part != ".":
            kept.append(part)
    if parts[-1] in {".", ".."}:
        kept.append("")
    return "/" + quote("/".join(kept), safe=_KEPT)
