"""Rooms and their messages over REST. Reading only."""

from collections.abc import Sequence

from msgspec.structs import replace

from core.contract import chat as contract
from core.contract.chat import (
    Message,
    MessagePage,
    MessageSearch,
    ReceiptPage,
    RoomPage,
    RoomsQuery,
    RoomView,
)
from core.errors import InvalidRequest
from core.wire.cursors import BY_ID, BY_ID_SINCE, BY_MOMENT, BY_SEQ
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.media_views import at_server
from db.postgres.receipts import ReceiptStore
from db.postgres.rooms import Moment, Rooms
from rest.http.paging import page
from rest.http.request import Request


class ChatHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, rooms: Rooms, receipts: ReceiptStore) -> None:
        self._rooms, self._receipts = rooms, receipts

    async def rooms(self, request: Request) -> RoomPage:
        asked = request.asked(RoomsQuery)
        since = BY_MOMENT.read(asked.changed_since, "changed_since")
        moment, before = _place(asked.cursor)
        found = await self._rooms.rooms(
            request.caller.user_id,
            before=before,
            limit=asked.limit + 1,
            now=request.now,
            since=since and Moment(*since),
        )
        items = found.rooms[: asked.limit]
        # What changes in rooms of the first page while the others are read is asked for next time.
        seen = moment or (found.moment.history, found.moment.seen)
        more = len(found.rooms) > asked.limit
        return RoomPage(
            items=[reachable(room, request.address) for room in items],
            next_cursor=BY_ID_SINCE.write((*seen, items[-1].id)) if more else None,
            changes_cursor=BY_MOMENT.write(seen),
        )

    async def room(self, request: Request) -> RoomView:
        found = await self._rooms.room(request.at(ById).id, request.caller.user_id, request.now)
        return reachable(found, request.address)

    async def messages(self, request: Request) -> MessagePage:
        async def newest_first(before: int | None, limit: int) -> Sequence[Message]:
            room_id, user_id = request.at(ById).id, request.caller.user_id
            return await self._rooms.page(room_id, user_id, before_seq=before, limit=limit)

        items, after = await page(
            request.asked(PageQuery), newest_first, cursors=BY_SEQ, key=lambda message: message.seq
        )
        return MessagePage(items=[_message(item, request.address) for item in items], next_cursor=after)

    async def search_room(self, request: Request) -> MessagePage:
        asked, room_id, reader = request.asked(MessageSearch), request.at(ById).id, request.caller.user_id
        items, after = await page(
            asked,
            lambda before, limit: self._rooms.found_in(
                room_id, reader, asked.q, before_seq=before, limit=limit
            ),
            cursors=BY_SEQ,
            key=lambda message: message.seq,
        )
        return MessagePage(items=[_message(item, request.address) for item in items], next_cursor=after)

    async def search_messages(self, request: Request) -> MessagePage:
        asked, reader = request.asked(MessageSearch), request.caller.user_id
        items, after = await page(
            asked,
            lambda before, limit: self._rooms.found(reader, asked.q, before=before, limit=limit),
            cursors=BY_ID,
            key=lambda message: message.id,
        )
        return MessagePage(items=[_message(item, request.address) for item in items], next_cursor=after)

    async def receipts(self, request: Request) -> ReceiptPage:
        message_id, viewer = request.at(ById).id, request.caller.user_id
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._receipts.of_message(message_id, viewer, after=before, limit=limit),
            cursors=BY_ID,
            key=lambda receipt: receipt.user_id,
        )
        return ReceiptPage(items=items, next_cursor=after)


def _place(cursor: str | None) -> tuple[tuple[int, int] | None, str | None]:
    """When the list was begun, and its last room so far; the version before has told that alone."""
    try:
        history, seen, room_id = BY_ID_SINCE.read(cursor) or (0, 0, None)
    except InvalidRequest:
        return None, BY_ID.read(cursor)
    return (history, seen) if room_id else None, room_id


def reachable(room: RoomView, server: str) -> RoomView:
    """The same, its addresses at this server."""
    if room.last_message is None or room.last_message.media is None:
        return room
    return replace(room, last_message=_message(room.last_message, server))


def _message(message: Message, server: str) -> Message:
    if message.media is None:
        return message
    return replace(message, media=at_server(message.media, server))
