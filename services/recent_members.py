"""Who may speak in a room, as it was a second ago at most: for what is not stored, as that somebody types.

When a connection ends, by a block too, all nodes forget its room at once, as that of a group when its members
change or a block comes between two of them; a node that does not hear of it, because Redis is away, passes
nothing on either.
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
        """Those who hear of this member. Raises `NotFound` for others, `Gone` when it has ended."""
        if (known := self.known(room_id, user_id)) is not None:
            return known
        now, forgotten = self._monotonic(), self._forgotten
        found = await self._rooms.members(room_id, user_id, to_speak=True)
        # What was forgotten meanwhile may be this; and where a block is between members, each has others.
        if forgotten == self._forgotten and found.shared:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[room_id] = _Known(found.members, now + _FRESH_S)
        return found.members

    def known(self, room_id: str, user_id: str) -> tuple[str, ...] | None:
        """The members, if nobody has to be asked."""
        known = self._known.get(room_id)
        fresh = known is not None and self._monotonic() < known.until and user_id in known.members
        return known.members if known is not None and fresh else None

    async def ended(self, room_id: str) -> None:
        """Nothing can be said there any more, or not by all.

        Raises an outage if other nodes could not be told.
        """
        self.forget(room_id.encode())
        await self._channels.publish(ROOM_ENDED, room_id.encode())

    async def part(self, one: str, other: str) -> None:
        """A block has come between the two: in no group does either hear any more that the other types."""
        for room_id in await self._rooms.shared_groups(one, other):
            await self.ended(room_id)

    def forget(self, room_id: bytes) -> None:
        """It has ended, by this node or another."""
        self._forgotten += 1
        self._known.pop(room_id.decode(), None)
