"""Addresses that are signed (HMAC-SHA256) by a key of the operator's secret, and expire. Pure.

They need no session: a page can show what they open. Evidence is opened by an address of one viewer, a file
that is shown by whoever was told its address, and what was announced is uploaded to one.
"""

import hmac
from collections.abc import Sequence

from core.contract.media import FileAddress, SignedAddress
from core.keys import SigningKey
from core.macs import Mac
from core.vocabulary import Rendition


class _Signer:
    """Signs with the first of the keys and knows what any of them has signed."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._macs = [Mac(key.value) for key in keys]

    def signature(self, said: str) -> str:
        return self._macs[0].of(said.encode()).hex()

    def knows(self, signature: str, said: str) -> bool:
        ours = [hmac.compare_digest(mac.of(said.encode()).hex(), signature) for mac in self._macs]
        return any(ours)


class MediaAddresses:
    """Evidence: an address names media, viewer and time. Valid for `valid_ms`."""

    def __init__(self, keys: Sequence[SigningKey], *, valid_ms: int) -> None:
        self._signer, self._valid_ms = _Signer(keys), valid_ms

    def original(self, media_id: str, viewer: str, server: str, now: int) -> str:
        """Where the viewer may open it; `server` as `https://example.org`."""
        expires = (now + self._valid_ms) // 1000
        signature = self._signer.signature(f"{media_id}\n{viewer}\n{expires}")
        query = f"viewer={viewer}&expires={expires}&signature={signature}"
        return f"{server}/v1/media/{media_id}/original?{query}"

    def opens(self, media_id: str, address: SignedAddress, now: int) -> bool:
        """Whether this is one of them, and still valid."""
        said = f"{media_id}\n{address.viewer}\n{address.expires}"
        known = self._signer.knows(address.signature, said)
        return known and now < address.expires * 1000


class FileAddresses:
    """What is shown: the same address for all who are told it in some time, so that caches keep it. That of
    `s640` opens `s160` too: a card names one photo, and a list shows it small.

    Valid for `valid_ms`, or up to twice as long. `base`: where files are read, if not on the server.
    """

    def __init__(self, keys: Sequence[SigningKey], *, base: str, valid_ms: int) -> None:
        self._signer, self._base, self._valid_ms = _Signer(keys), base.rstrip("/"), valid_ms

    def since(self, now: int) -> int:
        """Since when (ms) the same address was told as is now."""
        return now // self._valid_ms * self._valid_ms

    def of(self, media_id: str, name: Rendition, now: int) -> str:
        """Where it is read; relative to the server without a `base`."""
        expires = (now // self._valid_ms + 2) * self._valid_ms // 1000
        signature = self._signer.signature(f"{media_id}\n{name}\n{expires}")
        return f"{self._base}/v1/media/{media_id}/files/{name}?expires={expires}&signature={signature}"

    def opens(self, media_id: str, name: str, address: FileAddress, now: int) -> bool:
        """Whether this is one of them, and still valid."""
        named = (name, "s640") if name == "s160" else (name,)
        known = any(
            self._signer.knows(address.signature, f"{media_id}\n{one}\n{address.expires}") for one in named
        )
        return known and now < address.expires * 1000


class UploadAddresses:
    """Where something that was announced is uploaded. Valid for `valid_ms`."""

    def __init__(self, keys: Sequence[SigningKey], *, valid_ms: int) -> None:
        self._signer, self.valid_ms = _Signer(keys), valid_ms

    def of(self, media_id: str, server: str, expires_at: int) -> str:
        """Where it is sent until then (ms); `server` as `https://example.org`."""
        expires = expires_at // 1000
        signature = self._signer.signature(f"{media_id}\n{expires}")
        return f"{server}/v1/media/uploads/{media_id}?expires={expires}&signature={signature}"

    def takes(self, media_id: str, address: FileAddress, now: int) -> bool:
        """Whether this is one of them, and still valid."""
        return self._signer.knows(address.signature, f"{media_id}\n{address.expires}") and (
            now < address.expires * 1000
        )


class ExportAddresses:
    """Copies of somebody's own data. Valid for `valid_ms`."""

    def __init__(self, keys: Sequence[SigningKey], *, valid_ms: int) -> None:
        self._signer, self._valid_ms = _Signer(keys), valid_ms

    def of(self, export_id: str, server: str, now: int) -> str:
        """Where it is read; `server` as `https://example.org`."""
        expires = (now + self._valid_ms) // 1000
        signature = self._signer.signature(f"{export_id}\n{expires}")
        return f"{server}/v1/exports/{export_id}?expires={expires}&signature={signature}"

    def opens(self, export_id: str, address: FileAddress, now: int) -> bool:
        """Whether this is one of them, and still valid."""
        known = self._signer.knows(address.signature, f"{export_id}\n{address.expires}")
        return known and now < address.expires * 1000
