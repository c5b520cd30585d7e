"""Journeys in Postgres: what somebody's check-ins come to (`core/journey.py`), kept as of the last one.

Whoever changes check-ins of a user holds their journey first, and moves it in the same transaction. What was
counted on days of which the check-ins have been dropped is `carried`. Ids are text, times ms since the epoch.
What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct, convert, to_builtins

from core.clock import to_datetime, to_ms
from core.journey import BEGUN, Counted, Journey, fold
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

NOBODY = "00000000-0000-0000-0000-000000000000"  # before all users
_SQL, _OWN = queries("journeys"), own_queries("journeys")
HELD, WRITE = _SQL["held"], _SQL["write"]


class Beside(Struct, frozen=True):
    """What is told with a journey and is no part of it: since when somebody is here, and what they did."""

    since: int
    mentor_sessions: int = 0
    coffee_redemptions: int = 0


class Held(Struct, frozen=True, kw_only=True):
    """The journey of somebody whose check-ins nobody else changes now."""

    user_id: str
    beside: Beside
    journey: Journey
    carried: Journey
    carried_until: date | None


class OwnJourney(Struct, frozen=True, kw_only=True):
    """A journey as of the last check-in. `time_zone`: the one that its user has set, if any."""

    beside: Beside
    journey: Journey
    time_zone: str | None


async def hold(connection: Connection, user_id: str) -> Held | None:
    """Hold it until the transaction ends; None: there is no such account any more."""
    await lock_users(connection, (user_id,))
    row = await connection.fetchrow(HELD, user_id)
    return row and held_in(row, user_id)


def held_in(row: Record, user_id: str) -> Held:
    """What `HELD` gave."""
    return Held(
        user_id=user_id,
        beside=_beside(row),
        journey=_journey(row["state"]),
        carried=_journey(row["carried"]),
        carried_until=row["carried_until"],
    )


def state_of(journey: Journey) -> object:
    """As `WRITE` takes it."""
    return to_builtins(journey)


async def refolded(connection: Connection, held: Held, now: int) -> Journey:
    """What is on record comes to this, and is kept."""
    counted = await _counted(connection, held.user_id, held.carried_until, None)
    return await _keep(connection, held.user_id, fold(counted, held.carried), now)


class JourneyStore:
    """Journeys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, user_id: str) -> OwnJourney:
        """One's own."""
        async with own_rows(self._pool, user_id) as own:
            row = await own.fetchrow(_OWN["of"])
        assert row  # whoever is signed in has an account
        return OwnJourney(beside=_beside(row), journey=_journey(row["state"]), time_zone=row["time_zone"])

    async def rebuild(self, user_id: str, now: int) -> bool:
        """Fold it anew; whether it was another."""
        async with self._pool.acquire() as connection, connection.transaction():
            held = await hold(connection, user_id)
            return held is not None and await refolded(connection, held, now) != held.journey

    async def travellers(self, after: str, limit: int) -> list[str]:
        """Ids of users who have a journey, or should, in order."""
        return [row["id"] for row in await self._pool.fetch(_SQL["travellers"], after, limit)]

    async def carry(self, before: date, after: str, limit: int) -> str | None:
        """Let journeys stand without what is from before that day: of so many users after this one.

        The last of them; None: there are no more.
        """
        found = await self._pool.fetch(_SQL["to_carry"], before, after, limit)
        for row in found:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._carry(connection, row["user_id"], before)
        return found[-1]["user_id"] if found else None

    async def _carry(self, connection: Connection, user_id: str, before: date) -> None:
        held = await hold(connection, user_id)
        if held is None or (held.carried_until or date.min) >= before:
            return
        counted = await _counted(connection, user_id, held.carried_until, before)
        await connection.execute(_SQL["carry"], user_id, state_of(fold(counted, held.carried)), before)


async def _counted(
    connection: Connection, user_id: str, since: date | None, before: date | None
) -> Sequence[Counted]:
    rows = await connection.fetch(_SQL["counted"], user_id, since, before)
    return [
        Counted(id=row["id"], at=to_ms(row["at"]), day=row["day"], zone=row["zone"], type=row["type"])
        for row in rows
    ]


async def _keep(connection: Connection, user_id: str, journey: Journey, now: int) -> Journey:
    await connection.execute(WRITE, user_id, state_of(journey), to_datetime(now))
    return journey


def _beside(row: Record) -> Beside:
    return Beside(
        to_ms(row["created_at"]),
        mentor_sessions=row["mentor_sessions"],
        coffee_redemptions=row["coffee_redemptions"],
    )


def _journey(state: object) -> Journey:
    return BEGUN if state is None else convert(state, Journey)
