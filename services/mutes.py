"""Rooms that are quiet for one of their members. Postgres owns that; their other devices are told."""

import structlog

from core.clock import LATEST_MS, rfc3339
from core.contract.mutes import Mute, RoomMuted
from db.outage import OUTAGES
from db.postgres.mutes import MuteStore
from services.ports import Events

_log = structlog.get_logger()


class Mutes:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: MuteStore, events: Events) -> None:
        self._store, self._events = store, events

    async def mute(self, user_id: str, room_id: str, body: Mute, now: int) -> None:
        """Push nothing of what is said there. Raises `NotFound`."""
        until = LATEST_MS if body.for_s is None else now + body.for_s * 1000
        await self._store.mute(room_id, user_id, until)
        await self._tell(user_id, RoomMuted(room_id=room_id, muted_until=rfc3339(until)))

    async def unmute(self, user_id: str, room_id: str) -> None:
        """Push it again. Raises `NotFound`."""
        await self._store.mute(room_id, user_id, None)
        await self._tell(user_id, RoomMuted(room_id=room_id))

    async def _tell(self, user_id: str, told: RoomMuted) -> None:
        try:
            await self._events.send(user_id, told)
        except OUTAGES:
            _log.info("other devices cannot be told that a room is quiet; they see it with the list of rooms")
