"""What headers say about a client. Pure."""

import pytest

from core.errors import Unauthenticated
from rest.client import bearer, client_network, networks, own_address

PROXIES = networks("10.0.0.0/8, 2001:db8:f::/48,192.0.2.1")


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
        ("10.1.2.3", ["203.0.113.9, unknown"], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("::ffff:10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("2001:db8:a:b:1:2:3:4", [], "2001:db8:a:b::/64"),
        ("2001:db8:f::1", ["2001:db8:c:d::9"], "2001:db8:c:d::/64"),
        ("", [], ""),
    ],
)
def test_the_nearest_that_is_no_proxy_is_the_client(peer: str, forwarded: list[str], seen: str) -> None:
    assert client_network(peer, forwarded, PROXIES) == seen


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("198.51.100.7", {"Host": "example.org"}, "http://example.org"),
        ("198.51.100.7", {"Host": "[2001:db8::1]:8080"}, "http://[2001:db8::1]:8080"),
        ("198.51.100.7", {"Host": "a.org", "X-Forwarded-Host": "b.org"}, "http://a.org"),
        ("10.1.2.3", {"Host": "a.org", "X-Forwarded-Host": "b.org"}, "http://b.org"),
        ("10.1.2.3", {"Host": "a.org:81", "X-Forwarded-Proto": "https"}, "https://a.org:81"),
        ("10.1.2.3", {"Host": "a.org", "X-Forwarded-Proto": "javascript"}, "nowhere"),
        ("198.51.100.7", {"Host": '"><script>'}, "nowhere"),
        ("198.51.100.7", {}, "nowhere"),
    ],
)
def test_the_address_a_client_reached(peer: str, headers: dict[str, str], address: str) -> None:
    """A trusted proxy's word counts, nobody else's, and nothing that is no address is repeated."""
    assert own_address(peer, "http", headers, PROXIES, default="nowhere") == address


def test_a_network_is_checked_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        networks("10.0.0.0/99")


@pytest.mark.parametrize("header", ["Bearer t", "bearer t", "BEARER  t "])
def test_a_bearer_token_is_found(header: str) -> None:
    assert bearer(header) == "t"


@pytest.mark.parametrize("header", [None, "", "t", "Bearer", "Bearer ", "Basic t"])
def test_anything_else_is_no_token(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        bearer(header)
