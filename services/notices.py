"""Tells users at once what moderators have decided about them that their devices would not notice.

Strike and appeal are on record by then; if a notice is lost, the device learns of it when it comes back and
asks. Who is suspended or banned is told where they are put out (`services/expulsions.py`).
"""

import structlog

from core.clock import rfc3339
from core.contract.appeals import Appeal
from core.contract.notifications import (
    Notification,
    NotificationAction,
    NotificationKind,
    NotificationNew,
    NotificationSubject,
)
from core.ids import new_id
from db.outage import AWAY
from services.ports import Events

_WHERE = NotificationAction(label="See more", url="/#safety")
_log = structlog.get_logger()


class Notices:
    """Never raises an outage."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def warned(self, user_id: str, strike_id: str, now: int) -> None:
        """A moderator has warned them."""
        title = "A moderator has warned you"
        await self._tell(user_id, strike_id, "strike", title, "See why, and how to appeal.", strike_id, now)

    async def taken_back(self, user_id: str, strike_id: str, now: int) -> None:
        """A moderator has undone a warning; an appeal against it is granted by that."""
        title, body = "A warning was taken back", "It does not count any more."
        await self._tell(user_id, new_id(now), "strike", title, body, strike_id, now)

    async def appeal_decided(self, appeal: Appeal, now: int) -> None:
        """What has become of their appeal against a warning."""
        if appeal.strike.action != "warn":
            return
        title = f"Your appeal was {appeal.state}"
        body = "The warning was taken back." if appeal.state == "granted" else "The warning stands."
        await self._tell(appeal.user_id, appeal.id, "appeal", title, body, appeal.strike.id, now)

    async def _tell(
        self, user_id: str, of: str, kind: NotificationKind, title: str, body: str, strike_id: str, now: int
    ) -> None:
        """Once for what it is `of`, as long as a repetition is known."""
        notification = Notification(
            id=of,
            kind=kind,
            title=title,
            body=body,
            subject=NotificationSubject(type="strike", id=strike_id),
            action=_WHERE,
            created_at=rfc3339(now),
            read_at=None,
        )
        try:
            await self._events.send(
                user_id, NotificationNew(notification=notification), key=f"notification:{of}"
            )
        except AWAY as error:
            _log.debug("a notice was not sent", error=repr(error))
