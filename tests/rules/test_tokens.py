"""What is signed, by which key, and that odd claims are no token."""

import base64
import contextlib
import gc
import json
from typing import Any
from weakref import WeakSet

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AppError, TokenExpired, Unauthenticated
from core.keys import Keyring
from core.tokens import Access, AccessTokens, Device, DeviceTokens, fingerprint, new_refresh_token
from db.redis.event_log import EventId
from realtime.gateway.recovery import Recovery
from tests.rules.people import ANA, BEN

NOW = 1_800_000_000_000
TWIN = bytes(range(32))
OLD, NEW = "an old secret, 32 letters or more", "a new secret, 32 letters or more"
KEY = Keyring(NEW).keys("access token")[0]
tokens = AccessTokens(Keyring(NEW).keys("access token"), 900)
CLAIMS = {"iss": "realtime-connect", "sub": ANA, "sid": BEN, "twin": TWIN.hex(), "iat": NOW // 1000}
GOOD = {**CLAIMS, "exp": NOW // 1000 + 900}


def signed(claims: object, **headers: Any) -> str:
    """Whatever it says, signed with the right key under our own header, but for these fields of it."""
    said = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jwt.PyJWS().encode(said, KEY.value, "HS256", headers={"kid": KEY.kid, **headers})


def refusal(token: str) -> type[AppError]:
    with pytest.raises(AppError) as caught:
        tokens.read(token, NOW)
    return caught.type


def test_what_was_issued_is_read() -> None:
    """Until it expires."""
    token = tokens.issue(ANA, BEN, TWIN, NOW)
    assert tokens.read(token, NOW + 899_000) == Access(ANA, BEN, TWIN, NOW + 900_000)
    assert tokens.read(signed(GOOD), NOW) == tokens.read(token, NOW)
    with pytest.raises(TokenExpired):
        tokens.read(token, NOW + 900_000)


def test_a_token_that_was_read_before_expires_like_any_other() -> None:
    """And is read by the same clock, also one that is set back."""
    token = tokens.issue(ANA, BEN, TWIN, NOW)
    for _ in range(2):
        assert tokens.read(token, NOW).user_id == ANA
        with pytest.raises(TokenExpired):
            tokens.read(token, NOW + 900_000)


class Shown(str):
    """A token of which one can tell whether anybody still has it."""

    __slots__ = ("__weakref__",)


def test_of_tokens_that_were_read_so_many_are_remembered_and_none_that_is_not_valid() -> None:
    """Nobody fills a server's memory by what they send."""
    here = AccessTokens(Keyring(NEW).keys("access token"), 900)
    read, refused = WeakSet[Shown](), WeakSet[Shown]()
    for number in range(5_000):
        read.add(token := Shown(here.issue(ANA, BEN, TWIN, NOW + number * 1000)))
        assert here.read(token, NOW).expires_at == NOW + (number + 900) * 1000
        refused.add(token := Shown(f"{token[:-1]}{'A' if token[-1] != 'A' else 'E'}"))
        with pytest.raises(Unauthenticated):
            here.read(token, NOW)
    del token
    gc.collect()
    assert 0 < len(read) <= 4096
    assert not refused


def test_what_has_expired_is_not_remembered_much_longer() -> None:
    """When the next one is read, as long after it expired as it was valid."""
    here = AccessTokens(Keyring(NEW).keys("access token"), 900)
    token = Shown(here.issue(ANA, BEN, TWIN, NOW))
    read, other = WeakSet[Shown]((token,)), here.issue(BEN, ANA, TWIN, NOW + 1_800_000)
    here.read(token, NOW)
    del token
    gc.collect()
    assert len(read) == 1
    here.read(other, NOW + 1_800_000)
    gc.collect()
    assert not read


ODD: list[Any] = [
    None,
    True,
    -1,
    1.5,
    2**63,
    10**400,
    float("inf"),
    float("nan"),
    "",
    "x",
    "9" * 3000,
    [],
    [[]],
    {},
]


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("odd", [*ODD, "missing"], ids=lambda odd: repr(odd)[:20])
def test_an_odd_claim_is_no_token(name: str, odd: object) -> None:
    """Of another type, beyond all bounds, or not there."""
    claims = {**GOOD, name: odd}
    if odd == "missing":
        del claims[name]
        if name == "iss":  # what we do not say ourselves is not asked for
            return
    assert refusal(signed(claims)) is Unauthenticated


@given(
    claims=st.dictionaries(st.sampled_from([*GOOD, "nbf", "aud", "jti"]), st.sampled_from(ODD) | st.text())
)
def test_no_claims_are_more_than_an_error(claims: dict[str, Any]) -> None:
    with contextlib.suppress(Unauthenticated, TokenExpired):
        assert tokens.read(signed({**GOOD, **claims}), NOW).user_id == ANA


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "x" * 5000,
        "\ud800",
        "é.é.é",
        signed(b"[" * 2500),
        signed(b"\xff"),
        signed(b""),
        signed([]),
        signed(GOOD, kid="of nobody"),
        signed(GOOD, typ="other"),
        signed(GOOD, crit=["b64"], b64=False),
        signed(GOOD).replace(".", "=.", 1),
        jwt.encode(GOOD, "", "none"),
        jwt.encode(GOOD, NEW, "HS256"),
        base64.urlsafe_b64encode(b"[" * 2500).decode() + ".e30.x",
        DeviceTokens(Keyring(NEW).keys("device token"), 900).issue(ANA, None, NOW),
    ],
    ids=lambda token: f"{len(token)} {token[:9]!a}",
)
def test_what_is_no_token(token: str) -> None:
    """Also what is signed with the secret itself, or for another purpose."""
    assert refusal(token) is Unauthenticated


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = [Keyring(secret).keys(p)[0] for secret in (OLD, NEW) for p in ("access token", "device token")]
    assert len({key.value for key in keys}) == 4
    assert len({key.kid for key in keys}) == 2
    assert not any(secret.encode() in key.value for key in keys for secret in (OLD, NEW))


