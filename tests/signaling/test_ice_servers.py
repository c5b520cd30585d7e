"""The ICE servers a client is told, and the credential that runs out."""

import base64
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from core.contract.calls import IceServer
from core.settings import Settings
from signaling.ice_servers import ice_servers

ANA = "01935d2e-8f3a-7000-8000-000000000001"
TURN = Settings(
    turn_urls="turn:t.example:3478, turns:t.example:5349?transport=tcp", turn_secret="S", turn_s=7200
)


def test_without_servers_there_are_none() -> None:
    """A client then uses none, instead of a public default."""
    assert ice_servers(Settings(), ANA, 0) == []


def test_stun_needs_no_credential() -> None:
    """Spaces and empty places in the list do no harm."""
    told = ice_servers(Settings(stun_urls=" stun:a.example:3478,,stun:b.example "), ANA, 0)
    assert told == [IceServer(urls=["stun:a.example:3478", "stun:b.example"])]


def test_turn_takes_a_credential_that_coturn_checks_with_the_shared_secret() -> None:
    """Known answer: HMAC-SHA1 with key S over the user name, by openssl."""
    (turn,) = ice_servers(TURN, ANA, 1_700_000_000_999)
    assert turn.urls == ["turn:t.example:3478", "turns:t.example:5349?transport=tcp"]
    assert turn.username == f"1700007200:{ANA}"
    assert turn.credential == "UCHQm0Krf7lZfoMqyrBn1no2fzk="


@given(st.text(min_size=1, max_size=64).filter(str.isprintable), st.integers(0, 2**42))
def test_a_credential_serves_for_its_time_from_now(secret: str, now: int) -> None:
    """Whole seconds, never longer than the setting says."""
    settings = Settings(turn_urls="turn:t.example", turn_secret=secret, turn_s=60)
    (turn,) = ice_servers(settings, ANA, now)
    assert turn.username is not None
    assert turn.credential is not None
    expiry, user = turn.username.split(":")
    assert now + 59_000 < int(expiry) * 1000 <= now + 60_000
    assert user == ANA
    proof = hmac.digest(secret.encode(), turn.username.encode(), hashlib.sha1)
    assert base64.b64decode(turn.credential) == proof
