"""Whose request it is behind proxies: the one reader of X-Forwarded headers. Pure.

Only what trusted proxies have written counts. X-Forwarded-For is read from its end, where the nearest one
writes; what an untrusted hop wrote before itself is its own invention.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(listed: str) -> tuple[Network, ...]:
    """Addresses and CIDR ranges, separated by commas. Raises ValueError, which names the wrong one."""
    return tuple(ip_network(part.strip(), strict=False) for part in listed.split(",") if part.strip())


class Proxies:
    """The proxies that are trusted, by their addresses."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        self._trusted = tuple(trusted)

    def trust(self, address: str) -> bool:
        """Whether what comes from this address is a proxy's word."""
        return bool(self._trusted) and self._is_trusted(_parsed(address))

    def client(self, peer: str, forwarded: Iterable[str]) -> str:
        """The address nearest to us that is no trusted proxy; `forwarded` are the lines of X-Forwarded-For.

        Where a hop says nothing that is an address, it is the proxy that has passed it on.
        """
        nearest = _parsed(peer)
        if not self._trusted or not self._is_trusted(nearest):
            return _said(peer, nearest)
        for hop in reversed([hop for line in forwarded for hop in line.split(",")]):
            if (address := _parsed(_without_port(hop.strip()))) is None:
                break
            nearest = address
            if not self._is_trusted(nearest):
                break
        return _said(peer, nearest)

    def hosts(self, peer: str, own: str, forwarded: Iterable[str]) -> tuple[str, ...]:
        """The names by which the client may have asked: `Host`, and X-Forwarded-Host of a trusted proxy."""
        given = [host.strip() for line in forwarded for host in line.split(",")] if self.trust(peer) else []
        return (own, *given[:1])

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def network_of(address: str) -> str:
    """What counts as one client: the address, or the /64 of an IPv6 one, for all of it is theirs."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed.packed, 64), strict=False))
    return _said(address, parsed)


def _without_port(hop: str) -> str:
    """`192.0.2.1:80` and `[2001:db8::1]:80` as some proxies write them; a bare IPv6 address stays."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    """An address; an IPv4 one that came over an IPv6 socket is what it is."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _said(text: str, address: Address | None) -> str:
    return text if address is None else str(address)
