"""Connections: ending one. Postgres owns them; both are told, each with the card of the other.

A connection that has ended keeps its room readable and its history; nothing more is said in it.
"""

from datetime import date
from typing import Protocol

from core.clock import Clock, today
from core.contract.connections import ConnectionEnd, ConnectionEnded, ConnectionView
from core.wire.message import Empty
from db.postgres.encounters import ConnectionRow
from services.caller import Caller
from services.ports import Events


class ConnectionStore(Protocol):
    """Where connections are kept; `db/postgres/encounters.py` says what each method promises."""

    async def end_connection(self, connection_id: str, user_id: str, now: int) -> ConnectionRow: ...
    async def connection(self, connection_id: str, user_id: str, *, today: date) -> ConnectionView: ...


class Connections:
    """The handlers of `connection:*`."""

    def __init__(self, store: ConnectionStore, events: Events, *, clock: Clock) -> None:
        self._store, self._events, self._clock = store, events, clock

    async def end(self, caller: Caller, command: ConnectionEnd) -> Empty:
        """End a connection that the caller has; ending it again changes nothing."""
        row = await self._store.end_connection(command.connection_id, caller.user_id, self._clock())
        await self.tell_ended(row)
        return Empty()

    async def tell_ended(self, row: ConnectionRow) -> None:
        """Tell both that it is over, once: also for a connection that a block or a report has ended."""
        day = today(self._clock())
        for member in (row.user_a, row.user_b):
            view = await self._store.connection(row.id, member, today=day)
            await self._events.send(
                member, ConnectionEnded(connection=view), key=f"connection:ended:{row.id}"
            )
