"""What users upload: checked by what it contains, made anew without metadata, and kept.

How much of it at once is in `upload_limits.py`, what becomes of it afterwards in `media.py`.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from core.clock import DAY_MS, Clock, rfc3339
from core.contract.media import FILES, FileAddress, UploadPlan, UploadTarget
from core.errors import Banned, Conflict, InvalidRequest, NotFound, PayloadTooLarge
from core.file_names import file_name
from core.seals import Seals
from core.settings import Settings
from core.vocabulary import MediaPurpose, MediaState
from db.postgres.idempotency import IdempotencyKey
from db.postgres.media import Media, MediaStore
from services.avif import Avif
from services.decoders import Decoded, Decoders
from services.media_addresses import UploadAddresses
from services.media_rules import (
    ALIKE_BITS,
    FILED,
    PUBLIC,
    RECORDED,
    SIZES,
    SPOKEN,
    checked_purpose,
    looks_like_a_picture,
    looks_like_a_recording,
    object_of,
    signed,
    tells,
)
from services.ports import Objects

_STORING_MS = 3_600_000  # far longer than it takes: what is still not stored then never will be


class Uploads:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: MediaStore,
        objects: Objects,
        *,
        decoders: Decoders,
        avif: Avif,
        seals: Seals,
        addresses: UploadAddresses,
        settings: Settings,
        first_state: Callable[[MediaPurpose], MediaState | None],
        new_id: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._store, self._objects = store, objects
        self._decoders, self._avif = decoders, avif
        self._seals, self._addresses = seals, addresses
        self._max_bytes = settings.max_upload_bytes
        self._video_ms, self._voice_ms = settings.video_s * 1000, settings.voice_s * 1000
        self._first_state, self._new_id, self._clock = first_state, new_id, clock

    async def upload(
        self,
        owner_id: str,
        purpose: MediaPurpose,
        data: bytes,
        key: IdempotencyKey | None,
        called: str | None = None,
    ) -> Media:
        """Keep this; of a file also what it is `called`.

        Raises `InvalidRequest`, `Unavailable`, `IdempotencyConflict`.

        `Banned`, if the owner was since the request came: a picture may take long to come.
        """
        if (known := await self._store.kept(key)) is not None:
            return known
        state = self._begins(purpose)
        decoded = await self._decoded(owner_id, purpose, data)
        media, parts = self._made(self._new_id(), owner_id, purpose, state, decoded, called)
        resembled = await self._resembled(media)
        now = self._clock()
        if not await self._store.begin(media, now, until=now + _STORING_MS):
            raise Banned
        return await self._stored(media, parts, key, now, resembled)

    async def announce(
        self, owner_id: str, plan: UploadPlan, server: str, key: IdempotencyKey | None, now: int
    ) -> UploadTarget:
        """Where the owner may upload this, and for how long. Raises as `upload`, and `PayloadTooLarge`."""
        if plan.purpose == "report":
            raise InvalidRequest("Evidence is uploaded by `POST /v1/media`.", details={"field": "purpose"})
        if plan.content_type not in FILES:
            raise InvalidRequest(
                "Nothing of this type is taken.", details={"field": "content_type", "reason": "type"}
            )
        if plan.size > self._max_bytes:
            raise _too_large("size", self._max_bytes)
        media_id = self._new_id()
        media = Media(
            id=media_id,
            owner_id=owner_id,
            purpose=checked_purpose(plan.purpose),
            type="file",
            state=self._begins(plan.purpose),
            size=plan.size,
            key=f"{plan.purpose}/{media_id}",
            key_id=None,
            content_type=plan.content_type,
            name=file_name(plan.name),
        )
        until = now + self._addresses.valid_ms
        media = await self._store.announce(media, key, now, until=until + _STORING_MS)
        url = await self._objects.address_to_put(f"{media.key}.sent", self._addresses.valid_ms // 1000)
        return UploadTarget(
            id=media.id,
            url=url or self._addresses.of(media.id, server, until),
            method="PUT",
            headers={"Content-Type": media.content_type},
            expires_at=rfc3339(until),
        )

    async def expected(self, media_id: str, address: FileAddress, now: int) -> Media:
        """What was announced for this address. Raises `NotFound`."""
        media = await self._store.announced(media_id, now)
        if media is None or not self._addresses.takes(media_id, address, now):
            raise NotFound
        return media

    async def receive(self, media: Media, data: bytes) -> None:
        """It has come: once more, in place of what came before. Raises `Unavailable`."""
        await self._objects.put(f"{media.key}.sent", data)

    async def complete(self, media_id: str, owner_id: str, more: Callable[[int], None]) -> Media:
        """Take what was uploaded; `more` is told of how many bytes. What is refused is deleted.

        Raises `NotFound`, `Conflict` (nothing came), `PayloadTooLarge`, and as `upload`.
        """
        now = self._clock()
        media = await self._store.announced(media_id, now)
        if media is None or media.owner_id != owner_id:
            return await self._completed(media_id, owner_id, now)
        try:
            decoded = await self._decoded(owner_id, media.purpose, await self._sent(media, more))
            made, parts = self._made(media_id, owner_id, media.purpose, media.state, decoded, media.name)
            resembled = await self._resembled(made)
        except (InvalidRequest, PayloadTooLarge):
            await self._objects.delete(f"{media.key}.sent")
            raise
        except Conflict:  # what came may be gone because it was taken: who gave up waiting has asked again
            if await self._store.announced(media_id, now) is not None:
                raise
            return await self._completed(media_id, owner_id, now)
        await self._stored(made, parts, None, self._clock(), resembled)
        await self._objects.delete(f"{media.key}.sent")
        return await self._completed(media_id, owner_id, now)

    async def _completed(self, media_id: str, owner_id: str, now: int) -> Media:
        media = await self._store.find(media_id, now)
        if media is None or media.owner_id != owner_id or media.purpose == "report" or media.gone:
            raise NotFound
        return media

    async def _sent(self, media: Media, more: Callable[[int], None]) -> bytes:
        """An address of S3 bounds no size, so it is looked at before anything is read."""
        size = await self._objects.size(f"{media.key}.sent")
        if size is None:
            raise Conflict("Nothing has been uploaded to the address that was given.")
        if size > min(media.size, self._max_bytes):
            raise _too_large("size", media.size)
        more(size)
        data = await self._objects.get(f"{media.key}.sent")
        if not data or len(data) > size:
            raise Conflict("The upload has been changed meanwhile: complete it again.")
        return data

    def _begins(self, purpose: MediaPurpose) -> MediaState:
        state = self._first_state(purpose)
        if state is None:
            raise InvalidRequest("Nobody is there to look at pictures.", details={"field": "purpose"})
        return state

    async def _decoded(self, owner_id: str, purpose: MediaPurpose, data: bytes) -> Decoded:
        sizes = () if purpose == "report" else tuple(SIZES.values())
        if looks_like_a_picture(data):
            return await self._decoders.picture(data, owner_id, sizes=sizes)
        if purpose in RECORDED and looks_like_a_recording(data):
            voice_ms = self._voice_ms if purpose in SPOKEN else 0
            return await self._decoders.recording(
                data, owner_id, video_ms=self._video_ms, voice_ms=voice_ms, sizes=sizes
            )
        if purpose in FILED:
            return Decoded(parts={"original": data}, type="file", content_type="application/octet-stream")
        others = " or an MP4, WebM or Ogg" if purpose in RECORDED else ""
        sentence = f"Send a JPEG, PNG or WebP{others}."
        raise InvalidRequest(sentence, details={"field": "file", "reason": "type"})

    def _made(
        self,
        media_id: str,
        owner_id: str,
        purpose: MediaPurpose,
        state: MediaState,
        decoded: Decoded,
        called: str | None,
    ) -> tuple[Media, dict[str, bytes]]:
        """The media, and what is kept of it: evidence is sealed."""
        media = Media(
            id=media_id,
            owner_id=owner_id,
            purpose=purpose,
            type=decoded.type,
            state=state,
            size=len(decoded.original),
            width=decoded.width,
            height=decoded.height,
            key=f"{purpose}/{media_id}",
            key_id=None,
            content_type=decoded.content_type,
            renditions=tuple(name for name in decoded.parts if name != "original"),
            hash=None if decoded.hash is None else signed(decoded.hash),
            blurhash=decoded.blurhash,
            duration_ms=decoded.duration_ms,
            waveform=decoded.waveform,
            name=file_name(called) if decoded.type == "file" else None,
        )
        if purpose != "report":
            return media, dict(decoded.parts)
        sealed = self._seals.seal(decoded.original, media_id)
        return replace(media, key_id=sealed.key_id), {"original": sealed.box}

    async def _resembled(self, media: Media) -> str | None:
        """The removed picture that this one looks like: then a moderator decides before anybody sees it.

        It may be well here: as when somebody else had taken one's own. Raises `InvalidRequest` for one that
        was removed from its owner.
        """
        if media.purpose not in PUBLIC or media.hash is None or not tells(media.hash):
            return None
        removed = await self._store.removed_before(media.owner_id, media.hash, bits=ALIKE_BITS)
        if removed is not None and removed.own:
            raise InvalidRequest(
                "This was removed by a moderator before. Please choose another one.",
                details={"field": "file"},
            )
        return None if removed is None else removed.id

    async def _stored(
        self,
        media: Media,
        parts: Mapping[str, bytes],
        key: IdempotencyKey | None,
        now: int,
        resembled: str | None,
    ) -> Media:
        for name, content in parts.items():
            await self._objects.put(object_of(media.key, name), content)
        if resembled is not None:
            media = replace(media, state="processing")
        stored = await self._store.stored(media, key, now, until=now + DAY_MS, resembles=resembled)
        await self._avif.ask(stored)
        return stored


def _too_large(field: str, most: int) -> PayloadTooLarge:
    return PayloadTooLarge(details={"field": field, "max_bytes": most})
