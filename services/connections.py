"""Ending connections. Postgres owns them; both members are told, each with the card of the other.

The room of an ended connection stays readable, but nothing more can be written in it.
"""

import asyncio
from collections.abc import Sequence

from core.clock import Clock
from core.contract.connections import ConnectionEnd, ConnectionEnded, ConnectionView
from db.postgres.connections import ConnectionStore
from services.ports import Events
from services.recent_members import RecentMembers


class Connections:
    """The use cases. Errors of an outage of a store pass through (`db.outage`)."""

    def __init__(
        self, store: ConnectionStore, events: Events, members: RecentMembers, *, clock: Clock
    ) -> None:
        self._store, self._events, self._members, self._clock = store, events, members, clock

    async def end(self, user_id: str, command: ConnectionEnd) -> None:
        """End it for this member and tell both, once; also if a block has ended it already."""
        now = self._clock()
        row = await self._store.end(command.connection_id, user_id, now)
        views = [(member, await self._store.view(row.id, member, now)) for member in (row.user_a, row.user_b)]
        await asyncio.gather(self._members.ended(row.room_id), self._tell(row.id, views))

    async def _tell(self, connection_id: str, views: Sequence[tuple[str, ConnectionView]]) -> None:
        key = f"connection:ended:{connection_id}"
        await asyncio.gather(
            *(self._events.send(member, ConnectionEnded(connection=view), key=key) for member, view in views)
        )
