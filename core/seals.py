"""Seals: what is stored so that a copy of the database alone tells nothing of it (AES-256-GCM).

The key is derived from the operator's secret for one purpose (`core.keys`), and its id is stored beside what
was sealed, so what was sealed with the previous secret can still be opened. What is sealed belongs to
something, such as a user: moved to another row it does not open.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from core.keys import SigningKey

_NONCE = 12


class Sealed(Struct, frozen=True):
    """What is stored: the id of the key, and nonce, ciphertext and tag in one."""

    key_id: str
    box: bytes


class Seals:
    """Seals with the first of the `keys` and opens with all of them."""

    def __init__(self, keys: tuple[SigningKey, ...]) -> None:
        self._first = keys[0]
        self._ciphers = {key.kid: AESGCM(key.value) for key in keys}

    def seal(self, content: bytes, of: str) -> Sealed:
        """The content, which belongs to `of`."""
        nonce = secrets.token_bytes(_NONCE)
        cipher = self._ciphers[self._first.kid]
        return Sealed(self._first.kid, nonce + cipher.encrypt(nonce, content, of.encode()))

    def open(self, sealed: Sealed, of: str) -> bytes | None:
        """What was sealed; None if its secret is gone, it is not of that one, or it is damaged."""
        if (cipher := self._ciphers.get(sealed.key_id)) is None:
            return None
        try:
            return cipher.decrypt(sealed.box[:_NONCE], sealed.box[_NONCE:], of.encode())
        except (InvalidTag, ValueError):
            return None

    def is_old(self, sealed: Sealed) -> bool:
        """Whether it should be sealed anew, because the secret has been changed since."""
        return sealed.key_id != self._first.kid
