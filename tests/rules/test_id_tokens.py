"""Which ID token counts: who signed it and how, for whom, when, and for which sign-in."""

import hashlib
from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from services.id_tokens import BadIdToken, Claims, Provider, key_id, read
from tests.rest.provider import CLIENT, Key
from tests.rest.provider import Provider as Issuer

NOW = 1_800_000_000_000
ISSUER = "https://accounts.example"
KEY, SHORT, CURVE = Key(), Key(bits=1024), Key("ES256")
THEIRS = Provider(issuers=frozenset({ISSUER}), audiences=frozenset({CLIENT, "other.app"}), skew_ms=60_000)

issuer = Issuer(lambda: NOW, [KEY])
issuer.issuer = ISSUER


def told(token: str, key: Mapping[str, Any] | None = KEY.public, nonce: str | None = None) -> Claims:
    return read(token, key, THEIRS, nonce, NOW)


def is_refused(token: str, key: Mapping[str, Any] | None = KEY.public, nonce: str | None = None) -> bool:
    with pytest.raises(BadIdToken):
        told(token, key, nonce)
    return True


BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://accounts.evil.example"},
    "another app": {"aud": "somebody.else"},
    "others too, and one of them asked": {"aud": [CLIENT, "somebody.else"], "azp": "somebody.else"},
    "others too, and nobody says who asked": {"aud": [CLIENT, "somebody.else"]},
    "for nobody": {"aud": []},
    "for no app at all": {"aud": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a long subject": {"sub": "1" * 256},
    "no end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "an end beyond all years": {"exp": 10**20},
    "over": {"exp": NOW // 1000 - 60},
    "from the future": {"iat": NOW // 1000 + 61},
    "a nonce that nobody asked for": {"nonce": "n"},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD.keys())
def test_what_a_token_may_not_say(claims: dict[str, Any]) -> None:
    assert is_refused(issuer.signed(**claims))


def test_what_a_token_may_say() -> None:
    """Several apps, if one of ours asked; another app that asks for ours; a clock that is a minute off."""
    for claims in (
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "somebody.else"], "azp": "other.app"},
        {"azp": "its.android.app"},
        {"exp": NOW // 1000 - 59},
        {"iat": NOW // 1000 + 60},
    ):
        assert told(issuer.signed(sub="ana", **claims)) == Claims(subject="ana", email=None)


@pytest.mark.parametrize(
    ("verified", "counts"), [(True, True), ("true", True), (False, False), ("false", False)]
)
def test_an_address_counts_if_it_is_verified(verified: object, counts: bool) -> None:
    said = told(issuer.signed(email="ana@example.org", email_verified=verified))
    assert said.email == ("ana@example.org" if counts else None)


def test_a_nonce_is_as_it_was_or_hashed() -> None:
    """Where either has one, both do."""
    plain, hashed = issuer.signed(nonce="n"), issuer.signed(nonce=hashlib.sha256(b"n").hexdigest())
    for token in (plain, hashed):
        assert told(token, nonce="n")
        assert is_refused(token)
        assert is_refused(token, nonce="m")
    assert is_refused(issuer.signed(), nonce="n")


def test_a_key_signs_by_its_own_kind() -> None:
    """Not as a secret, not without, not by another; RSA of 2048 bits at least."""
    assert told(issuer.signed(CURVE), CURVE.public)
    secret = str(KEY.public["n"])
    for token, key in (
        (issuer.signed(), None),
        (issuer.signed(), CURVE.public),
        (issuer.signed(CURVE), KEY.public),
        (issuer.signed(Key()), KEY.public),
        (issuer.signed(SHORT), SHORT.public),
        (issuer.signed(), {**KEY.public, "use": "enc"}),
        (issuer.signed(), {"kty": "oct", "k": "c2VjcmV0"}),
        (issuer.signed(), {"kty": "RSA"}),
        (jwt.encode({"sub": "1"}, secret, "HS256"), KEY.public),
        (jwt.encode({"sub": "1"}, "", "none"), KEY.public),
        (jwt.PyJWS().encode(b"no claims", KEY.private, "RS256"), KEY.public),
        (issuer.signed()[:-4], KEY.public),
    ):
        assert is_refused(token, key)


@pytest.mark.parametrize("kid", [None, "", "x" * 201])
def test_a_token_names_its_key(kid: str | None) -> None:
    headers = {} if kid is None else {"kid": kid}
    with pytest.raises(BadIdToken):
        key_id(jwt.encode({"sub": "1"}, KEY.private, "RS256", headers=headers))
    with pytest.raises(BadIdToken):
        key_id("made up")
    assert key_id(issuer.signed()) == KEY.kid
