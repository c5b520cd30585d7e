"""Notifications: telling all of a user's devices what there is to know, and what has been read.

Postgres owns them. What is stored has a note in an outbox, as messages have, so that it is announced also
when Redis was away or the node has died: in the order in which it was stored, and as things are then.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from core.clock import Clock
from core.contract.notifications import (
    Notification,
    NotificationNew,
    NotificationQuery,
    NotificationRead,
    ReadNotifications,
)
from core.errors import InvalidRequest
from db.postgres.notifications import NotificationStore
from services.announcer import Announcer, Load, Told
from services.ports import Events


def loaders(store: NotificationStore, clock: Clock) -> Mapping[str, Load]:
    """How the announcer finds what was left in the outbox."""
    return {
        NotificationNew.event: partial(_new, store, clock),
        NotificationRead.event: partial(_read, store, clock),
    }


async def _new(store: NotificationStore, clock: Clock, ids: Collection[str]) -> Mapping[str, Sequence[Told]]:
    found = await store.to_announce(ids, clock())
    return {id_: [(told, (user_id,))] for id_, (user_id, told) in found.items()}


async def _read(
    store: NotificationStore, clock: Clock, user_ids: Collection[str]
) -> Mapping[str, Sequence[Told]]:
    """Which were read just then is not kept: what has been read lately is said again."""
    found = await store.read_lately(user_ids, clock())
    return {user_id: [(_left(unread, ids), (user_id,))] for user_id, (unread, ids) in found.items()}


def _left(unread: int, ids: list[str]) -> NotificationRead:
    return NotificationRead(ids=ids, unread=unread) if unread else NotificationRead(all=True, unread=0)


class Notifications:
    """The use cases. Without an announcer, as in a process that has none, some other node announces.

    `on_read` is called with a user and what they had not read before. Errors of an outage of Postgres pass
    through (`db.outage`).
    """

    def __init__(self, store: NotificationStore, events: Events, announcer: Announcer | None) -> None:
        self._store, self._events, self._announcer = store, events, announcer
        self.on_read: list[Callable[[str, Sequence[str]], None]] = []

    async def page(
        self, user_id: str, query: NotificationQuery, before: tuple[int, str] | None, limit: int, now: int
    ) -> list[Notification]:
        """What the user is shown, newest first: before the one of this time and id. A device has it now."""
        found = await self._store.page(user_id, unread=query.unread, before=before, limit=limit, now=now)
        if fresh := [each.id for each in found if each.read_at is None]:
            await self._store.delivered(user_id, fresh, now)
        return found

    async def read(self, user_id: str, body: ReadNotifications, now: int) -> int:
        """The user has read these, or all: tell the other devices. Gives how many are left.

        Whatever is not the user's, or has been read, is passed over. Raises `InvalidRequest`.
        """
        if body.all == (body.ids is not None):
            raise InvalidRequest("Either `ids` or `all`.", details={"field": "ids"})
        number, ids = await self._store.read(user_id, body.ids, now)
        for each in self.on_read:
            each(user_id, ids)
        left = await self._store.unread(user_id, now)
        if number is not None and self._announcer:
            told = NotificationRead(ids=None if body.all else list(ids), all=body.all or None, unread=left)
            await self._announcer.tell(user_id, number, (told, (user_id,)))
        return left

    async def hurry(self, *user_ids: str) -> None:
        """Something for them was stored just now: announce it at once. Never raises an outage."""
        if self._announcer:
            for user_id in user_ids:
                await self._announcer.tell_lane(user_id)

    async def part(self, both: tuple[str, str], key: str, now: int) -> None:
        """A block stands between the two: what is about the other is not shown any more. Raises an outage."""
        for user_id, other in (both, both[::-1]):
            await self.hide(user_id, other, key, now)

    async def hide(self, user_id: str, other: str, key: str, now: int) -> None:
        """What is about that other one is not shown to this user any more. Raises an outage."""
        if ids := await self._store.unread_about(user_id, other):
            left = await self._store.unread(user_id, now)
            told = NotificationRead(ids=ids, unread=left)
            await self._events.send(user_id, told, key=f"{key}:notifications")
