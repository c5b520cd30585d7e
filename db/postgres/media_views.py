"""Media as the wire shows them, with the addresses at which they are read."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from core.clock import Clock
from core.contract.media import MediaUrls, MediaView
from core.vocabulary import Rendition
from db.postgres.media import Media

_RENDITIONS: Final[tuple[Rendition, ...]] = ("s160", "s640", "s1280")
# Of so many media addresses are remembered: about a kilobyte of each.
_REMEMBERED = 4096
_NOWHERE: Final = MediaUrls()


class Addresses(Protocol):
    """Where files of media are read."""

    def of(self, media_id: str, name: Rendition, now: int) -> str:
        """Good for some time from `now` (ms); relative to the server if it is read there."""

    def since(self, now: int) -> int:
        """Since when (ms) the same addresses were told as are now."""


class MediaViews:
    """Shows media. Whoever asks has found that the reader may see them.

    Addresses say where this `server` is (as `https://example.org`), or are relative to it. All who are told
    them in some time are told the same: so they are signed once, and remembered.
    """

    def __init__(self, addresses: Addresses, clock: Clock) -> None:
        self._addresses, self._clock = addresses, clock
        self._urls, self._photo = lru_cache(_REMEMBERED)(self._made), lru_cache(_REMEMBERED)(self._address)

    def view(self, media: Media, server: str = "") -> MediaView:
        """It, with where its files are, but for evidence and what was refused."""
        return self.kept(asdict(media), server)

    def kept(self, media: Mapping[str, Any], server: str = "") -> MediaView:
        """The same of a row of `social.media` as JSON: what that holds has passed its checks."""
        urls = _NOWHERE
        if media["purpose"] != "report" and media["state"] != "refused":
            since = self._addresses.since(self._clock())
            urls = self._urls(media["id"], tuple(media["renditions"]), since, server)
        return MediaView(
            id=media["id"],
            type=media["type"],
            state=media["state"],
            size=media["size"],
            urls=urls,
            reason=media["reason"] or UNSET,
            width=media["width"] or UNSET,
            height=media["height"] or UNSET,
            duration_ms=media["duration_ms"] or UNSET,
            blurhash=media["blurhash"] or UNSET,
            name=media.get("name") or UNSET,
        )

    def photo(self, media_id: str, server: str = "") -> str:
        """Where the photo of a card is read."""
        return self._photo(media_id, "s640", self._addresses.since(self._clock()), server)

    def _made(self, media_id: str, renditions: tuple[str, ...], since: int, server: str) -> MediaUrls:
        there = {
            name: self._address(media_id, name, since, server) for name in _RENDITIONS if name in renditions
        }
        return MediaUrls(original=self._address(media_id, "original", since, server), **there)

    def _address(self, media_id: str, name: Rendition, since: int, server: str) -> str:
        return complete(self._addresses.of(media_id, name, since), server)


def at_server(view: MediaView, server: str) -> MediaView:
    """The same with addresses that say where this server is."""
    urls = view.urls
    there = MediaUrls(
        original=_complete(urls.original, server),
        s160=_complete(urls.s160, server),
        s640=_complete(urls.s640, server),
        s1280=_complete(urls.s1280, server),
    )
    return replace(view, urls=there)


def complete(url: str, server: str) -> str:
    """An address that says where it is; `server` as `https://example.org`."""
    return server + url if url.startswith("/") else url


def _complete(url: str | UnsetType, server: str) -> str | UnsetType:
    return UNSET if url is UNSET else complete(url, server)
