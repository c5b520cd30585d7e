"""Media that users have uploaded (`uploads.py`): shown to whom they are for, and deleted in time.

The rules are in `media_rules.py`. What is uploaded for a report is encrypted, and only moderators are shown
it, each time on the audit log.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.clock import DAY_MS
from core.contract.media import FileAddress, MediaUrls, MediaView, SignedAddress
from core.errors import Conflict, NotFound, Unavailable
from core.seals import Sealed, Seals
from db.postgres.media import Media, MediaStore
from db.postgres.media_views import MediaViews, at_server
from db.postgres.profiles import ProfileStore
from services.media_addresses import FileAddresses, MediaAddresses
from services.media_rules import AVIF, may_be_seen, object_of, objects_of
from services.pieces import PIECE_BYTES, pieces
from services.ports import Objects

_log = structlog.get_logger()


class Viewer(Struct, frozen=True):
    """Who asks; `staff`: as a moderator or admin."""

    user_id: str
    staff: bool


class File(Struct, frozen=True):
    """A file of a media, or the `part` of its `size` bytes that was asked for; `tag` names its content, and
    `name` is what it is called. What is long comes in pieces, of `length` bytes together.
    """

    data: bytes | AsyncIterator[bytes]
    content_type: str
    tag: str = ""
    part: range | None = None
    size: int | None = None
    name: str | None = None
    length: int | None = None


Part = Callable[[int, str], range | None]
"""Which of so many bytes, of the file with this tag, somebody wants; None: all."""


class MediaService:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: MediaStore,
        objects: Objects,
        *,
        seals: Seals,
        addresses: MediaAddresses,
        files: FileAddresses,
        views: MediaViews,
        profiles: ProfileStore,
    ) -> None:
        self._store, self._objects = store, objects
        self._seals, self._addresses = seals, addresses
        self._files, self._views, self._profiles = files, views, profiles

    async def shown(self, media_id: str, viewer: Viewer, server: str, now: int) -> MediaView:
        """It, as this user sees it: moderators that of others on the audit log. Raises `NotFound`."""
        media = await self._store.find(media_id, now)
        by_owner = media is not None and media.owner_id == viewer.user_id
        if media is None or not may_be_seen(
            media.state,
            purpose=media.purpose,
            by_owner=by_owner,
            by_staff=viewer.staff,
            used=media.used,
            gone=media.gone,
        ):
            raise NotFound
        if not (by_owner or viewer.staff or await self._is_shown(media, viewer.user_id, now)):
            raise NotFound
        view = at_server(self._views.view(media), server)
        if not viewer.staff or (by_owner and media.purpose != "report"):
            return view
        await self._store.looked(media, viewer.user_id, "media_address_given", now)
        original = self._addresses.original(media_id, viewer.user_id, server, now)
        return replace(view, urls=MediaUrls(original=original))

    async def _is_shown(self, media: Media, viewer_id: str, now: int) -> bool:
        """Whether they see what it is used for."""
        if media.purpose == "post":
            return await self._store.in_a_post_shown(media.id, viewer_id, now)
        if media.purpose == "chat":
            return await self._store.shown_in_a_room(media.id, viewer_id)
        return await self._profiles.visible_card(media.owner_id, viewer_id, now) is not None

    async def original(self, media_id: str, address: SignedAddress, now: int) -> File:
        """The original, by an address that a moderator was given for it. Raises `NotFound`, `Unavailable`."""
        if not self._addresses.opens(media_id, address, now):
            raise NotFound
        media = await self._store.find(media_id, now)
        if media is None or not await self._store.is_moderator(address.viewer, now):
            raise NotFound
        await self._store.looked(media, address.viewer, "media_seen", now)
        picture = await self.content(media)
        if picture is None:
            raise NotFound("The picture is lost, or was encrypted with a secret that is not set any more.")
        return File(picture, media.content_type)

    async def file(
        self,
        media_id: str,
        name: str,
        address: FileAddress,
        now: int,
        part: Part | None = None,
        *,
        avif: bool = False,
    ) -> File:
        """What is read at an address that was given for it, by one who can read AVIF or not.

        Raises `NotFound`, `Unavailable`.
        """
        if not self._files.opens(media_id, name, address, now):
            raise NotFound
        media = await self._store.shown_file(media_id, now)
        if media is None or name not in ("original", *media.renditions):
            raise NotFound
        content_type = media.content_type if name == "original" else "image/webp"
        if avif and (smaller := AVIF.get(name)) in media.renditions:
            name, content_type = smaller, "image/avif"
        key, tag = object_of(media.key, name), f'"{media_id}.{name}"'
        if part is None and name != "original":  # a small picture: its length need not be asked for
            data = await self._objects.get(key)
            file = None if data is None else File(data, content_type, tag)
        else:
            file = await self._read(key, tag, content_type, part)
        if file is None:
            raise NotFound("The file is lost.")
        return replace(file, name=media.name)

    async def _read(self, key: str, tag: str, content_type: str, part: Part | None) -> File | None:
        """An object, or a part of it: nothing more of it is read than that, nor before it is taken."""
        size = await self._objects.size(key)
        if size is None:
            return None
        which = None if part is None else part(size, tag)
        wanted = range(size) if which is None else which
        if len(wanted) > PIECE_BYTES:
            long = pieces(self._objects, key, wanted)
            return File(long, content_type, tag, which, size, length=len(wanted))
        data = await self._objects.part(key, wanted) if wanted else b""
        return None if data is None else File(data, content_type, tag, which, size)

    async def content(self, media: Media) -> bytes | None:
        """Its bytes. None, and a line of the log: the object or its key is not there, or was changed."""
        box = await self._objects.get(media.key)
        if box is None or media.key_id is None:
            return box
        picture = self._seals.open(Sealed(media.key_id, box), media.id)
        if picture is None:
            _log.error("a picture cannot be opened: is its SECRET_PREVIOUS gone?", media_id=media.id)
        return picture

    async def delete(self, media_id: str, owner_id: str, now: int) -> None:
        """Delete what the owner has not used. Raises `NotFound`, `Conflict` for what is shown."""
        key = await self._store.let_go(media_id, owner_id, now)
        if key is None:
            media = await self._store.find(media_id, now)
            if media is None or media.owner_id != owner_id or media.gone:
                raise NotFound
            if media.purpose in ("post", "chat"):
                raise Conflict("It is in a post or message: delete that.")
            raise NotFound
        with suppress(Unavailable):  # it has expired all the same, and is deleted as soon as the store serves
            await self._remove([(media_id, key)], now)

    async def check_evidence(self, media_id: str, reporter: str, subject_id: str, now: int) -> None:
        """Check that somebody may report this subject with this picture. Raises `NotFound`."""
        if not await self._store.usable(media_id, reporter, subject_id, now):
            raise NotFound(
                "There is no such picture, or it was used before.", details={"field": "evidence_media_id"}
            )

    async def collect(self, now: int, *, limit: int) -> int:
        """Delete what has expired; gives how many those were."""
        due = await self._store.due(now, limit=limit)
        await self._remove(due, now)
        return len(due)

    async def _remove(self, due: Sequence[tuple[str, str]], now: int) -> None:
        """Objects first: whoever dies in between leaves rows, which are found again."""
        for _, key in due:
            for name in objects_of(key):
                await self._objects.delete(name)
        await self._store.delete([media_id for media_id, _ in due], now)

    async def sweep(self, now: int) -> int:
        """Delete objects of which there is no record; gives how many those were.

        A record comes before its object. Young ones are left alone all the same: somebody may be moving them.
        """
        swept = 0
        async for some in self._objects.listed():
            old = [one.key for one in some if now - one.at > DAY_MS]
            for key in await self._store.unknown(old):
                await self._objects.delete(key)
                swept += 1
        return swept
