"""The ICE servers a client is told, and the credential that runs out."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract.calls import IceServer
from core.settings import Settings
from core.turn_servers import turn_regions
from signaling.ice_servers import ice_servers

ANA = "01935d2e-8f3a-7000-8000-000000000001"
CALL = "01935d2e-8f3a-7000-8000-0000000000ca"
TURN = Settings(turn_urls="turn:t.example:3478, turns:t.example:5349?transport=tcp", turn_secret="S")


def test_without_servers_there_are_none() -> None:
    """A client then uses none, instead of a public default."""
    assert ice_servers(Settings(), CALL, "main", ANA, 0) == []


def test_stun_needs_no_credential() -> None:
    """Spaces and empty places in the list do no harm."""
    told = ice_servers(Settings(stun_urls=" stun:a.example:3478,,stun:b.example "), CALL, "main", ANA, 0)
    assert told == [IceServer(urls=["stun:a.example:3478", "stun:b.example"])]


def test_turn_takes_a_credential_that_coturn_checks_with_the_shared_secret() -> None:
    """Known answer: HMAC-SHA1 with key S over the user name, by openssl."""
    (turn,) = ice_servers(TURN, CALL, "main", ANA, 1_700_000_000_999)
    assert turn.urls == ["turn:t.example:3478", "turns:t.example:5349?transport=tcp"]
    assert turn.username == f"1700003000:{CALL}:{ANA}"
    assert turn.credential == "7LDiug2rmS8bY2EZi2vJmks4A6Y="


def test_calls_of_a_region_have_its_servers_and_those_of_all() -> None:
    """Those of another region are far."""
    near = "turn:eu.example:3478?transport=udp", "turns:eu.example:5349?transport=tcp"
    listed = f"eu={near[0]},us=turn:us.example,eu={near[1]}, turn:any.example"
    settings = Settings(turn_urls=listed, turn_secret="S")
    (there,) = ice_servers(settings, CALL, "eu", ANA, 0)
    assert there.urls == [*near, "turn:any.example"]
    (elsewhere,) = ice_servers(settings, CALL, "main", ANA, 0)
    assert elsewhere.urls == ["turn:any.example"]
    assert turn_regions(listed) == {"", "eu", "us"}
    only = Settings(turn_urls="us=turn:us.example", turn_secret="S")
    assert ice_servers(only, CALL, "eu", ANA, 0) == []


@pytest.mark.parametrize(
    "listed", ["t.example:3478", "stun:t.example", "EU=turn:t.example", "turn:", "turn:t?transport=tls"]
)
def test_what_is_no_turn_server_is_named(listed: str) -> None:
    with pytest.raises(ValueError, match="^" + listed.replace("?", r"\?") + "$"):
        turn_regions(f"turn:a.example,{listed}")


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=64),
    st.integers(0, 2**42),
    st.integers(1, 100_000),
)
def test_a_credential_serves_for_the_longest_call(secret: str, now: int, max_call_s: int) -> None:
    """However long it is prolonged, and five minutes; not for ever, and for this call of this user alone."""
    settings = Settings(turn_urls="turn:t.example", turn_secret=secret, max_call_s=max_call_s)
    (turn,) = ice_servers(settings, CALL, "main", ANA, now)
    assert turn.username is not None
    assert turn.credential is not None
    expiry, *whose = turn.username.split(":")
    serves_s = int(expiry) - now / 1000
    assert max_call_s * 1.5 + 298 < serves_s <= max_call_s * 1.5 + 300
    assert whose == [CALL, ANA]
    proof = hmac.digest(secret.encode(), turn.username.encode(), hashlib.sha1)
    assert base64.b64decode(turn.credential) == proof