def test_while_a_secret_is_changed_what_both_have_signed_counts() -> None:
    """The new one signs; with the old one gone, what it signed is gone."""
    before, meanwhile, after = Keyring(OLD), Keyring(NEW, OLD), Keyring(NEW)
    access = AccessTokens(before.keys("access token"), 900).issue(ANA, BEN, TWIN, NOW)
    device = DeviceTokens(before.keys("device token"), 900).issue(ANA, None, NOW)
    offset = recovery(before).offset(ANA, EventId(NOW, 3), "log")
    pid = recovery(before).new_pid(ANA)
    assert AccessTokens(meanwhile.keys("access token"), 900).read(access, NOW).user_id == ANA
    assert DeviceTokens(meanwhile.keys("device token"), 900).read(device, NOW)
    assert recovery(meanwhile).place(ANA, offset, "log") == EventId(NOW, 3)
    assert recovery(meanwhile).owns_pid(ANA, pid)
    again = AccessTokens(meanwhile.keys("access token"), 900).issue(ANA, BEN, TWIN, NOW)
    assert AccessTokens(after.keys("access token"), 900).read(again, NOW).user_id == ANA
    assert refusal(access) is Unauthenticated
    assert DeviceTokens(after.keys("device token"), 900).read(device, NOW) is None
    assert recovery(after).place(ANA, offset, "log") is None
    assert not recovery(after).owns_pid(ANA, pid)


def recovery(keyring: Keyring) -> Recovery:
    return Recovery(keyring.keys("place in a stream"), keep=1000, keep_s=300)


def test_a_device_keeps_its_mark_and_another_account_gets_another() -> None:
    """Renewed at each sign-in, for as long as it serves."""
    marks = DeviceTokens(Keyring(NEW).keys("device token"), 900)
    first = marks.read(marks.issue(ANA, None, NOW), NOW)
    assert first is not None
    assert marks.read(marks.issue(ANA, first, NOW), NOW) == first
    other = marks.read(marks.issue(BEN, first, NOW), NOW)
    assert isinstance(other, Device)
    assert (other.user_id, other.id != first.id) == (BEN, True)
    assert marks.read(marks.issue(ANA, first, NOW), NOW + 900_000) is None
    assert marks.read(tokens.issue(ANA, BEN, TWIN, NOW), NOW) is None


def test_of_a_refresh_token_its_fingerprint_is_kept() -> None:
    """The token is chance, and what is stored does not show it."""
    token, other = new_refresh_token(), new_refresh_token()
    assert token != other
    assert len(token) >= 43
    assert fingerprint(token) == fingerprint(token) != fingerprint(other)
    assert len(fingerprint(token)) == 32
    assert token.encode() not in fingerprint(token)
