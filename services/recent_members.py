"""Who may speak in a room, as it was a second ago at most: for what is not stored, as that somebody types.

When a connection ends, by a block too, all nodes forget its room at once; a node that does not hear of it,
because Redis is away, passes nothing on either.
"""

import time
from collections.abc import Callable

from msgspec import Struct

from db.postgres.rooms import Rooms
from services.ports import Channels

ROOM_ENDED = "rooms:ended"
_FRESH_S = 1.0
_MOST = 10_000


class _Known(Struct, frozen=True):
    members: tuple[str, ...]
    until: float


class RecentMembers:
    """Composition lets `forget` hear the channel `ROOM_ENDED`."""

    def __init__(
        self, rooms: Rooms, channels: Channels, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rooms, self._channels, self._monotonic = rooms, channels, monotonic
        self._known: dict[str, _Known] = {}
        self._forgotten = 0

    async def who_may_speak(self, room_id: str, user_id: str) -> tuple[str, ...]:
        """The members. Raises `NotFound` for others, `Gone` when the connection has ended."""
        if (known := self.known(room_id, user_id)) is not None:
            return known
        now, forgotten = self._monotonic(), self._forgotten
        members = await self._rooms.members(room_id, user_id, to_speak=True)
        if forgotten == self._forgotten:  # or this may be what was forgotten meanwhile
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[room_id] = _Known(members, now + _FRESH_S)
        return members

    def known(self, room_id: str, user_id: str) -> tuple[str, ...] | None:
        """The members, if nobody has to be asked."""
        known = self._known.get(room_id)
        fresh = known is not None and self._monotonic() < known.until and user_id in known.members
        return known.members if known is not None and fresh else None

    async def ended(self, room_id: str) -> None:
        """Nothing can be said there any more. Raises an outage if other nodes could not be told."""
        self.forget(room_id.encode())
        await self._channels.publish(ROOM_ENDED, room_id.encode())

    def forget(self, room_id: bytes) -> None:
        """It has ended, by this node or another."""
        self._forgotten += 1
        self._known.pop(room_id.decode(), None)
