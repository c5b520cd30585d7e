"""Friends: asking, answering, and ending it. Postgres owns all of it; both are told on every device.

What was told too late, because Redis was away, is read by clients anyway when they draw their lists again, so
an outage of Redis is not the caller's: what they asked for is done.
"""

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from core.contract.friends import (
    Asked,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    FriendView,
    FriendWithdrawn,
    NewFriendRequest,
)
from core.errors import InvalidRequest, NotFound
from core.numbered_event import NumberedEvent
from core.presence import channel
from db.outage import OUTAGES
from db.postgres.friends import FriendRequest, Friendship, FriendStore
from db.postgres.idempotency import IdempotencyKey
from services import lanes
from services.notifications import Notifications
from services.ports import Channels, Events
from services.recent_members import RecentMembers

_log = structlog.get_logger()


class Friends:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: FriendStore,
        events: Events,
        members: RecentMembers,
        channels: Channels,
        notifications: Notifications,
    ) -> None:
        self._store, self._events, self._members, self._channels = store, events, members, channels
        self._notifications = notifications

    async def ask(self, user_id: str, body: NewFriendRequest, key: IdempotencyKey | None, now: int) -> Asked:
        """Ask somebody to be a friend; who has asked this user already is one then.

        Raises `InvalidRequest` for oneself, `NotFound` for one whom the user may not see, `Conflict` for one
        who has refused too often, `IdempotencyConflict`.
        """
        if body.user_id == user_id:
            raise InvalidRequest("Nobody can be their own friend.", details={"field": "user_id"})
        answer, step = await self._store.ask(user_id, body.user_id, key, now)
        if step.friendship:
            await self._tell_added(step.friendship, now)
        elif step.request:
            await self._tell_requested(step.request, now)
        return answer

    async def accept(self, user_id: str, request_id: str, now: int) -> FriendView:
        """Say yes to a request. Raises `NotFound` for what is not theirs to accept, or waits no longer."""
        friendship = await self._store.accept(request_id, user_id, now)
        await self._tell_added(friendship, now)
        friend = await self._store.friend(user_id, friendship.friend_of(user_id), now)
        if friend is None:
            raise NotFound
        return friend

    async def refuse(self, user_id: str, request_id: str, now: int) -> None:
        """Say no to a request, or take one's own back. Raises `NotFound`, `Conflict` among friends."""
        request = await self._store.refuse(request_id, user_id, now)
        if request is not None:
            await self._announce([self._closed(request.id, (request.sender_id, request.receiver_id))])
            await self._notifications.hurry(request.receiver_id)

    async def unfriend(self, user_id: str, friend_id: str, now: int) -> None:
        """Friends no longer. Raises `NotFound` for one who never was a friend."""
        friendship = await self._store.unfriend(user_id, friend_id, now)
        await self._announce(_removed(friendship, parted=False))
        await self._apart(friendship)

    async def part(self, both: tuple[str, str], friendship_id: str | None, request_id: str | None) -> None:
        """A block has ended what two had: tell them. Raises an outage: whoever performs it tries again."""
        told = [self._closed(request_id, both)] if request_id else []
        if friendship_id:
            friendship = await self._store.friendship(friendship_id)
            await self._members.ended(friendship.room_id)
            told += _removed(friendship, parted=True)
        if told:
            await self._events.announce(told)

    async def _tell_requested(self, request: FriendRequest, now: int) -> None:
        both = request.sender_id, request.receiver_id
        views = await asyncio.gather(*(self._store.request(request, who, now) for who in both))
        lane = lanes.friends(request.id)
        await self._announce(
            NumberedEvent([who], FriendRequested(request=view), lane, 1, 0)
            for who, view in zip(both, views, strict=True)
            if view is not None
        )
        await self._notifications.hurry(request.receiver_id)

    async def _tell_added(self, friendship: Friendship, now: int) -> None:
        pairs = (friendship.user_a, friendship.user_b), (friendship.user_b, friendship.user_a)
        views = await asyncio.gather(*(self._store.friend(*pair, now) for pair in pairs))
        lane = lanes.friends(friendship.id)
        await self._announce(
            NumberedEvent([who], FriendAdded(friend=view), lane, 1, 0)
            for (who, _), view in zip(pairs, views, strict=True)
            if view is not None
        )
        await self._notifications.hurry(friendship.user_a, friendship.user_b)

    async def _apart(self, friendship: Friendship) -> None:
        """Nodes read again who may speak in the room, and who may see the presence of the two."""
        try:
            await self._members.ended(friendship.room_id)
            for user_id in (friendship.user_a, friendship.user_b):
                await self._channels.publish(channel(user_id), b"")
        except OUTAGES as error:
            _log.debug("the end of a friendship was not announced", error=repr(error))

    async def _announce(self, told: Iterable[NumberedEvent]) -> None:
        try:
            await self._events.announce(list(told))
        except OUTAGES as error:
            _log.debug("friends were not told", error=repr(error))

    @staticmethod
    def _closed(request_id: str, both: Sequence[str]) -> NumberedEvent:
        return NumberedEvent(both, FriendWithdrawn(request_id=request_id), lanes.friends(request_id), 2, 0)


def _removed(friendship: Friendship, *, parted: bool) -> list[NumberedEvent]:
    """That they are friends no longer; by a block, neither hears what the other said or read just before."""
    room_id, lane = friendship.room_id, lanes.friends(friendship.id)
    pairs = (friendship.user_a, friendship.user_b), (friendship.user_b, friendship.user_a)
    return [
        NumberedEvent(
            [who],
            FriendRemoved(user_id=other, room_id=room_id),
            lane,
            2,
            0,
            (room_id, lanes.receipts(room_id, other)) if parted else (),
        )
        for who, other in pairs
    ]
