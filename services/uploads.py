"""What users upload: checked by what it contains, made anew without metadata, and kept.

How much of it at once is in `upload_limits.py`, what becomes of it afterwards in `media.py`.
"""

from collections.abc import Callable

from msgspec.structs import replace

from core.clock import Clock
from core.errors import Banned, InvalidRequest
from core.seals import Seals
from core.vocabulary import MediaPurpose, MediaState
from db.postgres.idempotency import IdempotencyKey
from db.postgres.media import Media, MediaStore
from services.decoders import Decoded, Decoders
from services.media import DAY_MS
from services.media_rules import SIZES, looks_like_a_picture, object_of, signed
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
        seals: Seals,
        first_state: Callable[[MediaPurpose], MediaState | None],
        new_id: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._store, self._objects = store, objects
        self._decoders, self._seals = decoders, seals
        self._first_state, self._new_id, self._clock = first_state, new_id, clock

    async def upload(
        self, owner_id: str, purpose: MediaPurpose, data: bytes, key: IdempotencyKey | None
    ) -> Media:
        """Keep this. Raises `InvalidRequest`, `Unavailable`, `IdempotencyConflict`.

        `Banned`, if the owner was since the request came: a picture may take long to come.
        """
        if (known := await self._store.kept(key)) is not None:
            return known
        state = self._begins(purpose)
        decoded = await self._decoded(owner_id, purpose, data)
        media, parts = self._made(self._new_id(), owner_id, purpose, state, decoded)
        now = self._clock()
        if not await self._store.begin(media, now, until=now + _STORING_MS):
            raise Banned
        for name, content in parts.items():
            await self._objects.put(object_of(media.key, name), content)
        return await self._store.stored(media, key, now, until=now + DAY_MS)

    def _begins(self, purpose: MediaPurpose) -> MediaState:
        state = self._first_state(purpose)
        if state is None:
            raise InvalidRequest("Nobody is there to look at pictures.", details={"field": "purpose"})
        return state

    async def _decoded(self, owner_id: str, purpose: MediaPurpose, data: bytes) -> Decoded:
        if not looks_like_a_picture(data):
            raise InvalidRequest("Send a JPEG, PNG or WebP.", details={"field": "file"})
        sizes = () if purpose == "report" else SIZES.values()
        return await self._decoders.picture(data, owner_id, sizes=tuple(sizes))

    def _made(
        self, media_id: str, owner_id: str, purpose: MediaPurpose, state: MediaState, decoded: Decoded
    ) -> tuple[Media, dict[str, bytes]]:
        """The media, and what is kept of it: evidence is sealed."""
        media = Media(
            id=media_id,
            owner_id=owner_id,
            purpose=purpose,
            type="image",
            state=state,
            size=len(decoded.original),
            width=decoded.width,
            height=decoded.height,
            key=f"{purpose}/{media_id}",
            key_id=None,
            renditions=tuple(name for name in decoded.parts if name != "original"),
            hash=signed(decoded.hash),
            blurhash=decoded.blurhash,
        )
        if purpose != "report":
            return media, dict(decoded.parts)
        sealed = self._seals.seal(decoded.original, media_id)
        return replace(media, key_id=sealed.key_id), {"original": sealed.box}
