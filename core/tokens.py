"""Tokens: short-lived signed access tokens, signed marks of known devices, and opaque refresh tokens, of
which only a hash is stored.

Signed tokens are JWTs (HS256) whose header names the key. Their claims are checked like everything else that
a client sends, though they are signed. One is read at each request and connect: as the header is known, that
is one HMAC over bytes that are compared as they came.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

import jwt
import msgspec
from msgspec import Meta, Struct

from core import base64url
from core.errors import TokenExpired, Unauthenticated
from core.keys import SigningKey
from core.macs import Mac
from core.vocabulary import Id

_ALGORITHM = "HS256"
_LONGEST = 4096
# So many access tokens are remembered as read: a kilobyte each, and every client asks again with its own.
_REMEMBERED = 4096
_JWS = jwt.PyJWS()

Issuer = Literal["realtime-connect"]
# Seconds since the epoch, up to the year 2242.
Moment = Annotated[int, Meta(ge=0, le=2**33)]
S = TypeVar("S", bound=Struct)


class Access(Struct, frozen=True):
    """What an access token says: its user, and the session (the family of refresh tokens) that it came from.

    `twin` is the fingerprint of the refresh token that was issued with it.
    """

    user_id: str
    session_id: str
    twin: bytes
    expires_at: int


class _AccessClaims(Struct, kw_only=True):
    iss: Issuer = "realtime-connect"
    sub: Id
    sid: Id
    twin: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    iat: Moment
    exp: Moment


class _Signed:
    """Signs and reads claims of one kind. Of the `keys` the first one signs and all of them verify."""

    def __init__(self, keys: tuple[SigningKey, ...]) -> None:
        self._first = keys[0]
        # The header is never parsed: it has to be one of those that we write ourselves.
        self._by_header = {_signed(key, b"").partition(".")[0]: Mac(key.value) for key in keys}

    def sign(self, claims: Struct) -> str:
        return _signed(self._first, msgspec.json.encode(claims))

    def read(self, token: str, kind: type[S]) -> S | None:
        """The claims; None if the token is not one of ours, or not of this kind."""
        said, _, mark = token.rpartition(".")
        header, _, claims = said.partition(".")
        mac = self._by_header.get(header)
        if mac is None or len(token) > _LONGEST or not token.isascii():
            return None
        if not hmac.compare_digest(mark, base64url.written(mac.of(said.encode()))):
            return None
        try:
            return msgspec.json.decode(base64url.read(claims), type=kind)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return None


def _signed(key: SigningKey, payload: bytes) -> str:
    return _JWS.encode(payload, key.value, _ALGORITHM, headers={"kid": key.kid})


class AccessTokens:
    """Signs and reads access tokens. Times are Unix milliseconds."""

    def __init__(self, keys: tuple[SigningKey, ...], lifetime_s: int) -> None:
        self._signed = _Signed(keys)
        self._known = lru_cache(_REMEMBERED)(self._read)
        self._forget_at = 0
        self.lifetime_s = lifetime_s

    def issue(self, user_id: str, session_id: str, twin: bytes, now: int) -> str:
        """A token that is valid for `lifetime_s` from now."""
        seconds = now // 1000
        claims = _AccessClaims(
            sub=user_id, sid=session_id, twin=twin.hex(), iat=seconds, exp=seconds + self.lifetime_s
        )
        return self._signed.sign(claims)

    def read(self, token: str, now: int) -> Access:
        """What it says. Raises `Unauthenticated`, or `TokenExpired` if it was valid and has expired."""
        if now >= self._forget_at:  # all, as one would have to look for those that have expired
            self._known.cache_clear()
            self._forget_at = now + self.lifetime_s * 1000
        access = self._known(token)
        if access.expires_at <= now:
            raise TokenExpired
        return access

    def _read(self, token: str) -> Access:
        """The same at any time. What is not valid raises, and is never remembered."""
        claims = self._signed.read(token, _AccessClaims)
        if claims is None:
            raise Unauthenticated("This access token is not valid.")
        return Access(claims.sub, claims.sid, bytes.fromhex(claims.twin), claims.exp * 1000)


class Device(Struct, frozen=True):
    """A device on which its user has signed in before."""

    user_id: str
    id: str


class _DeviceClaims(Struct, kw_only=True):
    iss: Issuer = "realtime-connect"
    sub: Id
    dev: Annotated[str, Meta(pattern=r"^[\w-]{16}$(?!\n)")]
    exp: Moment


class DeviceTokens:
    """Signs and reads the marks of known devices. They let nobody in, and only say who signed in there."""

    def __init__(self, keys: tuple[SigningKey, ...], lifetime_s: int) -> None:
        self._signed = _Signed(keys)
        self._lifetime_s = lifetime_s

    def issue(self, user_id: str, known: Device | None, now: int) -> str:
        """A mark of the device: of the one that is known already, or of a new one."""
        device = known.id if known and known.user_id == user_id else secrets.token_urlsafe(12)
        return self._signed.sign(_DeviceClaims(sub=user_id, dev=device, exp=now // 1000 + self._lifetime_s))

    def read(self, token: str | None, now: int) -> Device | None:
        """The device that it marks; None if there is no mark, or it is not valid (any more)."""
        claims = self._signed.read(token, _DeviceClaims) if token else None
        return Device(claims.sub, claims.dev) if claims and claims.exp * 1000 > now else None


def new_refresh_token() -> str:
    """256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> bytes:
    """The hash of a refresh token that is stored. SHA-256 is enough, because the token is random."""
    return hashlib.sha256(token.encode()).digest()
