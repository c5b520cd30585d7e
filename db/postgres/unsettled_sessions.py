"""Sessions with mentors of which neither has said what became of it, in Postgres: settled by the record.

`core/mentor_sessions.py` decides, while both are locked, so that a word of theirs that comes first counts.
Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from core.clock import to_datetime
from core.happenings import MentorSession
from core.mentor_sessions import Attendance, became
from core.notices import session_completed
from db.postgres.mentor_sessions import DECIDE, ONE, booked
from db.postgres.notifications import Notify
from db.postgres.pool import Connection, Pool, queries
from db.postgres.rewards import Grant
from db.postgres.user_locks import lock_users

_SQL = queries("unsettled_sessions")


class UnsettledSessions:
    """Those of all."""

    def __init__(self, pool: Pool, notify: Notify, *, grant: Grant) -> None:
        self._pool, self._notify, self._grant = pool, notify, grant

    async def settle(self, ended_before: int, now: int, *, limit: int) -> tuple[int, tuple[str, ...]]:
        """Up to `limit` of those that ended before then, each in a transaction of its own, by one who looks.
        Gives how many were due, and who has news.
        """
        due = await self._pool.fetch(_SQL["due"], to_datetime(ended_before), limit)
        told: list[str] = []
        for row in due:
            async with self._pool.acquire() as connection, connection.transaction():
                await lock_users(connection, (row["user_id"], row["mentor_user_id"]))
                told += await self._settle(connection, row["id"], now)
        return len(due), tuple(told)

    async def _settle(self, connection: Connection, session_id: str, now: int) -> list[str]:
        session = booked(await connection.fetchrow(ONE, session_id))
        if session.status != "scheduled":
            return []
        row = await connection.fetchrow(_SQL["seen"], session_id)
        status, by = became(session, Attendance(talked=row["talked"], rang=frozenset(row["rang"])))
        nth: int = await connection.fetchval(DECIDE, session_id, status, to_datetime(now), by)
        if status != "completed":
            return []
        notice = session_completed(session.user_id, session_id, session.mentor_user_id)
        await self._notify(connection, notice, now)
        if by is not None:  # a reward is somebody's money: on nobody's word there is none
            await self._grant(connection, session.user_id, [MentorSession(nth)], now)
        return [session.user_id]
