"""Which addresses are this machine's own."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Return whether an address can only be reached from this machine."""
    address = parsed_address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def parsed_address(name: str) -> IPv4Address | IPv6Address | None:
    """Return a literal address, or None if this is a name."""
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None
