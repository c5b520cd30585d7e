"""Connections: ending one. Postgres owns them; both are told, each with the card of the other.

A connection that has ended keeps its room readable and its history; nothing more is said in it.
"""

from core.clock import Clock, today
from core.contract.connections import ConnectionEnded
from db.postgres.connections import ConnectionStore
from services.ports import Events


class Connections:
    """The use cases. What the stores raise when they are away passes through (`db.outage`)."""

    def __init__(self, store: ConnectionStore, events: Events, *, clock: Clock) -> None:
        self._store, self._events, self._clock = store, events, clock

    async def end(self, user_id: str, connection_id: str) -> None:
        """It is over, by this member, and both are told, once: also of one that a block has ended already."""
        now = self._clock()
        row, day = await self._store.end(connection_id, user_id, now), today(now)
        for member in (row.user_a, row.user_b):
            view = await self._store.view(row.id, member, today=day)
            await self._events.send(
                member, ConnectionEnded(connection=view), key=f"connection:ended:{row.id}"
            )
