"""The TURN servers that an operator has listed, each with the region whose calls it is for. Pure."""

import re
from collections.abc import Iterator, Set

_SERVER = re.compile(r"(?:([a-z0-9-]{1,32})=)?(turns?:[^\s=?]+(?:\?transport=(?:udp|tcp))?)")


def turn_servers(listed: str) -> Iterator[tuple[str, str]]:
    """Region and URL of each in a list separated by commas; the region "" is every one.

    Raises `ValueError` with the first that is no TURN server.
    """
    for part in filter(None, map(str.strip, listed.split(","))):
        found = _SERVER.fullmatch(part)
        if found is None:
            raise ValueError(part)
        yield found[1] or "", found[2]


def turn_regions(listed: str) -> frozenset[str]:
    """The regions whose calls have one; "" is every region."""
    return frozenset(region for region, _ in turn_servers(listed))


def have_relays(region: str, regions: Set[str]) -> bool:
    """Whether calls of this region have one, where those of `regions` have."""
    return not regions.isdisjoint({"", region})
