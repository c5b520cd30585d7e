"""Codes that are shown as QR and hold for moments: what they stand for and when, signed (Ed25519). Pure.

A code is of characters that a URL has, too: which key has signed it, then, in base64, 16 bytes of an id, four
of the time in seconds, and 64 of the signature. What is signed for one purpose is nothing for another, since
keys differ. Whoever has the public keys can check one without asking anybody.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from core.keys import SigningKey

_VERSION = "R1"
_KID = 16
_SAID = struct.Struct(">16sI")
_LENGTH = len(_VERSION) + _KID + (_SAID.size + 64) * 4 // 3
LONGEST_CODE = 200


class Code(Struct, frozen=True):
    """What is shown, and until when (ms)."""

    text: str
    expires_at: int


class CodeRead(Struct, frozen=True):
    """What a code stands for; `fresh`: it is of these moments."""

    subject: str
    fresh: bool


class NotOurs(Exception):
    """No code, or none that we have signed."""


class SignedCodes:
    """Codes of one purpose: the first key signs, all of them verify.

    A code holds for `window_s`. `skew_s`: by how much clocks may differ, and how long a scan may take.
    """

    def __init__(self, keys: Sequence[SigningKey], *, window_s: int = 30, skew_s: int = 5) -> None:
        made = [(key.kid, Ed25519PrivateKey.from_private_bytes(key.value)) for key in keys]
        self._kid, self._signs = made[0]
        self._verify = {kid: key.public_key() for kid, key in made}
        self._window_ms, self._skew_ms = window_s * 1000, skew_s * 1000

    def write(self, subject: str, now: int) -> Code:
        """A code of this id (a UUID), from now on."""
        at = now // 1000
        said = _SAID.pack(UUID(subject).bytes, at)
        text = urlsafe_b64encode(said + self._signs.sign(said)).decode()
        return Code(f"{_VERSION}{self._kid}{text}", at * 1000 + self._window_ms)

    def read(self, text: str, now: int) -> CodeRead:
        """What it stands for. Raises `NotOurs`."""
        head = len(_VERSION) + _KID
        key = self._verify.get(text[len(_VERSION) : head])
        if key is None or not text.startswith(_VERSION) or len(text) != _LENGTH:
            raise NotOurs
        try:
            box = urlsafe_b64decode(text[head:].encode("ascii"))
            said, signature = box[: _SAID.size], box[_SAID.size :]
            key.verify(signature, said)
        except (ValueError, InvalidSignature):
            raise NotOurs from None
        subject, seconds = _SAID.unpack(said)
        age_ms = now - seconds * 1000
        fresh = -self._skew_ms <= age_ms < self._window_ms + self._skew_ms
        return CodeRead(str(UUID(bytes=subject)), fresh)
