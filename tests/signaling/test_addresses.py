"""Which addresses are kept out: what the expressions say is what the networks say."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.addresses import LOCAL, PRIVATE, is_local, is_private
from tests.deploy.files import ROOT

EDGES = [n.network_address for n in (*LOCAL, *PRIVATE)] + [n.broadcast_address for n in (*LOCAL, *PRIVATE)]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.255.255.255", "169.254.169.254", "100.100.100.200", "::1", "fe80::1", "fd00:ec2::254"],
)
def test_local_is_ones_own_machine_the_link_and_where_clouds_answer(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize(
    "address",
    [
        *("64:ff9b::127.0.0.1", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe"),
        "2001:0:0102:0304::",  # Teredo, of a server; its client's address is written inverted
    ],
)
def test_an_address_that_is_translated_is_what_it_becomes(address: str) -> None:
    """A relay behind a translator would reach its own machine by it."""
    assert is_local(address) == (not address.startswith("2001"))


@pytest.mark.parametrize("address", ["10.0.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "fd12::1"])
def test_private_is_what_is_not_the_internet(address: str) -> None:
    """Two in one network reach each other there, so it is not local."""
    assert is_private(address)
    assert not is_local(address)


@pytest.mark.parametrize("address", ["203.0.113.7", "172.32.0.1", "11.0.0.1", "100.128.0.1", "2001:db8::1"])
def test_others_are_neither(address: str) -> None:
    assert not is_private(address)
    assert not is_local(address)


ADDRESSES = st.ip_addresses(v=4) | st.ip_addresses(v=6) | st.sampled_from(EDGES)


@given(ADDRESSES, st.integers(-1, 1))
def test_the_expressions_say_what_the_networks_say(address: IPv4Address | IPv6Address, beside: int) -> None:
    """At the edges of each, too."""
    number = int(address) + beside
    if not 0 <= number < 2**address.max_prefixlen:
        return
    near = type(address)(number)
    if isinstance(near, IPv6Address) and (near.sixtofour or near.teredo or near.packed[:12].count(0) > 7):
        return  # by what it is translated to
    assert is_local(str(near)) == any(near in network for network in LOCAL)
    assert is_private(str(near)) == any(near in network for network in PRIVATE)


def test_the_relay_of_the_deployment_denies_them_as_well() -> None:
    """Whoever has another way to name an address to it gets no further."""
    lines = (ROOT / "deploy" / "coturn" / "turnserver.conf").read_text().splitlines()
    denied = [line.partition("=")[2].split("-") for line in lines if line.startswith("denied-peer-ip=")]
    ranges = [(ip_address(each[0]), ip_address(each[-1])) for each in denied]

    def is_denied(ip: IPv4Address | IPv6Address) -> bool:
        return any(type(ip) is type(low) and int(low) <= int(ip) <= int(high) for low, high in ranges)

    assert [str(ip) for ip in EDGES if not is_denied(ip)] == []
