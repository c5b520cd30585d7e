"""Bans in Postgres: who is banned, from when until when, and whether that has taken effect.

Queries that need to know whether somebody is banned ask `identity.banned`. A row may be written by hand too:
it takes effect because nodes look for bans that have not taken effect. Ids are text, times ms since the
epoch. What an outage raises (`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import to_datetime
from core.ids import new_id
from db.postgres import audit
from db.postgres.granted_appeals import grant_within
from db.postgres.pool import Connection, Pool, queries
from db.postgres.sessions import end_all_within
from db.postgres.user_locks import lock_users

_SQL = queries("bans")

# How long a ban is left to the node that has taken it.
TAKEN_MS = 2_000


class NewBan(Struct, frozen=True, kw_only=True):
    """A new ban. `begins_at` None: at once; `until` None: for good; `by` None: the operator.

    `strike_id` None: of no strike, so that there is nothing to appeal.
    """

    user_id: str
    reason: str
    by: str | None = None
    begins_at: int | None = None
    until: int | None = None
    strike_id: str | None = None


class DueBan(Struct, frozen=True):
    """A ban that holds and has not taken effect."""

    id: str
    user_id: str


class BanStore:
    """Bans."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def unban(self, user_id: str, by: str | None, now: int) -> bool:
        """Lift all that hold now or later, with an entry on the audit log. False: there was none."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await _lift(connection, user_id, None, by, now)

    async def due(self, now: int, *, limit: int = 50) -> list[DueBan]:
        """Bans that have to take effect, each now taken for `TAKEN_MS`."""
        rows = await self._pool.fetch(_SQL["due"], to_datetime(now), to_datetime(now + TAKEN_MS), limit)
        return [DueBan(row["id"], row["user_id"]) for row in rows]

    async def end_sessions(self, user_id: str, now: int) -> None:
        """End all sessions of this user, after any offer to them that is being decided right now.

        Such an offer is on record when this returns; a later one sees the ban.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            await end_all_within(connection, user_id, "banned", now)

    async def enforced(self, ban_id: str, now: int) -> None:
        """Note that it has taken effect."""
        await self._pool.execute(_SQL["enforced"], ban_id, to_datetime(now))


async def ban_within(connection: Connection, ban: NewBan, now: int) -> str:
    """Ban somebody within a transaction, with an entry on the audit log. Gives the id of the ban."""
    ban_id, at = new_id(now), to_datetime(now)
    begins, until = (t if t is None else to_datetime(t) for t in (ban.begins_at, ban.until))
    given = (ban_id, ban.user_id, ban.reason, ban.by, at, begins, until, ban.strike_id)
    await connection.execute(_SQL["ban"], *given)
    details = {"ban": ban_id, "begins_at": ban.begins_at, "until": ban.until}
    await audit.note(connection, "banned", ban.user_id, details, by=ban.by, now=now)
    return ban_id


async def lift_within(connection: Connection, ban_id: str, by: str | None, now: int) -> bool:
    """Lift this one ban within a transaction, with an entry on the audit log. False: it is over already.

    Its strike is lifted too, and an appeal against that is granted. Other bans of its user go on.
    """
    user_id = await connection.fetchval(_SQL["whose"], ban_id)
    return user_id is not None and await _lift(connection, user_id, ban_id, by, now)


async def _lift(connection: Connection, user_id: str, ban_id: str | None, by: str | None, now: int) -> bool:
    """Lift this ban of the user, or all. The user is locked first, as by all that decides about them."""
    these = (ban_id, user_id if ban_id is None else None)
    await lock_users(connection, (user_id,))
    await connection.execute(_SQL["lock_strikes"], *these)
    rows = await connection.fetch(_SQL["lift"], *these, to_datetime(now))
    if not rows:
        return False
    await grant_within(connection, [row["strike_id"] for row in rows if row["strike_id"]], by, now)
    details = {"bans": [row["id"] for row in rows]}
    await audit.note(connection, "unbanned", user_id, details, by=by, now=now)
    return True
