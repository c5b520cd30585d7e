"""Tells users of calls that they have missed."""

from collections.abc import Iterable

from core.notices import call_missed, offer_missed
from db.postgres.notifications import NotificationStore
from services.notifications import Notifications


class MissedCalls:
    """Implements `realtime.calls.ports.MissedCalls`."""

    def __init__(self, store: NotificationStore, notifications: Notifications) -> None:
        self._store, self._notifications = store, notifications

    async def tell(self, call_id: str, user_ids: Iterable[str], now: int) -> None:
        """These have not answered. May be repeated. Raises an outage of Postgres."""
        for user_id in user_ids:
            await self._store.tell(offer_missed(user_id, call_id, now), now)
            await self._notifications.hurry(user_id)

    async def tell_of(self, call_id: str, user_id: str, by: str, room_id: str | None, now: int) -> None:
        """The same of a direct call, by somebody whose name may be said."""
        await self._store.tell(call_missed(user_id, call_id, by, room_id), now)
        await self._notifications.hurry(user_id)
