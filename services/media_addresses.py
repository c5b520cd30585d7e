"""Addresses of pictures that only one person may open, and not for long. Pure.

An address names media, viewer and time, and is signed (HMAC-SHA256) by a key of the operator's secret: it
needs no session, so that a page can show the picture, and it is worth nothing to anybody a minute later.
"""

import hmac
from collections.abc import Sequence

from core.contract.media import SignedAddress
from core.keys import SigningKey


class MediaAddresses:
    """Gives addresses that are valid for `valid_ms`, and knows its own."""

    def __init__(self, keys: Sequence[SigningKey], *, valid_ms: int) -> None:
        self._keys, self._valid_ms = keys, valid_ms

    def original(self, media_id: str, viewer: str, server: str, now: int) -> str:
        """Where the viewer may open it; `server` as `https://example.org`."""
        expires = (now + self._valid_ms) // 1000
        signature = _signature(self._keys[0], media_id, viewer, expires)
        query = f"viewer={viewer}&expires={expires}&signature={signature}"
        return f"{server}/v1/media/{media_id}/original?{query}"

    def opens(self, media_id: str, address: SignedAddress, now: int) -> bool:
        """Whether this is one of them, and still valid."""
        signatures = (_signature(key, media_id, address.viewer, address.expires) for key in self._keys)
        ours = [hmac.compare_digest(signature, address.signature) for signature in signatures]
        return any(ours) and now < address.expires * 1000


def _signature(key: SigningKey, media_id: str, viewer: str, expires: int) -> str:
    return hmac.digest(key.value, f"{media_id}\n{viewer}\n{expires}".encode(), "sha256").hex()
