"""The record of media in Postgres: whose each is, what it is for, where its object is, when it is deleted.

A media lives until `expires_at`: unused for a day, and once used as evidence until its case says so. A row
comes before its object and goes after it, so that whatever dies in between is found and deleted.
Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence

from msgspec import Struct

from core.clock import to_datetime
from core.errors import Banned
from core.vocabulary import MediaPurpose, MediaState, MediaType
from db.postgres import audit
from db.postgres.idempotency import IdempotencyKey, claim, keep, kept
from db.postgres.pool import Connection, Pool, Record, queries

_NAMED = queries("media")
_SQL = {name: text.replace(":columns", _NAMED["columns"]) for name, text in _NAMED.items()}


class Media(Struct, frozen=True, kw_only=True):
    """A media. `key` names its object, `key_id` what encrypts that; `used`: something shows it,
    or it is evidence; `gone`: nothing shows it any more, and evidence of a report alone keeps it.

    `content_type` is that of its original; `renditions` are the others that are kept of it; `hash` is its
    difference hash, as the database has it; `waveform`: how loud a voice message is, 0 to 255;
    `name`: what a file is called.
    """

    id: str
    owner_id: str
    purpose: MediaPurpose
    type: MediaType
    state: MediaState
    size: int
    key: str
    key_id: str | None
    reason: str | None = None
    width: int | None = None
    height: int | None = None
    used: bool = False
    gone: bool = False
    content_type: str = "image/jpeg"
    renditions: tuple[str, ...] = ()
    hash: int | None = None
    blurhash: str | None = None
    duration_ms: int | None = None
    waveform: tuple[int, ...] | None = None
    name: str | None = None


class RemovedPicture(Struct, frozen=True):
    """A picture that moderators have removed; `own`: of whoever shows a similar one now."""

    id: str
    own: bool


class MediaStore:
    """All media."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # Uploads

    async def kept(self, key: IdempotencyKey | None) -> Media | None:
        """What this request has uploaded before. Raises `IdempotencyConflict`."""
        return None if key is None else await kept(self._pool, key, Media)

    async def begin(self, media: Media, now: int, *, until: int) -> bool:
        """Note it, before its objects are stored; `until` then that has to be done.

        False: its owner is banned by now, or erased.
        """
        return await _begin(self._pool, media, now, until)

    async def announce(self, media: Media, key: IdempotencyKey | None, now: int, *, until: int) -> Media:
        """Note one that its owner is to upload `until` then. Raises `IdempotencyConflict`, `Banned`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Media)) is not None:
                return known
            if not await _begin(connection, media, now, until):
                raise Banned
            return await keep(connection, key, media)

    async def announced(self, media_id: str, now: int) -> Media | None:
        """What was announced and is not stored yet."""
        row = await self._pool.fetchrow(_SQL["announced"], media_id, to_datetime(now))
        return row and _media(row)

    async def stored(
        self,
        media: Media,
        key: IdempotencyKey | None,
        now: int,
        *,
        until: int,
        resembles: str | None = None,
    ) -> Media:
        """Its objects are there: unless something uses it, it is kept `until` then.

        What `resembles` a removed picture waits for a moderator, and for no scan.

        What a copy of the same request has stored first is given instead, and this one expires as it would
        have. Raises `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Media)) is not None:
                return known
            await connection.execute(
                _SQL["stored"],
                media.id,
                to_datetime(until),
                media.type,
                media.state,
                media.size,
                media.width,
                media.height,
                media.hash,
                media.content_type,
                media.renditions,
                media.blurhash,
                media.duration_ms,
                to_datetime(now),
                media.reason,
                resembles,
                media.waveform,
            )
            return await keep(connection, key, media)

    async def add_renditions(self, media_id: str, names: Sequence[str], now: int) -> bool:
        """There are these of it, too. False: it is not there any more."""
        found = await self._pool.fetchval(_SQL["add_renditions"], media_id, list(names), to_datetime(now))
        return found is not None

    async def removed_before(self, owner_id: str, hash_: int, *, bits: int) -> RemovedPicture | None:
        """The removed picture whose hash differs in so few bits from this one, of an upload of theirs."""
        row = await self._pool.fetchrow(_SQL["removed_before"], hash_, bits, owner_id)
        return row and RemovedPicture(row["media_id"], row["own"])

    # Owners and moderators

    async def find(self, media_id: str, now: int) -> Media | None:
        """This media, whosever it is."""
        row = await self._pool.fetchrow(_SQL["find"], media_id, to_datetime(now))
        return row and _media(row)

    async def in_a_post_shown(self, media_id: str, viewer_id: str, now: int) -> bool:
        """Whether it is in a post that this user sees."""
        shown: bool = await self._pool.fetchval(
            _SQL["in_a_post_shown"], viewer_id, to_datetime(now), media_id
        )
        return shown

    async def shown_file(self, media_id: str, now: int) -> Media | None:
        """This media, if anybody may be shown it: no evidence, not refused, its owner not banned."""
        row = await self._pool.fetchrow(_SQL["shown_file"], media_id, to_datetime(now))
        return row and _media(row)

    async def let_go(self, media_id: str, owner_id: str, now: int) -> str | None:
        """It has expired now, unless it is used: the key of its object. None: the owner has no such media."""
        key: str | None = await self._pool.fetchval(_SQL["let_go"], media_id, owner_id, to_datetime(now))
        return key

    async def is_moderator(self, user_id: str, now: int) -> bool:
        """Whether this user sees what moderators see."""
        moderates: bool = await self._pool.fetchval(_SQL["is_moderator"], user_id, to_datetime(now))
        return moderates

    async def looked(self, media: Media, viewer: str, action: str, now: int) -> None:
        """Put on the audit log that somebody was shown it."""
        async with self._pool.acquire() as connection:
            details = {"media_id": media.id}
            await audit.note(connection, action, media.owner_id, details, by=viewer, now=now)

    async def shown_in_a_room(self, media_id: str, viewer: str) -> bool:
        """Whether the viewer reads a message that shows it."""
        shown: bool = await self._pool.fetchval(_SQL["shown_in_a_room"], media_id, viewer)
        return shown

    # Evidence

    async def usable(self, media_id: str, owner_id: str, subject_id: str, now: int) -> bool:
        """Whether this is the owner's own picture for a report, used for nothing but this subject."""
        usable: bool = await self._pool.fetchval(
            _SQL["usable"], media_id, owner_id, subject_id, to_datetime(now)
        )
        return usable

    # Scanning

    async def to_scan(self, now: int, *, again_ms: int, most: int, limit: int) -> list[Media]:
        """Pictures that wait for a scan, each now taken for `again_ms`, and twice as long each time.

        After `most` attempts only a moderator can decide.
        """
        until = to_datetime(now + again_ms)
        rows = await self._pool.fetch(_SQL["to_scan"], to_datetime(now), until, limit, most)
        return [_media(row) for row in rows]

    async def judge(self, media_id: str, state: MediaState, reason: str | None) -> None:
        """What a scan says of it, unless somebody has decided meanwhile. `processing`: a moderator has to."""
        await self._pool.execute(_SQL["judge"], media_id, state, reason)

    # Deleting

    async def due(self, now: int, *, limit: int) -> list[tuple[str, str]]:
        """Ids and object keys of media that have expired: delete the objects, then the rows."""
        return [
            (row["id"], row["key"]) for row in await self._pool.fetch(_SQL["due"], to_datetime(now), limit)
        ]

    async def delete(self, ids: Sequence[str], now: int) -> None:
        """Their objects are gone."""
        await self._pool.execute(_SQL["delete"], ids, to_datetime(now))

    async def unknown(self, names: Sequence[str]) -> list[str]:
        """Which of these objects belong to no media."""
        return [row["name"] for row in await self._pool.fetch(_SQL["unknown"], names)]


async def use_within(connection: Connection, media_id: str, owner_id: str, subject_id: str, now: int) -> bool:
    """Make it the evidence of a report of this subject, within the transaction that files it.

    From then on its owner has it no more, and it stays until `free_within` says otherwise. False: it
    is not there, somebody else's, or used before.
    """
    found = await connection.fetchval(_SQL["use"], media_id, owner_id, subject_id, to_datetime(now))
    return found is not None


async def free_within(connection: Connection, ids: Sequence[str], now: int) -> None:
    """The one way in which evidence becomes free: from now on nobody needs it, and it is deleted.

    Within the transaction that finds that its case has been decided for long enough.
    """
    await connection.execute(_SQL["free"], ids, to_datetime(now))


async def _begin(connection: Pool | Connection, media: Media, now: int, until: int) -> bool:
    begun = await connection.fetchval(
        _SQL["begin"],
        media.id,
        media.owner_id,
        media.purpose,
        media.type,
        media.state,
        media.size,
        to_datetime(now),
        media.key,
        media.key_id,
        to_datetime(until),
        media.content_type,
        media.name,
    )
    return begun is not None


def _media(row: Record) -> Media:
    return Media(
        id=row["id"],
        owner_id=row["owner_id"],
        purpose=row["purpose"],
        type=row["type"],
        state=row["state"],
        reason=row["reason"],
        size=row["size"],
        width=row["width"],
        height=row["height"],
        key=row["key"],
        key_id=row["key_id"],
        used=row["used_at"] is not None,
        gone=row.get("gone", False),
        content_type=row["content_type"],
        renditions=tuple(row["renditions"]),
        hash=row["hash"],
        blurhash=row["blurhash"],
        duration_ms=row["duration_ms"],
        waveform=row["waveform"] and tuple(row["waveform"]),
        name=row["name"],
    )
