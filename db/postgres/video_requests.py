"""Video requests in Postgres: one that waits a connection. `signaling/video_requests.py` decides.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.errors import Expired, NotFound
from core.job import Job
from core.notices import video_requested
from core.vocabulary import DecisionPolicy
from db.postgres.jobs import JobStore
from db.postgres.notifications import Notify
from db.postgres.pool import Connection, Pool, Record, queries
from signaling.video_requests import (
    Side,
    VideoRequestRow,
    VideoStatus,
    answer,
    approver,
    check_pause,
    check_request,
    is_second_copy,
)

_SQL = queries("video_requests")


class ExpireVideoRequest(Job, frozen=True, kw_only=True, tag="video-request"):
    """Nobody may have answered it in time."""

    request_id: str


class KnownRequest(Struct, frozen=True):
    """A request, and the two whose connection it is about."""

    request: VideoRequestRow
    users: tuple[str, str]


class VideoRequestStore:
    """Requests of all users. Everything may be repeated."""

    def __init__(self, pool: Pool, jobs: JobStore, notify: Notify) -> None:
        self._pool, self._jobs, self._notify = pool, jobs, notify

    async def ask(
        self,
        request_id: str,
        *,
        connection_id: str,
        requester: str,
        policy: DecisionPolicy,
        expires_at: int,
        pause_ms: int,
        now: int,
    ) -> KnownRequest:
        """The request that waits on this connection: this one, or one from before.

        Where whoever asks decides alone, it is approved at once, and a second copy gives it again. Raises
        `NotFound` for a connection of others, and what `check_request` and `check_pause` raise.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["connection"], connection_id, requester)
            if row is None:
                raise NotFound
            if row["video_enabled"] and not row["ended"]:
                approved = await connection.fetchrow(_SQL["approved"], connection_id)
                if approved is not None and is_second_copy(_request(approved), requester, now):
                    return KnownRequest(_request(approved), (requester, row["peer_id"]))
            check_request(ended=row["ended"], video_enabled=row["video_enabled"])
            waiting = await connection.fetchrow(_SQL["pending"], connection_id)
            if waiting is not None:
                if to_ms(waiting["expires_at"]) > now:
                    return KnownRequest(_request(waiting), (requester, row["peer_id"]))
                await connection.execute(_SQL["expire"], waiting["id"], to_datetime(now))
            own, peer = Side(requester, row["own_gender"]), Side(row["peer_id"], row["peer_gender"])
            decides = approver(policy, own, peer)
            if decides != requester:
                refused_at = await connection.fetchval(_SQL["refused_at"], connection_id, requester)
                check_pause(refused_at and to_ms(refused_at), now, pause_ms)
            times = to_datetime(now), to_datetime(expires_at)
            await connection.execute(_SQL["ask"], request_id, connection_id, requester, decides, *times)
            if decides == requester:
                await connection.execute(_SQL["answer"], request_id, "approved", to_datetime(now))
            else:
                expiring = ExpireVideoRequest(request_id=request_id)
                await self._jobs.add(expiring, within=connection, at_ms=expires_at)
                notice = video_requested(decides, request_id, requester, row["room_id"], expires_at)
                await self._notify(connection, notice, now)
            return await _known(connection, request_id, now)

    async def respond(self, request_id: str, user_id: str, *, approve: bool, now: int) -> KnownRequest:
        """The request after this answer. Raises `NotFound` for one of others, and what `answer` raises."""
        async with self._pool.acquire() as connection, connection.transaction():
            connection_id = await connection.fetchval(_SQL["connection_of"], request_id, user_id)
            if connection_id is None:
                raise NotFound
            between = await connection.fetchrow(_SQL["connection"], connection_id, user_id)
            known = await _known(connection, request_id, now)
            status = answer(known.request, user_id, approve, now, ended=between["ended"])
            if status == known.request.status:
                return known
            if not await connection.fetchval(_SQL["answer"], request_id, status, to_datetime(now)):
                raise Expired("The time to answer has passed.")
            await connection.execute(_SQL["settle_notice"], user_id, request_id, to_datetime(now))
            return await _known(connection, request_id, now)

    async def expire(self, request_id: str, now: int) -> KnownRequest | None:
        """The request, if it has expired: now, or before. None: it was answered, or has time."""
        async with self._pool.acquire() as connection:
            await connection.execute(_SQL["expire"], request_id, to_datetime(now))
            row = await connection.fetchrow(_SQL["request"], request_id, to_datetime(now))
        return _known_of(row) if row is not None and row["status"] == "expired" else None

    async def parted(self, one: str, other: str, now: int) -> Sequence[str]:
        """The connection of the two has ended: what asks one of them for video is not shown any more.

        Gives for whom something was.
        """
        rows = await self._pool.fetch(_SQL["notices_between"], one, other, to_datetime(now))
        for row in rows:
            hidden = row["user_id"], row["ids"], to_datetime(now)
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_SQL["read_notices"], *hidden)
                await connection.execute(_SQL["hide_notices"], *hidden)
        return [row["user_id"] for row in rows]

    async def page(self, user_id: str, *, before: str | None, limit: int, now: int) -> list[VideoRequestRow]:
        """Requests on the user's connections, newest first, those older than the request `before`."""
        rows = await self._pool.fetch(_SQL["page"], user_id, before, limit, to_datetime(now))
        return [_request(row) for row in rows]


async def _known(connection: Connection, request_id: str, now: int) -> KnownRequest:
    return _known_of(await connection.fetchrow(_SQL["request"], request_id, to_datetime(now)))


def _known_of(row: Record) -> KnownRequest:
    return KnownRequest(_request(row), (row["user_a"], row["user_b"]))


def _request(row: Record) -> VideoRequestRow:
    status: VideoStatus = row["status"]
    return VideoRequestRow(
        id=row["id"],
        connection_id=row["connection_id"],
        requester_id=row["requester_id"],
        approver_id=row["approver_id"],
        status=status,
        requested_at=to_ms(row["requested_at"]),
        responded_at=row["responded_at"] and to_ms(row["responded_at"]),
        expires_at=to_ms(row["expires_at"]),
    )
