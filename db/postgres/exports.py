"""Copies of people's own data, in Postgres: the record of each, which is there before its object.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.job import Job
from core.notices import export_ready
from db.postgres.jobs import JobStore
from db.postgres.notifications import Notify
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, Record, queries
from db.postgres.user_locks import lock_me

_SQL, _OWN = queries("exports"), own_queries("exports")
_AT_ONCE = 100
ExportState = Literal["running", "ready", "failed"]


class Export(Struct, frozen=True, kw_only=True):
    """A copy; `key` names its object. `expires_at` None: it is being made."""

    id: str
    user_id: str
    key: str
    asked_at: int
    state: ExportState = "running"
    progress: float = 0
    size: int | None = None
    expires_at: int | None = None


class MediaFile(Struct, frozen=True):
    """A file that goes into it."""

    id: str
    key: str
    content_type: str


class ExportStore:
    """All copies."""

    def __init__(self, pool: Pool, jobs: JobStore, notify: Notify) -> None:
        self._pool, self._jobs, self._notify = pool, jobs, notify

    async def latest(self, user_id: str, now: int) -> Export | None:
        """The one that this user has asked for last."""
        async with own_rows(self._pool, user_id) as own:
            row = await own.fetchrow(_OWN["latest"], to_datetime(now))
        return row and _export(row)

    async def begin(self, new: Export, job: Job, *, every_ms: int) -> Export:
        """Begin a new one, which this job makes; or the latest, if that is being made, or young enough."""
        now = new.asked_at
        async with own_rows(self._pool, new.user_id) as own:
            await lock_me(own)
            row = await own.fetchrow(_OWN["latest"], to_datetime(now))
            latest = row and _export(row)
            if latest and _serves(latest, now - every_ms):
                return latest
            await own.execute(_OWN["retire"], to_datetime(now))
            await own.execute(_OWN["begin"], new.id, new.key, to_datetime(now))
            await self._jobs.add(job, within=await own.as_owner(), key=f"export {new.id}")
        return new

    async def find(self, export_id: str, now: int) -> Export | None:
        """This one, if its owner is still there."""
        row = await self._pool.fetchrow(_SQL["find"], export_id, to_datetime(now))
        return row and _export(row)

    async def come(self, export_id: str, progress: float) -> None:
        """How far it has come."""
        await self._pool.execute(_SQL["come"], export_id, progress)

    async def ready(self, export_id: str, size: int, now: int, *, until: int) -> bool:
        """Its object is there, and its owner is told. False: nobody waits for it any more."""
        given = (export_id, size, to_datetime(now), to_datetime(until))
        async with self._pool.acquire() as connection, connection.transaction():
            user_id = await connection.fetchval(_SQL["ready"], *given)
            if user_id is not None:
                await self._notify(connection, export_ready(user_id, export_id, until), now)
        return user_id is not None

    async def failed(self, export_id: str, *, most: int, until: int) -> None:
        """It has failed; for good, if that was the last of `most` tries."""
        await self._pool.execute(_SQL["failed"], export_id, most, to_datetime(until))

    async def give_up(self, before: int, *, until: int) -> None:
        """Those that were asked for before then and are not ready have failed."""
        await self._pool.execute(_SQL["give_up"], to_datetime(before), to_datetime(until))

    async def due(self, now: int, *, limit: int) -> list[tuple[str, str]]:
        """Ids and objects of those that have expired: delete the object, then the row."""
        rows = await self._pool.fetch(_SQL["due"], to_datetime(now), limit)
        return [(row["id"], row["key"]) for row in rows]

    async def delete(self, export_id: str, now: int) -> None:
        """Its object is gone."""
        await self._pool.execute(_SQL["delete"], export_id, to_datetime(now))

    async def files(self, user_id: str, now: int) -> AsyncIterator[Sequence[MediaFile]]:
        """The files of this user that go into it, some at a time."""
        last = None
        while True:
            rows = await self._pool.fetch(_SQL["files"], user_id, to_datetime(now), last, _AT_ONCE)
            if rows:
                yield [MediaFile(row["id"], row["key"], row["content_type"]) for row in rows]
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1]["id"]


def _serves(latest: Export, since: int) -> bool:
    """Whether whoever asks for another gets this one."""
    return latest.state == "running" or (latest.state == "ready" and latest.asked_at > since)


def _export(row: Record) -> Export:
    return Export(
        id=row["id"],
        user_id=row["user_id"],
        key=row["key"],
        asked_at=to_ms(row["asked_at"]),
        state=row["state"],
        progress=row["progress"],
        size=row["size"],
        expires_at=row["expires_at"] and to_ms(row["expires_at"]),
    )
