"""Seals: what is stored so that a copy of the database alone tells nothing of it (AES-256-GCM).

The key is derived from the operator's secrets for one purpose (`core.keys`), and its id is stored beside what
was sealed, so what was sealed with a previous one can still be opened. What is sealed belongs to
something, such as a user: moved to another row it does not open.
"""

import secrets
from collections.abc import Sequence

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

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = keys
        self._ciphers: dict[str, AESGCM] = {}  # those that were used, by the id of the key

    def seal(self, content: bytes, of: str) -> Sealed:
        """The content, which belongs to `of`."""
        nonce, key = secrets.token_bytes(_NONCE), self._keys[0]
        return Sealed(key.kid, nonce + self._cipher(key).encrypt(nonce, content, of.encode()))

    def open(self, sealed: Sealed, of: str) -> bytes | None:
        """What was sealed; None if its secret is gone, it is not of that one, or it is damaged."""
        if (cipher := self._ciphers.get(sealed.key_id)) is None:
            key = next((key for key in self._keys if key.kid == sealed.key_id), None)
            if key is None:
                return None
            cipher = self._cipher(key)
        try:
            return cipher.decrypt(sealed.box[:_NONCE], sealed.box[_NONCE:], of.encode())
        except (InvalidTag, ValueError):
            return None

    def is_old(self, sealed: Sealed) -> bool:
        """Whether it should be sealed anew, because the secret has been changed since."""
        return sealed.key_id != self._keys[0].kid

    def _cipher(self, key: SigningKey) -> AESGCM:
        if (cipher := self._ciphers.get(key.kid)) is None:
            cipher = self._ciphers[key.kid] = AESGCM(key.value)
        return cipher
