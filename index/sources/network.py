"""An HTTP transport that connects only to public addresses, so that fetched content cannot reach the private network.

A name is resolved once, its address is checked, and the connection goes to exactly that address. So a name that resolves to
another address a moment later ("DNS rebinding") has no effect. Every redirect is a request of its own.
"""

import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpx

from index.errors import ArticleError
from index.sources.deadline import Deadline

_NAT64 = ip_network("64:ff9b::/96")


class NotPublic(ArticleError):
    """The address leads to this machine or into a private network."""


class GuardedTransport(httpx.BaseTransport):
    """Sends requests to addresses that were checked. `private` allows those of private networks and of this machine.

    Each request carries its end as the extension `deadline`. `certificates` are those that are trusted, by
    default the public ones.
    """

    def __init__(self, *, private: bool, certificates: ssl.SSLContext | None = None) -> None:
        self._private = private
        # Connections are not reused: one to an address would serve every other name there without checking its certificate.
        trusted: dict[str, Any] = {} if certificates is None else {"verify": certificates}
        self._inner = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0), **trusted)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the address that its host resolves to. Raises ArticleError when that is not allowed."""
        host = request.url.host
        port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        deadline: Deadline = request.extensions["deadline"]
        failure: httpx.TransportError | None = None
        for address in self._addresses(host, port, deadline):
            try:
                return self._inner.handle_request(_pinned(request, host, address))
            except (
                httpx.ConnectError,
                httpx.ConnectTimeout,
            ) as error:  # nothing was sent: the next address of the host may answer
                failure = error
            if deadline.over:
                break
        raise failure or httpx.ConnectError(f"{host} has no address", request=request)

    def _addresses(self, host: str, port: int, deadline: Deadline) -> list[str]:
        try:
            return deadline.wait_for(lambda: checked_addresses(host, port, private=self._private))
        except TimeoutError:
            raise httpx.ConnectTimeout(f"{host} is not resolved in time") from None

    def close(self) -> None:
        self._inner.close()


def checked_addresses(host: str, port: int, *, private: bool) -> list[str]:
    """Return what a host's name resolves to. Raises ArticleError when it has no address, or one that is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ArticleError(f"is at {host}, which has no address ({error}). Check how it is written.") from None
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    if not private and (refused := next((address for address in addresses if not is_public(address)), None)):
        raise NotPublic(
            f"is at {host} ({refused}), which is not a public address. Set FOOTNOTE_FETCH_PRIVATE=true to fetch from "
            "networks of your own."
        )
    return addresses


def is_public(address: str) -> bool:
    """Return whether an address belongs to the public internet, also where it is wrapped in another."""
    parsed = ip_address(address.partition("%")[0])
    inner = _wrapped(parsed) if isinstance(parsed, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that this one leads to: mapped, compatible, NAT64 (RFC 6052), 6to4 or Teredo."""
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """Return the same request to a literal address; the host stays in its header and in what TLS checks."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host, "timeout": _timeouts(request.extensions["deadline"])},
    )


def _timeouts(deadline: Deadline) -> dict[str, float | None]:
    return httpx.Timeout(deadline.left).as_dict()
