"""Connections: ending one. Postgres owns them; both are told, each with the card of the other.

A connection that has ended keeps its room readable and its history; nothing more is said in it.
"""

from core.clock import Clock, today
from core.contract.connections import ConnectionEnd, ConnectionEnded
from core.wire.message import Empty
from db.postgres.connections import ConnectionStore
from services.caller import Caller
from services.ports import Events


class Connections:
    """The handlers of `connection:*`."""

    def __init__(self, store: ConnectionStore, events: Events, *, clock: Clock) -> None:
        self._store, self._events, self._clock = store, events, clock

    async def end(self, caller: Caller, command: ConnectionEnd) -> Empty:
        """End a connection that the caller has; ending it again changes nothing."""
        await self.end_by(command.connection_id, caller.user_id)
        return Empty()

    async def end_by(self, connection_id: str, user_id: str) -> None:
        """It is over, by this member, and both are told, once: also of one that a block has ended already."""
        now = self._clock()
        row, day = await self._store.end(connection_id, user_id, now), today(now)
        for member in (row.user_a, row.user_b):
            view = await self._store.view(row.id, member, today=day)
            await self._events.send(
                member, ConnectionEnded(connection=view), key=f"connection:ended:{row.id}"
            )
