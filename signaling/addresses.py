"""Which addresses a deployment keeps clients from sending packets to, on behalf of who names them. Pure.

`local`: of the receiver's own machine, of its link, and where clouds answer what they know of a machine.
`private`: of networks that are not the internet. Two in one network reach each other by these, but a relay
that is sent there reaches what stands behind it. `deploy/coturn/turnserver.conf` denies them too.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

KeepOut = Literal["nothing", "local", "private"]
_Network = IPv4Network | IPv6Network

LOCAL: tuple[_Network, ...] = tuple(
    map(
        ip_network,
        (
            *("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"),
            # Where clouds answer, apart from 169.254.169.254.
            *(
                "100.100.100.200/32",
                "168.63.129.16/32",
                "192.0.0.192/32",
                "fd00:ec2::254/128",
                "fd20:ce::254/128",
            ),
        ),
    )
)
PRIVATE: tuple[_Network, ...] = tuple(
    map(
        ip_network,
        (
            *(
                "10.0.0.0/8",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "100.64.0.0/10",
                "192.0.0.0/24",
                "198.18.0.0/15",
            ),
            *("fc00::/7", "fec0::/10", "64:ff9b:1::/48"),
        ),
    )
)
_NAT64, _MAPPED = IPv6Network("64:ff9b::/96"), IPv6Network("::/96")

# Most addresses. `ipaddress` says the same, and twenty times slower.
_LOCAL_IPV4 = re.compile(r"127\.|169\.254\.|(?:100\.100\.100\.200|168\.63\.129\.16|192\.0\.0\.192)\Z")
_PRIVATE_IPV4 = re.compile(
    r"10\.|192\.168\.|192\.0\.0\.|172\.(?:1[6-9]|2\d|3[01])\.|198\.1[89]\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
)


def is_local(address: str) -> bool:
    """Whether this literal IP address is local."""
    if ":" in address:
        return _is_within(address, LOCAL)
    return _LOCAL_IPV4.match(address) is not None


def is_private(address: str) -> bool:
    """Whether this literal IP address is private."""
    if ":" in address:
        return _is_within(address, PRIVATE)
    return _PRIVATE_IPV4.match(address) is not None


@lru_cache(1024)  # of one device most are the same
def _is_within(address: str, networks: tuple[_Network, ...]) -> bool:
    return any(ip in network for ip in _meant(ip_address(address)) for network in networks)


def _meant(ip: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The address, and the IPv4 address to which packets for it may be translated."""
    yield ip
    if isinstance(ip, IPv6Address):
        if ip in _NAT64 or ip in _MAPPED:
            yield IPv4Address(ip.packed[-4:])
        if ip.sixtofour is not None:
            yield ip.sixtofour
        if ip.teredo is not None:
            yield from ip.teredo
