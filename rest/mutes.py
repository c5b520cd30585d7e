"""Rooms that are quiet for one of their members. Decides nothing: `services.mutes` does."""

from core.contract import mutes as contract
from core.contract.chat import RoomView
from core.contract.mutes import Mute
from core.wire.endpoint import ById
from db.postgres.rooms import Rooms
from rest.chat import reachable
from rest.http.request import Request
from services.mutes import Mutes


class MuteHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, mutes: Mutes, rooms: Rooms) -> None:
        self._mutes, self._rooms = mutes, rooms

    async def mute(self, request: Request) -> RoomView:
        user_id, room_id = request.caller.user_id, request.at(ById).id
        await self._mutes.mute(user_id, room_id, request.sent(Mute), request.now)
        return reachable(await self._rooms.room(room_id, user_id, request.now), request.address)

    async def unmute(self, request: Request) -> None:
        await self._mutes.unmute(request.caller.user_id, request.at(ById).id)
