"""Ending connections. Postgres owns them; both members are told, each with the card of the other.

The room of an ended connection stays readable, but nothing more can be written in it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from core.clock import Clock
from core.contract.connections import ConnectionEnd, ConnectionEnded
from core.numbered_event import NumberedEvent
from core.tasks import all_of
from db.postgres.connections import ConnectionRow, ConnectionStore
from services import lanes
from services.ports import Events
from services.recent_members import RecentMembers


class Connections:
    """The use cases. Errors of an outage of a store pass through (`db.outage`).

    `on_end` is called with who has ended one and the other, unless a block did, which ends calls by itself.
    """

    def __init__(
        self, store: ConnectionStore, events: Events, members: RecentMembers, *, clock: Clock
    ) -> None:
        self._store, self._events, self._members, self._clock = store, events, members, clock
        self.on_end: list[Callable[[str, str], Awaitable[None]]] = []

    async def end(self, user_id: str, command: ConnectionEnd) -> None:
        """End it for this member and tell both, once; also if a block has ended it already."""
        await self._end(user_id, command.connection_id, parted=False)

    async def part(self, user_id: str, connection_id: str) -> None:
        """The same by a block, after which neither hears what the other has said or read just before."""
        await self._end(user_id, connection_id, parted=True)

    async def _end(self, user_id: str, connection_id: str, *, parted: bool) -> None:
        now = self._clock()
        row = await self._store.end(connection_id, user_id, now)
        both = (row.user_a, row.user_b), (row.user_b, row.user_a)
        told = await asyncio.gather(*(self._told(row, *members, now, parted=parted) for members in both))
        await all_of(self._members.ended(row.room_id), self._events.announce(told))
        other = row.user_b if user_id == row.user_a else row.user_a
        if not parted:
            await all_of(*(ended(user_id, other) for ended in self.on_end))

    async def _told(
        self, row: ConnectionRow, member: str, other: str, now: int, *, parted: bool
    ) -> NumberedEvent:
        ended = ConnectionEnded(connection=await self._store.view(row.id, member, now))
        over = (row.room_id, lanes.receipts(row.room_id, other)) if parted else ()
        return NumberedEvent([member], ended, lanes.end(row.id), 1, 0, over)
