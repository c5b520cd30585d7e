"""What an ID token says, and whether it counts (OpenID Connect Core, 3.1.3.7). Pure.

It has to be signed by a key of its provider, of the kind that the key is; issued by them, for an app of ours,
and to be in force. A nonce ties it to the one sign-in for which the app asked: where either side has one,
both do, and it serves once (`services/openid.py`). Apps may send it hashed to the provider (SHA-256), as
Apple's examples do.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from jwt.exceptions import PyJWTError
from msgspec import Struct

from core.errors import Unauthenticated

_MOST_S = 2**33


class Provider(Struct, frozen=True, kw_only=True):
    """Whose tokens count, and for which apps. `issuers`: the ways in which it writes itself."""

    issuers: frozenset[str]
    audiences: frozenset[str]
    skew_ms: int


class Once(Struct, frozen=True):
    """What a token with a nonce serves for: one sign-in, which this names until that time (ms)."""

    id: str
    until: int


class Claims(Struct, frozen=True, kw_only=True):
    """What it says of somebody: `email` only if the provider has verified it."""

    subject: str
    email: str | None
    once: Once | None = None


class _Said(Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str | None = None
    azp: str | None = None
    email: str | None = None
    email_verified: bool | str = False


class BadIdToken(Unauthenticated):
    """This ID token does not count here: sign in there again."""


def key_id(token: str) -> str:
    """By which key it says it is signed. Raises `BadIdToken`."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except PyJWTError:
        raise BadIdToken from None
    if not isinstance(kid, str) or not 0 < len(kid) <= 200:
        raise BadIdToken
    return kid


def read(
    token: str, key: Mapping[str, Any] | None, provider: Provider, nonce: str | None, now: int
) -> Claims:
    """What it says. `key` is the JWK of its `key_id`; None: the provider has none. Raises `BadIdToken`."""
    said = _signed(token, key)
    audience = {said.aud} if isinstance(said.aud, str) else set(said.aud)
    ours = audience & provider.audiences
    counts = (
        said.iss in provider.issuers
        and ours
        # Where it is for others too, it has to be one of ours that asked for it.
        and (len(audience) == 1 or said.azp in provider.audiences)
        and 0 < len(said.sub) <= 255
        and now < said.exp * 1000 + provider.skew_ms
        and said.iat * 1000 <= now + provider.skew_ms
        and _is_asked_for(said.nonce, nonce)
    )
    if not counts:
        raise BadIdToken
    verified = said.email_verified in (True, "true")
    return Claims(subject=said.sub, email=said.email if verified else None, once=_once(said, provider))


def _once(said: _Said, provider: Provider) -> Once | None:
    """By what it says: the same can be signed, and written, in several ways."""
    if said.nonce is None:
        return None
    parts = (said.iss, said.sub, said.nonce, str(said.iat))
    named = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Once(named, int(said.exp * 1000) + provider.skew_ms)


def _signed(token: str, key: Mapping[str, Any] | None) -> _Said:
    """What was signed with this key, by the algorithm that goes with it."""
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get((key or {}).get("kty", ""))
    if key is None or algorithm is None or key.get("use", "sig") != "sig":
        raise BadIdToken
    try:
        jwk = jwt.PyJWK(dict(key), algorithm)
        payload = jwt.PyJWS(options={"enforce_minimum_key_length": True}).decode(token, jwk, [algorithm])
        said = msgspec.json.decode(payload, type=_Said)
    except (PyJWTError, msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        raise BadIdToken from None
    if not (0 <= said.exp <= _MOST_S and 0 <= said.iat <= _MOST_S):
        raise BadIdToken
    return said


def _is_asked_for(said: str | None, nonce: str | None) -> bool:
    if said is None or nonce is None:
        return said is None and nonce is None
    hashed = hashlib.sha256(nonce.encode()).hexdigest()
    return any(hmac.compare_digest(said.encode(), each.encode()) for each in (nonce, hashed))
