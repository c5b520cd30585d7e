"""Notifications: what concerns a user and is none of their own doing."""

from typing import Literal

from core.vocabulary import Id, Timestamp
from core.wire.message import Event, Wire

NotificationKind = Literal["strike", "appeal"]


class NotificationSubject(Wire):
    """What it is about."""

    type: Literal["strike"]
    id: Id


class NotificationAction(Wire):
    """Where one sees more."""

    label: str
    url: str


class Notification(Wire):
    """Something to know. `title` and `body` are in English; a client may say it in its own words."""

    id: Id
    kind: NotificationKind
    title: str
    body: str
    created_at: Timestamp
    read_at: Timestamp | None
    subject: NotificationSubject | None = None
    action: NotificationAction | None = None


class NotificationNew(Event, event="notification:new"):
    """There is something to know. Of decisions about oneself `GET /v1/me/standing` has the whole."""

    notification: Notification
