"""Notifications over REST. Decides nothing: `services.notifications` does."""

from datetime import datetime

from core.clock import to_ms
from core.contract import notifications as contract
from core.contract.notifications import (
    NotificationPage,
    NotificationQuery,
    ReadNotifications,
    UnreadNotifications,
)
from core.wire.cursors import BY_TIME
from rest.http.paging import page
from rest.http.request import Request
from services.notifications import Notifications


class NotificationHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications

    async def notifications(self, request: Request) -> NotificationPage:
        query = request.asked(NotificationQuery)
        items, after = await page(
            query,
            lambda before, limit: self._notifications.page(
                request.caller.user_id, query, before, limit, request.now
            ),
            cursors=BY_TIME,
            key=lambda item: (to_ms(datetime.fromisoformat(item.created_at)), item.id),
        )
        return NotificationPage(items=items, next_cursor=after)

    async def read_notifications(self, request: Request) -> UnreadNotifications:
        left = await self._notifications.read(
            request.caller.user_id, request.sent(ReadNotifications), request.now
        )
        return UnreadNotifications(unread=left)
