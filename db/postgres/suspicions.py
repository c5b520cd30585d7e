"""Suspicions in Postgres: which new accounts may be those of people who were banned, and why.

They also keep apart (`identity.blocked_pairs`) and make suspects (`trust.sql`). Ids are text, times ms since
the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import groupby

from msgspec import Struct

from core.clock import to_datetime, to_ms
from db.postgres import audit
from db.postgres.pool import Connection, Pool, Record, queries

_SQL = queries("suspicions")

# The kind of a suspicion that only says that a newcomer is as old as somebody who was banned lately. It keeps
# apart and is shown to nobody, as it is true of very many.
AS_OLD = "age"
# Of so many who were banned last: on a large product their reporters are hardly ever met anyway.
AS_OLD_AT_MOST = 50


class SharedMark(Struct, frozen=True):
    """A mark that both bear; `bearers` are recent accounts with it, other than the new one."""

    kind: str
    bearers: int


class Resemblance(Struct, frozen=True, kw_only=True):
    """What a new account has in common, at `seen_at`, with one that was banned at `banned_at`.

    `avoiders`: how many have blocked or reported the banned one. `together`: how many others in good standing
    bear all that tells, where that was counted.
    """

    of_user_id: str
    marks: Sequence[SharedMark]
    banned_at: int
    opened_at: int
    seen_at: int
    avoiders: int
    together: int = 0


class Suspicion(Struct, frozen=True, kw_only=True):
    """The new account may be `of_user_id`. `kind` tells most, `shared` is all that tells.

    `suspect`: enough to be one; otherwise they are only kept apart from some.
    """

    of_user_id: str
    kind: str
    shared: tuple[str, ...]
    weight: float
    suspect: bool


class RecordedSuspicion(Suspicion, frozen=True, kw_only=True):
    """One on record. `cleared_by` None: nobody has cleared it, or it has lapsed."""

    at: int
    cleared_at: int | None
    cleared_by: str | None


class SuspicionStore:
    """Resemblances, and what was made of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def resemblances(
        self,
        user_id: str,
        *,
        proofs: Collection[str],
        recent: int,
        before_ms: int,
        newcomer_ms: int,
        now: int,
    ) -> list[Resemblance]:
        """What the user has in common with each who is banned now. `recent`: since when others are counted.

        Of accounts opened more than `before_ms` before the ban nothing is told; that they are as old is told
        of those opened within `newcomer_ms` after it, for as long.
        """
        rows = await self._pool.fetch(
            _SQL["resemblances"],
            user_id,
            to_datetime(now),
            to_datetime(recent),
            timedelta(milliseconds=before_ms),
            list(proofs),
            timedelta(milliseconds=newcomer_ms),
            AS_OLD_AT_MOST,
        )
        found = groupby(rows, key=lambda row: row["of_user_id"])
        return [_resemblance(of_user_id, list(shared), now) for of_user_id, shared in found]

    async def resemblances_with(
        self,
        banned_id: str,
        *,
        kinds: Collection[str],
        recent: int,
        before_ms: int,
        limit: int,
        now: int,
    ) -> dict[str, Resemblance]:
        """What others who share a mark of these kinds with somebody who is banned have in common with them.

        By the others' ids. Left out are those who have blocked or reported that one, and whose account was
        opened more than `before_ms` before the ban. One statement, however many there are.
        """
        rows = await self._pool.fetch(
            _SQL["resemblances_with"],
            banned_id,
            to_datetime(now),
            to_datetime(recent),
            timedelta(milliseconds=before_ms),
            list(kinds),
            limit,
        )
        found = groupby(rows, key=lambda row: row["user_id"])
        return {user_id: _resemblance(banned_id, list(shared), now) for user_id, shared in found}

    async def together(self, user_id: str, banned_id: str, kinds: Collection[str], *, recent: int) -> int:
        """How many others bear, of each of these kinds, the rarest mark that the two share.

        Of those seen since then who were never banned and are no suspects.
        """
        asked = (user_id, banned_id, to_datetime(recent), list(kinds))
        return int(await self._pool.fetchval(_SQL["together"], *asked))

    async def suspect(self, user_id: str, found: Sequence[Suspicion], now: int) -> bool:
        """Put these on record. True: one of them is new, or weighs more, and makes the user a suspect.

        One that was cleared stays so. Whom the old accounts are suspected to be counts as well.
        """
        columns = (
            [each.of_user_id for each in found],
            [each.kind for each in found],
            [" ".join(each.shared) for each in found],
            [each.weight for each in found],
            [each.suspect for each in found],
        )
        rows = await self._pool.fetch(_SQL["suspect"], user_id, *columns, to_datetime(now))
        return any(row["suspect"] for row in rows)

    async def look(self, user_id: str, by: str, now: int) -> list[RecordedSuspicion]:
        """Whom this user is or was suspected to be, and why, the heaviest first.

        That a moderator has looked is on the audit log, unless there is no such user.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL["of_user"], user_id)
            if rows:
                rows = [row for row in rows if row["of_user_id"]]
                await _note(connection, "suspicions_viewed", user_id, rows, by, now)
        return [_recorded(row) for row in rows]

    async def clear(self, user_id: str, by: str | None, now: int) -> bool:
        """Clear all that is suspected, with an entry on the audit log. False: there was nothing."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL["clear"], user_id, to_datetime(now), by)
            if rows:
                await _note(connection, "suspicion_cleared", user_id, rows, by, now)
        return bool(rows)

    async def lapse(self, before: int, *, limit: int) -> int:
        """End the oldest suspicions, from before then. The same are not suspected again, but by more than
        their age."""
        return len(await self._pool.fetch(_SQL["lapse"], to_datetime(before), limit))


def _resemblance(of_user_id: str, shared: Sequence[Record], now: int) -> Resemblance:
    return Resemblance(
        of_user_id=of_user_id,
        marks=tuple(SharedMark(row["kind"], row["bearers"]) for row in shared),
        banned_at=to_ms(shared[0]["banned_at"]),
        opened_at=to_ms(shared[0]["opened_at"]),
        seen_at=now,
        avoiders=shared[0]["avoiders"],
    )


def _recorded(row: Record) -> RecordedSuspicion:
    return RecordedSuspicion(
        of_user_id=row["of_user_id"],
        kind=row["kind"],
        shared=tuple(row["shared"]),
        weight=row["weight"],
        suspect=row["suspect"],
        at=to_ms(row["at"]),
        cleared_at=row["cleared_at"] and to_ms(row["cleared_at"]),
        cleared_by=row["cleared_by"],
    )


async def _note(
    connection: Connection, action: str, user_id: str, rows: Sequence[Record], by: str | None, now: int
) -> None:
    details = {"of": [row["of_user_id"] for row in rows]}
    await audit.note(connection, action, user_id, details, by=by, now=now)
