"""Rooms and their messages over REST. Reading only."""

from collections.abc import Sequence

from core.contract import chat as contract
from core.contract.chat import Message, MessagePage, RoomPage, RoomView
from core.wire.cursors import BY_ID, BY_SEQ
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.rooms import Rooms
from rest.http.exchange import Exchange
from rest.http.paging import page


class ChatHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def rooms(self, exchange: Exchange) -> RoomPage:
        items, after = await page(
            exchange.asked(PageQuery),
            lambda before, limit: self._rooms.rooms(
                exchange.caller.user_id, before=before, limit=limit, now=exchange.now
            ),
            cursors=BY_ID,
            key=lambda room: room.id,
        )
        return RoomPage(items=items, next_cursor=after)

    async def room(self, exchange: Exchange) -> RoomView:
        return await self._rooms.room(exchange.at(ById).id, exchange.caller.user_id, exchange.now)

    async def messages(self, exchange: Exchange) -> MessagePage:
        async def newest_first(before: int | None, limit: int) -> Sequence[Message]:
            found, _ = await self._rooms.history(
                exchange.at(ById).id, exchange.caller.user_id, before_seq=before, after_seq=None, limit=limit
            )
            return found[::-1]

        items, after = await page(
            exchange.asked(PageQuery), newest_first, cursors=BY_SEQ, key=lambda message: message.seq
        )
        return MessagePage(items=items, next_cursor=after)
