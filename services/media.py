"""Pictures that users upload: checked, kept, shown to whom they are for, and deleted in time.

The rules are in `media_rules.py`; how a picture is decoded, in `pictures.py`. What is uploaded for a report
is encrypted, and only moderators are shown it, each time on the audit log.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog
from msgspec import Struct

from core.clock import Clock
from core.contract.media import SignedAddress
from core.errors import Banned, InvalidRequest, NotFound, RateLimited, Unavailable
from core.seals import Sealed, Seals
from core.settings import Settings
from core.vocabulary import MediaPurpose, MediaState
from db.postgres.idempotency import IdempotencyKey
from db.postgres.media import Media, MediaStore
from services.media_addresses import MediaAddresses
from services.media_rules import looks_like_a_picture, may_be_seen, signed
from services.pictures import Pictures
from services.ports import Objects

DAY_MS = 86_400_000
_STORING_MS = 3_600_000  # far longer than it takes: what is still not stored then never will be
_RETRY_MS = 1000
_log = structlog.get_logger()


class UploadLimits:
    """How much one upload may be, how much of all of them one process holds at once, and how many of one
    account, or one could take the memory of all by sending slowly, and their turns at being read.

    Nor may a few accounts: what is more than one upload leaves as much free as its account holds.
    """

    def __init__(self, settings: Settings) -> None:
        self.max_bytes = settings.max_upload_bytes
        self._free, self._most = settings.upload_memory_bytes, settings.uploads_at_once
        self._of_accounts: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    @contextmanager
    def one(self, owner_id: str) -> Iterator[Callable[[int], None]]:
        """One more upload of this account, for as long as the block lasts. Raises `RateLimited` for too many.

        Call what it gives with the size of what comes: it raises `Unavailable` for too much at once.
        """
        if self._of_accounts[owner_id] >= self._most:
            raise RateLimited("Too many uploads of this account at the same time.", retry_after_ms=_RETRY_MS)
        self._of_accounts[owner_id] += 1
        try:
            with self._holding(owner_id) as more:
                yield more
        finally:
            _less(self._of_accounts, owner_id, 1)

    @contextmanager
    def _holding(self, owner_id: str) -> Iterator[Callable[[int], None]]:
        held = 0

        def more(size: int) -> None:
            nonlocal held
            left, own = self._free - size, self._held[owner_id] + size
            if left < 0 or own > max(self.max_bytes, left):
                raise Unavailable("Too much is being uploaded: try again shortly.", retry_after_ms=_RETRY_MS)
            held, self._free, self._held[owner_id] = held + size, left, own

        try:
            yield more
        finally:
            self._free += held
            _less(self._held, owner_id, held)


def _less(counted: Counter[str], key: str, by: int) -> None:
    counted[key] -= by
    if not counted[key]:
        del counted[key]


class Viewer(Struct, frozen=True):
    """Who asks; `staff`: as a moderator or admin."""

    user_id: str
    staff: bool


class Shown(Struct, frozen=True):
    """A media as somebody sees it; `original`: where it can be opened."""

    media: Media
    original: str | None = None


class MediaService:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: MediaStore,
        objects: Objects,
        *,
        pictures: Pictures,
        seals: Seals,
        addresses: MediaAddresses,
        first_state: Callable[[MediaPurpose], MediaState | None],
        new_id: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._store, self._objects = store, objects
        self._pictures, self._seals, self._addresses = pictures, seals, addresses
        self._first_state, self._new_id, self._clock = first_state, new_id, clock

    async def upload(
        self, owner_id: str, purpose: MediaPurpose, data: bytes, key: IdempotencyKey | None
    ) -> Media:
        """Keep this picture. Raises `InvalidRequest` (it is none), `Unavailable`, `IdempotencyConflict`.

        `Banned`, if the owner was since the request came: a picture may take long to come.
        """
        if (known := await self._store.kept(key)) is not None:
            return known
        state = self._first_state(purpose)
        if state is None:
            raise InvalidRequest("Nobody is there to look at pictures.", details={"field": "purpose"})
        if not looks_like_a_picture(data):
            raise InvalidRequest("Send a JPEG, PNG or WebP.", details={"field": "file"})
        picture = await self._pictures.decoded(data, owner_id)
        media_id = self._new_id()
        sealed = self._seals.seal(picture.data, media_id)
        media = Media(
            id=media_id,
            owner_id=owner_id,
            purpose=purpose,
            type="image",
            state=state,
            size=len(picture.data),
            width=picture.width,
            height=picture.height,
            key=f"{purpose}/{media_id}",
            key_id=sealed.key_id,
        )
        now = self._clock()
        if not await self._store.begin(media, hash=signed(picture.hash), now=now, until=now + _STORING_MS):
            raise Banned
        await self._objects.put(media.key, sealed.box)
        return await self._store.stored(media, key, until=now + DAY_MS)

    async def shown(self, media_id: str, viewer: Viewer, server: str, now: int) -> Shown:
        """It, as this user sees it. Raises `NotFound`."""
        media = await self._store.find(media_id, now)
        if media is None or not may_be_seen(
            media.state,
            purpose=media.purpose,
            by_owner=media.owner_id == viewer.user_id,
            by_staff=viewer.staff,
            used=media.used,
        ):
            raise NotFound
        if not viewer.staff:
            return Shown(media)
        await self._store.looked(media, viewer.user_id, "media_address_given", now)
        return Shown(media, self._addresses.original(media_id, viewer.user_id, server, now))

    async def original(self, media_id: str, address: SignedAddress, now: int) -> bytes:
        """The picture, by an address that was given for it. Raises `NotFound`, `Unavailable`."""
        if not self._addresses.opens(media_id, address, now):
            raise NotFound
        media = await self._store.find(media_id, now)
        if media is None or not await self._store.is_moderator(address.viewer, now):
            raise NotFound
        await self._store.looked(media, address.viewer, "media_seen", now)
        picture = await self.content(media)
        if picture is None:
            raise NotFound("The picture is lost, or was encrypted with a secret that is not set any more.")
        return picture

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
        """Delete what the owner has not used. Raises `NotFound`."""
        key = await self._store.let_go(media_id, owner_id, now)
        if key is None:
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
            await self._objects.delete(key)
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
