"""Keys for one purpose each, derived from the operator's secret (HKDF-SHA256, RFC 5869). Pure.

From one key no other can be found, and what is signed for one purpose is not valid for another. What was
signed with the previous secret still counts, so that a secret can be changed while people are signed in.
"""

import hmac
from typing import Literal

from msgspec import Struct

from core.settings import Settings

# A new use of the secret is a new purpose.
Purpose = Literal[
    "access token",
    "device token",
    "place in a stream",
    "one-time codes",
    "sent codes",
    "logins",
    "refused ages",
    "media at rest",
    "address of a media",
    "address of a file",
    "address of an upload",
    "address of an export",
    "marks of accounts",
    "evidence",
    "jobs",
]

_SALT = b"realtime-connect"


class SigningKey(Struct, frozen=True):
    """`kid` names the secret from which it was derived, without telling anything about it."""

    kid: str
    value: bytes


class Keyring:
    """The operator's secret and, while it is being changed, the previous one."""

    def __init__(self, secret: str, previous: str = "") -> None:
        self._secrets = [text.encode() for text in (secret, previous) if text]

    @classmethod
    def of(cls, settings: Settings) -> "Keyring":
        """As the operator has set them."""
        return cls(settings.secret, settings.secret_previous)

    def keys(self, purpose: Purpose) -> tuple[SigningKey, ...]:
        """The keys for this purpose: the first one signs, all of them verify."""
        return tuple(SigningKey(_derived(s, "kid")[:8].hex(), _derived(s, purpose)) for s in self._secrets)


def _derived(secret: bytes, info: str) -> bytes:
    """32 bytes by HKDF: one step of extraction, one of expansion."""
    extracted = hmac.digest(_SALT, secret, "sha256")
    return hmac.digest(extracted, info.encode() + b"\x01", "sha256")
