"""Rooms and their messages over REST. Reading only."""

from collections.abc import Sequence

from core.contract import chat as contract
from core.contract.chat import Message, MessagePage, RoomPage, RoomView
from core.wire.cursors import BY_ID, BY_SEQ
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.rooms import Rooms
from rest.http.paging import page
from rest.http.request import Request


class ChatHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def rooms(self, request: Request) -> RoomPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._rooms.rooms(
                request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda room: room.id,
        )
        return RoomPage(items=items, next_cursor=after)

    async def room(self, request: Request) -> RoomView:
        return await self._rooms.room(request.at(ById).id, request.caller.user_id, request.now)

    async def messages(self, request: Request) -> MessagePage:
        async def newest_first(before: int | None, limit: int) -> Sequence[Message]:
            room_id, user_id = request.at(ById).id, request.caller.user_id
            return await self._rooms.page(room_id, user_id, before_seq=before, limit=limit)

        items, after = await page(
            request.asked(PageQuery), newest_first, cursors=BY_SEQ, key=lambda message: message.seq
        )
        return MessagePage(items=items, next_cursor=after)
