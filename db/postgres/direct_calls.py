"""Direct calls on record: who rings whom. `signaling/inviting.py` decides, while both are locked.

Everything may be repeated. Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes
through.
"""

import asyncpg
from msgspec import Struct

from core.clock import to_datetime, to_ms, today
from core.errors import AlreadyInCall, Gone, NotFound
from core.stored import StoredCard
from core.vocabulary import Mode
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users
from signaling.inviting import (
    Between,
    Elsewhere,
    Meeting,
    Ongoing,
    Reach,
    Standing,
    check_meeting,
    reach,
)

_TEXTS = queries("direct_calls")
_SQL = {
    name: text.replace(":wished", _TEXTS["wished"]).replace(":engaged", _TEXTS["engaged"])
    for name, text in _TEXTS.items()
}
_MARGIN_MS = 60_000


class Rung(Struct, frozen=True, kw_only=True):
    """A call that is on record by this invitation, or was by an earlier one. `parties`: the inviter first.

    `until`: when the session ends by which they call each other, in ms.
    """

    call_id: str
    mode: Mode
    offered_at: int
    reach: Reach
    room_id: str | None
    parties: tuple[StoredCard, StoredCard]
    until: int | None = None


class DirectCallStore:
    """Who rings whom. What has rung for longer than `ring_s` and a minute was given up by its node and by who
    rang, and keeps nobody else from ringing.
    """

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, *, ring_s: int) -> None:
        self._pool, self._cards = pool, cards
        self._rings_ms = ring_s * 1000 + _MARGIN_MS

    async def ring(
        self,
        call_id: str,
        *,
        inviter: str,
        mode: Mode,
        region: str,
        now: int,
        connection_id: str | None = None,
        mentor_session_id: str | None = None,
    ) -> Rung | Standing | Elsewhere:
        """By a new call, if nothing stands against it: inside a connection, or in a session while it lasts.

        `Standing` is only ever given for a call of the other side. Raises what `reach` and `check_meeting`
        raise, and `NotFound` for a connection or session of others.
        """
        tie = connection_id or mentor_session_id
        by_session = connection_id is None
        async with self._pool.acquire() as connection, connection.transaction():
            found = await connection.fetchrow(_SQL["meeting" if by_session else "pair"], tie, inviter)
            if found is None:
                raise NotFound
            callee = found["callee"]
            await lock_users(connection, (inviter, callee))
            until = None
            if by_session:  # as it is by now
                row = await connection.fetchrow(_SQL["meeting"], tie, inviter)
                check_meeting(_meeting(row), now)
                until = to_ms(row["ends_at"])
            between = await self._between(connection, tie, inviter, callee, now, by_session=by_session)
            reached = reach(between, mode)
            if isinstance(reached, Elsewhere) or (isinstance(reached, Standing) and reached.crossed):
                return reached
            parties = await self._parties(connection, inviter, callee, now)
            if isinstance(reached, Standing):
                return _again(reached.call, between.room_id, parties, until)
            rings = reached != "none"
            given = inviter, callee, mode, region, to_datetime(now), rings, mentor_session_id
            await connection.execute(_SQL["ring"], call_id, *given)
        return Rung(
            call_id=call_id,
            mode=mode,
            offered_at=now,
            reach=reached,
            room_id=between.room_id,
            parties=parties,
            until=until,
        )

    async def _between(
        self,
        connection: Connection,
        tie: str | None,
        inviter: str,
        callee: str,
        now: int,
        *,
        by_session: bool,
    ) -> Between:
        given = inviter, callee, to_datetime(now), (since := to_datetime(now - self._rings_ms))
        row = await connection.fetchrow(_SQL["between_by_meeting" if by_session else "between"], tie, *given)
        own: Ongoing | None = None
        incoming: list[Ongoing] = []
        for each in await connection.fetch(_SQL["ongoing"], inviter, since):
            if each["own"]:
                own = _ongoing(each)
            else:
                incoming.append(_ongoing(each))
        return Between(
            inviter=inviter,
            callee=callee,
            room_id=row["room_id"],
            ended=row["ended"],
            video_enabled=row["video_enabled"],
            reachable=row["reachable"],
            engaged=row["engaged"],
            own=own,
            incoming=tuple(incoming),
        )

    async def _parties(
        self, connection: Connection, inviter: str, callee: str, now: int
    ) -> tuple[StoredCard, StoredCard]:
        rows = await connection.fetch(_SQL["cards"], [inviter, callee])
        cards = {row["user_id"]: self._cards.stored(row, today(now)) for row in rows}
        return cards[inviter], cards[callee]

    async def answered(self, call_id: str, user_id: str, now: int) -> bool:
        """Whom it rings is in it from now on, and in no other.

        Gives whether one of the two wishes for relays. Raises `Gone` if it rings no more, or what it was by
        (their connection, or a session) is over, and `AlreadyInCall`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))  # an offer that found them free is made first
            try:
                row = await connection.fetchrow(_SQL["answered"], call_id, user_id, to_datetime(now))
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name == "one_active_call_a_user":
                    raise AlreadyInCall from error
                raise
            row = row or await connection.fetchrow(_SQL["has_answered"], call_id, user_id)
        if row is None:
            raise Gone("It does not ring any more.")
        relay_only: bool = row["relay_only"]
        return relay_only

    async def between(self, user_id: str, other: str) -> list[str]:
        """Direct calls of this user with the other that ring or go on."""
        return [row["id"] for row in await self._pool.fetch(_SQL["calls_between"], user_id, other)]


def _ongoing(row: Record) -> Ongoing:
    return Ongoing(
        id=row["id"],
        mode=row["mode"],
        offered_at=to_ms(row["offered_at"]),
        invited_by=row["invited_by"],
        other=row["other"],
        rings=row["rings"],
        started=row["started_at"] is not None,
    )


def _meeting(row: Record) -> Meeting:
    return Meeting(
        virtual=row["virtual"],
        scheduled=row["scheduled"],
        starts_at=to_ms(row["starts_at"]),
        ends_at=to_ms(row["ends_at"]),
    )


def _again(
    call: Ongoing, room_id: str | None, parties: tuple[StoredCard, StoredCard], until: int | None
) -> Rung:
    """What was put on record before, perhaps without more coming of it. If they were in another call then,
    nobody knows any more: whatever is kept of it has it right."""
    return Rung(
        call_id=call.id,
        mode=call.mode,
        offered_at=call.offered_at,
        reach="none" if call.rings is None else "rings",
        room_id=room_id,
        parties=parties,
        until=until,
    )
