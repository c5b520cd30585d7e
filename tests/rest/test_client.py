"""What headers say about a client. Pure."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from core.errors import Unauthenticated
from core.proxies import Proxies
from rest.http.client import bearer, expected_versions, names_version, own_address

PROXIES = Proxies.of("10.0.0.0/8, 2001:db8:f::/48,192.0.2.1")


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("198.51.100.7", {"Host": "example.org"}, "http://example.org"),
        ("198.51.100.7", {"Host": "[2001:db8::1]:8080"}, "http://[2001:db8::1]:8080"),
        ("198.51.100.7", {"Host": "a.org", "X-Forwarded-Host": "b.org"}, "http://a.org"),
        ("10.1.2.3", {"Host": "a.org", "X-Forwarded-Host": "b.org"}, "http://b.org"),
        ("10.1.2.3", {"Host": "a.org:81", "X-Forwarded-Proto": "https"}, "https://a.org:81"),
        (
            "10.1.2.3",
            {"X-Forwarded-Host": "b.org, c.org", "X-Forwarded-Proto": "https, http"},
            "https://b.org",
        ),
        ("10.1.2.3", {"Host": "a.org", "X-Forwarded-Proto": "javascript"}, "nowhere"),
        ("198.51.100.7", {"Host": '"><script>'}, "nowhere"),
        ("198.51.100.7", {}, "nowhere"),
    ],
)
def test_the_address_a_client_reached(peer: str, headers: dict[str, str], address: str) -> None:
    """A trusted proxy's word counts, nobody else's, and nothing that is no address is repeated."""
    assert (
        own_address(peer, "http", CIMultiDictProxy(CIMultiDict(headers)), PROXIES, default="nowhere")
        == address
    )


@pytest.mark.parametrize("header", ["Bearer t", "bearer t", "BEARER  t "])
def test_a_bearer_token_is_found(header: str) -> None:
    assert bearer(header) == "t"


@pytest.mark.parametrize("header", [None, "", "t", "Bearer", "Bearer ", "Basic t"])
def test_anything_else_is_no_token(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        bearer(header)


@pytest.mark.parametrize(
    ("lines", "versions"),
    [
        (['"7"'], {7}),
        (['"6", "7"'], {6, 7}),
        (['"6"', '"7"'], {6, 7}),
        (["*"], None),
        (['W/"7"', "7", '"07"', '"\u0667"', '"1234567890"'], set()),
    ],
)
def test_the_versions_that_a_change_expects(lines: list[str], versions: set[int] | None) -> None:
    """A tag is what an answer had, to the letter; a list may come in several lines."""
    assert expected_versions(lines) == versions


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (['"7"'], True),
        (['W/"7"'], True),
        (['"6"', '"7"'], True),
        (["*"], True),
        ([], False),
        (['"6"', '"07"', '"\u0667"', "7"], False),
    ],
)
def test_whether_a_client_has_this_version(lines: list[str], *, known: bool) -> None:
    assert names_version(lines, 7) == known
