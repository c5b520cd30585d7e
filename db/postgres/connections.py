"""Connections in Postgres, which two people have after a yes. Ids are text, times ms since the epoch.

A connection is made together with its room, and stays on record when it has ended. What an outage raises
(`db.outage`) passes through.
"""

import asyncio
from collections.abc import Collection, Sequence
from itertools import chain

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.connections import ConnectionView
from core.contract.profiles import ProfileCard
from core.errors import Blocked, NotFound
from core.happenings import KeptConnection
from db.postgres.call_records import close_within
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.pool import Pool, Record, queries
from db.postgres.rewards import GrantEach, grant_nothing, waiting
from db.postgres.user_locks import lock_users

_SQL = queries("connections")
_BLOCKED = _SQL["blocked"].replace(":kept_connection", waiting("kept_connection"))
_ASKED_AT_ONCE = 20  # lists, which may be long
_Pair = tuple[str, str]


class ConnectionRow(Struct, frozen=True, kw_only=True):
    """A connection as it is stored. `user_a` is the smaller id; `created_at` in ms."""

    id: str
    room_id: str
    user_a: str
    user_b: str
    active: bool
    video_enabled: bool
    created_at: int
    call_id: str


class ConnectionStore:
    """Connections. Each pair has at most one active. Everything may be repeated."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, grant: GrantEach = grant_nothing) -> None:
        self._pool, self._cards, self._grant = pool, cards, grant
        self._asking = GroupedStatement(self._connected, most=_ASKED_AT_ONCE)

    async def connect(
        self, call_id: str, *, connection_id: str, room_id: str, users: tuple[str, str], now: int
    ) -> ConnectionRow:
        """Create connection, room, members and the call's outcome at once; or give the pair's active
        connection.

        Raises `Blocked` if one has blocked the other since they met.
        """
        user_a, user_b = sorted(users)
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, users)
            earns = False
            row = await connection.fetchrow(_SQL["of_pair"], user_a, user_b, call_id)
            if row is None:
                looked = await connection.fetchrow(_BLOCKED, user_a, user_b)
                if looked["blocked"]:
                    raise Blocked
                await connection.execute(
                    _SQL["connect"], connection_id, room_id, user_a, user_b, call_id, to_datetime(now)
                )
                row = await connection.fetchrow(_SQL["of_pair"], user_a, user_b, call_id)
                earns = looked["rules"]
            await close_within(connection, call_id, "connected", now)
            if earns:
                kept = await connection.fetch(_SQL["kept"], [user_a, user_b])
                happened = {each["user_id"]: [KeptConnection(each["nth"])] for each in kept}
                await self._grant(connection, happened, now)
        return _connection(row)

    async def end(self, connection_id: str, user_id: str, now: int) -> ConnectionRow:
        """End it; one that has ended stays as it is. Raises `NotFound`, for others' connections too."""
        async with self._pool.acquire() as connection:
            await connection.execute(_SQL["end"], connection_id, user_id, to_datetime(now))
            row = await connection.fetchrow(_SQL["of_member"], connection_id, user_id)
        if row is None:
            raise NotFound
        return _connection(row)

    async def page(self, user_id: str, *, before: str | None, limit: int, now: int) -> list[ConnectionView]:
        """The user's connections, ended ones too, newest first, those older than the connection `before`."""
        rows = await self._pool.fetch(_SQL["views"], user_id, before, limit, None, to_datetime(now))
        return [_view(row, self._cards.card(row, today(now))) for row in rows]

    async def view(self, connection_id: str, user_id: str, now: int) -> ConnectionView:
        """One connection as this user sees it. Raises `NotFound`, for others' connections too."""
        row = await self._pool.fetchrow(_SQL["views"], user_id, None, 1, connection_id, to_datetime(now))
        if row is None:
            raise NotFound
        return _view(row, self._cards.card(row, today(now)))

    def connected(self, pairs: Collection[_Pair]) -> asyncio.Future[frozenset[_Pair]]:
        """Those of these pairs, as they were given, who are friends or have an active connection."""
        return self._asking.ask(pairs)

    async def _connected(self, asked: Sequence[Collection[_Pair]]) -> list[frozenset[_Pair]]:
        pairs = frozenset(chain.from_iterable(asked))
        rows = await self._pool.fetch(
            _SQL["connected"], [one for one, _ in pairs], [other for _, other in pairs]
        )
        found = frozenset((row["one"], row["other"]) for row in rows)
        return [found.intersection(some) for some in asked]


def _connection(row: Record) -> ConnectionRow:
    return ConnectionRow(
        id=row["id"],
        room_id=row["room_id"],
        user_a=row["user_a"],
        user_b=row["user_b"],
        active=row["ended_at"] is None,
        video_enabled=row["video_enabled"],
        created_at=to_ms(row["created_at"]),
        call_id=row["call_id"],
    )


def _view(row: Record, peer: ProfileCard) -> ConnectionView:
    return ConnectionView(
        id=row["id"],
        room_id=row["room_id"],
        peer=peer,
        active=row["ended_at"] is None,
        video_enabled=row["video_enabled"],
        created_at=rfc3339(to_ms(row["created_at"])),
    )
