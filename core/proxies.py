"""Finds the client's address behind proxies: the only reader of X-Forwarded headers. Pure.

Only what trusted proxies have written counts. X-Forwarded-For is read from its end, where the nearest proxy
writes; what stands before an untrusted address could be made up.
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

    @classmethod
    def of(cls, listed: str) -> "Proxies":
        """Those listed as in the setting `TRUSTED_PROXIES`."""
        return cls(networks(listed))

    def trust(self, address: str) -> bool:
        """Whether this address is a trusted proxy."""
        return bool(self._trusted) and self._is_trusted(_parsed(address))

    def client(self, peer: str, forwarded: Iterable[str]) -> str:
        """The nearest address that is not a trusted proxy; `forwarded` are the lines of X-Forwarded-For.

        If a hop is not an address, it is the proxy that passed it on.
        """
        nearest = _parsed(peer)
        if not self._trusted or not self._is_trusted(nearest):
            return _normal(peer)
        for hop in reversed([hop for line in forwarded for hop in line.split(",")]):
            if (address := _parsed(_without_port(hop.strip()))) is None:
                break
            nearest = address
            if not self._is_trusted(nearest):
                break
        return _said(peer, nearest)

    def hosts(self, peer: str, own: str, forwarded: Iterable[str]) -> tuple[str, ...]:
        """The names by which the client may have asked: `Host`, and X-Forwarded-Host of a trusted proxy."""
        return (own, *self._first(peer, forwarded))

    def scheme(self, peer: str, own: str, forwarded: Iterable[str]) -> str:
        """What the client has asked with: `own`, or X-Forwarded-Proto of a trusted proxy."""
        return (own, *self._first(peer, forwarded))[-1]

    def _first(self, peer: str, forwarded: Iterable[str]) -> list[str]:
        """What the proxy next to the client has written, if the peer is trusted."""
        words = [word.strip() for line in forwarded for word in line.split(",")] if self.trust(peer) else []
        return words[:1]

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the whole /64 of an IPv6 one."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed.packed, 64), strict=False))
    return _said(address, parsed)


def _without_port(hop: str) -> str:
    """Without the port of `192.0.2.1:80` or `[2001:db8::1]:80`, as some proxies write them."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    """The address, or None. An IPv4 address mapped into IPv6 becomes an IPv4 address again."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    return _said(text, _parsed(text))


def _said(text: str, address: Address | None) -> str:
    return text if address is None else str(address)
