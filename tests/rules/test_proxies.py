"""The client of a request behind proxies, and the origins that are served. Pure."""

import pytest

from core.origins import allows
from core.proxies import Proxies, network_of, networks

PROXIES = Proxies.of("10.0.0.0/8, 2001:db8:f::/48,192.0.2.1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["evil, 203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1, 203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1", "203.0.113.9, 192.0.2.1"], "203.0.113.9"),
        ("10.1.2.3", ["10.4.4.4, 10.9.9.9"], "10.4.4.4"),
        ("10.1.2.3", ["203.0.113.9, unknown"], "10.1.2.3"),
        ("10.1.2.3", ["unknown, 10.9.9.9"], "10.9.9.9"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.9:49152"], "203.0.113.9"),
        ("10.1.2.3", ["203.0.113.9:49152, 10.9.9.9:80"], "203.0.113.9"),
        ("10.1.2.3", ["[2001:db8:c:d::9]:49152"], "2001:db8:c:d::9"),
        ("10.1.2.3", ["[2001:db8:c:d::9]"], "2001:db8:c:d::9"),
        ("10.1.2.3", ["2001:db8:c:d::9"], "2001:db8:c:d::9"),
        ("10.1.2.3", ["[2001:db8:c:d::9"], "2001:db8:c:d::9"),
        ("10.1.2.3", ["203.0.113.9:"], "203.0.113.9"),
        ("10.1.2.3", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("2001:db8:f::1", ["2001:db8:c:d::9"], "2001:db8:c:d::9"),
        ("", [], ""),
    ],
)
def test_the_nearest_that_is_no_proxy_is_the_client(peer: str, forwarded: list[str], seen: str) -> None:
    assert PROXIES.client(peer, forwarded) == seen


@pytest.mark.parametrize(
    ("peer", "forwarded", "scheme"),
    [
        ("198.51.100.7", ["https"], "http"),
        ("10.1.2.3", [], "http"),
        ("10.1.2.3", ["https"], "https"),
        ("10.1.2.3", ["https, http"], "https"),
        ("10.1.2.3", ["https", "http"], "https"),
    ],
)
def test_a_trusted_proxy_says_how_it_was_asked(peer: str, forwarded: list[str], scheme: str) -> None:
    assert PROXIES.scheme(peer, "http", forwarded) == scheme


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:a:b:1:2:3:4", "2001:db8:a:b::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_network_is_checked_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        networks("10.0.0.0/99")


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        ("http://talk.example:8080", True),
        ("https://talk.example:8080", True),
        ("ws://talk.example:8080", True),
        ("wss://TALK.example:8080", True),
        ("https://front.example", True),
        ("wss://front.example:443", True),
        ("capacitor://localhost", True),
        ("ionic://localhost", True),
        ("app://-", True),
        ("file://", True),
        ("https://listed.example", True),
        ("http://listed.example", False),
        ("https://evil.example", False),
        ("http://talk.example", False),
        ("http://talk.example:8080.evil.example", False),
        ("https://localhost", False),
        ("HTTP://evil.example", False),
        ("null", False),
        ("", False),
        ("http://", False),
        ("blob:https://evil.example", False),
        ("talk.example:8080", False),
    ],
)
def test_pages_of_others_are_kept_to_the_list(origin: str, passes: bool) -> None:
    hosts = PROXIES.hosts("10.1.2.3", "talk.example:8080", ["front.example, inner.example"])
    assert allows(origin, hosts, ["https://listed.example"]) is passes


def test_only_a_trusted_proxy_says_what_the_host_is() -> None:
    """Anybody else would name their own."""
    assert PROXIES.hosts("198.51.100.7", "talk.example", ["evil.example"]) == ("talk.example",)
    assert not allows("https://null.example", [""], [])
    assert allows("null", [""], ["*"])
