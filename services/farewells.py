"""Telling others that somebody has left, or is back: what their lists show of them goes, or comes again.

From the moment in which an account is to be deleted its owner is no longer among anybody's friends and
requests; with the account the connections end too. Whoever is connected is told what such a list would show
now, so that nobody stays on a screen who is not there any more.
"""

from collections.abc import Awaitable, Iterator

import structlog

from core.clock import Clock
from core.contract.connections import ConnectionEnded
from core.contract.friends import FriendAdded, FriendRemoved, FriendRequested, FriendWithdrawn
from core.numbered_event import NumberedEvent
from core.tasks import all_of
from db.outage import OUTAGES
from db.postgres.connections import ConnectionStore
from db.postgres.erasures import ErasureStore, Tie, Ties
from db.postgres.friends import FriendStore
from services import lanes
from services.notifications import Notifications
from services.ports import Channels, Events
from services.recent_members import ROOM_ENDED

_log = structlog.get_logger()


class Farewells:
    """The use cases."""

    def __init__(
        self,
        store: ErasureStore,
        friends: FriendStore,
        connections: ConnectionStore,
        notifications: Notifications,
        events: Events,
        channels: Channels,
        clock: Clock,
    ) -> None:
        self._store, self._friends, self._connections = store, friends, connections
        self._notifications, self._events, self._channels = notifications, events, channels
        self._clock = clock

    async def tell(self, user_id: str, key: str) -> None:
        """This user has left. Raises an outage: whoever performs it tries again, with the same `key`."""
        if not await self._store.awaits(user_id):
            return
        ties, now = await self._store.ties(user_id), self._clock()
        await all_of(*self._removals(user_id, ties, key))
        for tie in ties.connections:
            if tie.ended:
                await self._ended(tie, now)
        for other in ties.others(user_id):
            await self._notifications.hide(other, user_id, key, now)
        if not await self._store.awaits(user_id):  # who was told so meanwhile may have heard this last
            await self._welcome(user_id, ties, self._clock())

    def _removals(self, user_id: str, ties: Ties, key: str) -> Iterator[Awaitable[object]]:
        for tie in ties.friends:
            removed = FriendRemoved(user_id=user_id, room_id=tie.room_id)
            yield self._events.send(tie.other_id, removed, key=f"{key}:{tie.id}")
        for request in ties.requests:
            withdrawn = FriendWithdrawn(request_id=request.id)
            yield self._events.send(request.other(user_id), withdrawn, key=f"{key}:{request.id}")

    async def _ended(self, tie: Tie, now: int) -> None:
        """As whoever ends a connection tells it, and so once."""
        ended = ConnectionEnded(connection=await self._connections.view(tie.id, tie.other_id, now))
        await self._channels.publish(ROOM_ENDED, tie.room_id.encode())
        await self._events.announce([NumberedEvent([tie.other_id], ended, lanes.end(tie.id), 1, 0)])

    async def back(self, user_id: str, now: int) -> None:
        """They stay after all. Never raises an outage of Redis: clients read their lists again anyway."""
        await self._welcome(user_id, await self._store.ties(user_id), now)

    async def _welcome(self, user_id: str, ties: Ties, now: int) -> None:
        """One at a time: there may be thousands, and nobody waits for it."""
        try:
            for tie in ties.friends:
                friend = await self._friends.friend(tie.other_id, user_id, now)
                if friend is not None:
                    await self._events.send(tie.other_id, FriendAdded(friend=friend))
            for request in ties.requests:
                other = request.other(user_id)
                seen = await self._friends.request(request, other, now)
                if seen is not None:
                    await self._events.send(other, FriendRequested(request=seen))
        except OUTAGES as error:
            _log.debug("not all were told that somebody is back", error=repr(error))
