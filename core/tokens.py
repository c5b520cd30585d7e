"""Tokens: short-lived signed access tokens, and opaque refresh tokens of which only a hash is kept."""

import hashlib
import secrets

import jwt
from msgspec import Struct

from core.errors import TokenExpired, Unauthenticated

_ALGORITHM = "HS256"
_ISSUER = "realtime-connect"


class Access(Struct, frozen=True):
    """Who an access token speaks for. `session_id` names the family of refresh tokens it came from."""

    user_id: str
    session_id: str
    expires_at: int


class AccessTokens:
    """Signs and reads access tokens. Times are Unix milliseconds."""

    def __init__(self, secret: str, lifetime_s: int) -> None:
        self._secret = secret
        self.lifetime_s = lifetime_s

    def issue(self, user_id: str, session_id: str, now: int) -> str:
        """A token that serves `lifetime_s` from now."""
        seconds = now // 1000
        claims = {
            "iss": _ISSUER,
            "sub": user_id,
            "sid": session_id,
            "iat": seconds,
            "exp": seconds + self.lifetime_s,
        }
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def read(self, token: str, now: int) -> Access:
        """Whom it speaks for. Raises `Unauthenticated`, or `TokenExpired` when only time is against it."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                [_ALGORITHM],
                issuer=_ISSUER,
                # Time is our argument, not the library's clock.
                options={"require": ["exp", "sub", "sid"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise Unauthenticated("This access token is not valid.") from None
        if claims["exp"] * 1000 <= now:
            raise TokenExpired
        return Access(claims["sub"], claims["sid"], claims["exp"] * 1000)


def new_refresh_token() -> str:
    """256 bits of chance in URL-safe text."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> bytes:
    """What is stored of a refresh token: SHA-256 suffices, since the token is pure chance."""
    return hashlib.sha256(token.encode()).digest()
