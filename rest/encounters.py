"""What one has lived through: past calls, connections, rooms and their messages. Reading only."""

from core.clock import rfc3339, today
from core.contract.calls import CallPage, PastCall
from core.contract.chat import MessagePage, RoomPage, RoomView
from core.contract.connections import ConnectionPage, ConnectionView
from core.wire.pages import PageQuery
from db.postgres import call_records as records
from db.postgres.call_records import CallRecords
from db.postgres.connections import ConnectionStore
from db.postgres.rooms import Rooms
from rest import cursors
from rest.boundary import Exchange


class EncounterHandlers:
    """Handlers by the names of their endpoints."""

    def __init__(self, calls: CallRecords, connections: ConnectionStore, rooms: Rooms) -> None:
        self._calls, self._connections, self._rooms = calls, connections, rooms

    async def past_calls(self, exchange: Exchange) -> CallPage:
        """GET /v1/me/calls"""
        query, now = exchange.asked(PageQuery), exchange.now
        found = await self._calls.history(
            exchange.caller.user_id,
            before=cursors.to_id(query.cursor),
            limit=query.limit + 1,
            today=today(now),
        )
        items, after = cursors.page(found, query.limit, lambda call: cursors.of_id(call.call_id))
        return CallPage(items=[_past_call(call) for call in items], next_cursor=after)

    async def connections(self, exchange: Exchange) -> ConnectionPage:
        """GET /v1/connections"""
        query, now = exchange.asked(PageQuery), exchange.now
        found = await self._connections.page(
            exchange.caller.user_id,
            before=cursors.to_id(query.cursor),
            limit=query.limit + 1,
            today=today(now),
        )
        items, after = cursors.page(found, query.limit, lambda connection: cursors.of_id(connection.id))
        return ConnectionPage(items=items, next_cursor=after)

    async def connection(self, exchange: Exchange) -> ConnectionView:
        """GET /v1/connections/{id}"""
        return await self._connections.view(
            exchange.path["id"], exchange.caller.user_id, today=today(exchange.now)
        )

    async def rooms(self, exchange: Exchange) -> RoomPage:
        """GET /v1/rooms"""
        query, now = exchange.asked(PageQuery), exchange.now
        found = await self._rooms.rooms(
            exchange.caller.user_id,
            before=cursors.to_id(query.cursor),
            limit=query.limit + 1,
            today=today(now),
        )
        items, after = cursors.page(found, query.limit, lambda room: cursors.of_id(room.id))
        return RoomPage(items=items, next_cursor=after)

    async def room(self, exchange: Exchange) -> RoomView:
        """GET /v1/rooms/{id}"""
        return await self._rooms.room(exchange.path["id"], exchange.caller.user_id, today=today(exchange.now))

    async def messages(self, exchange: Exchange) -> MessagePage:
        """GET /v1/rooms/{id}/messages"""
        query = exchange.asked(PageQuery)
        found, more = await self._rooms.history(
            exchange.path["id"],
            exchange.caller.user_id,
            before_seq=cursors.to_seq(query.cursor),
            after_seq=None,
            limit=query.limit,
        )
        return MessagePage(items=found[::-1], next_cursor=cursors.of_seq(found[0].seq) if more else None)


def _past_call(call: records.PastCall) -> PastCall:
    return PastCall(
        call_id=call.call_id,
        mode=call.mode,
        peer=call.peer,
        started_at=rfc3339(call.started_at),
        ended_at=rfc3339(call.ended_at),
        duration_s=call.duration_s,
        reason=call.reason,
        outcome=None if call.outcome == "none" else call.outcome,
    )
