"""Media as the wire shows them, with the addresses at which they are read."""

from typing import Protocol, cast

from msgspec import UNSET
from msgspec.structs import asdict, replace

from core.clock import Clock
from core.contract.media import MediaUrls, MediaView
from core.vocabulary import Rendition
from db.postgres.media import Media


class Addresses(Protocol):
    """Where files of media are read."""

    def of(self, media_id: str, name: Rendition, now: int) -> str:
        """Good for some time from `now` (ms); relative to the server if it is read there."""


class MediaViews:
    """Shows media. Whoever asks has found that the reader may see them."""

    def __init__(self, addresses: Addresses, clock: Clock) -> None:
        self._addresses, self._clock = addresses, clock

    def view(self, media: Media) -> MediaView:
        """It, with where its files are, but for evidence and what was refused."""
        return MediaView(
            id=media.id,
            type=media.type,
            state=media.state,
            size=media.size,
            urls=self._urls(media),
            reason=media.reason or UNSET,
            width=media.width or UNSET,
            height=media.height or UNSET,
            duration_ms=media.duration_ms or UNSET,
            blurhash=media.blurhash or UNSET,
        )

    def photo(self, media_id: str) -> str:
        """Where the photo of a card is read."""
        return self._addresses.of(media_id, "s640", self._clock())

    def _urls(self, media: Media) -> MediaUrls:
        if media.purpose == "report" or media.state == "refused":
            return MediaUrls()
        now = self._clock()
        names = ("original", *media.renditions)
        found = {
            name: self._addresses.of(media.id, cast("Rendition", name), now)
            for name in MediaUrls.__struct_fields__
            if name in names
        }
        return MediaUrls(**found)


def at_server(view: MediaView, server: str) -> MediaView:
    """The same with addresses that say where this server is."""
    urls = {name: complete(url, server) for name, url in asdict(view.urls).items() if url is not UNSET}
    return replace(view, urls=MediaUrls(**urls))


def complete(url: str, server: str) -> str:
    """An address that says where it is; `server` as `https://example.org`."""
    return server + url if url.startswith("/") else url
