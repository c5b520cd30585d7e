"""Notifications: what concerns a user and is none of their own doing."""

from typing import Annotated, Literal

from msgspec import Meta

from core.vocabulary import Id, NotificationKind, Timestamp
from core.wire.endpoint import Cache, Endpoint
from core.wire.message import Event, Input, Wire
from core.wire.pages import PAGE_MAX, NextCursor, PageQuery


class NotificationSubject(Wire):
    """What it is about. While one of the same kind about the same has not been read, there is no second."""

    type: Literal[
        "user",
        "call",
        "strike",
        "export",
        "media",
        "video_request",
        "post",
        "comment",
        "check_in",
        "reward",
        "mentor_session",
    ]
    id: Id


class NotificationAction(Wire):
    """Where one sees more."""

    label: str
    url: str


class Notification(Wire):
    """Something to know. `title` and `body` are in English; a client may say it in its own words.

    `created_at`: when it was made, or renewed. After `expires_at` it is not shown any more.
    """

    id: Id
    kind: NotificationKind
    title: str
    body: str
    created_at: Timestamp
    read_at: Timestamp | None
    subject: NotificationSubject | None = None
    action: NotificationAction | None = None
    expires_at: Timestamp | None = None


class NotificationNew(Event, event="notification:new"):
    """There is something to know; one of a known id was renewed. `unread` wait now. To all devices."""

    notification: Notification
    unread: int


class NotificationRead(Event, event="notification:read"):
    """These, or `all`, have been read on some device, or are over; `unread` are left. To all devices."""

    unread: int
    ids: list[Id] | None = None
    all: bool | None = None


class NotificationQuery(PageQuery):
    """Which part of the list. `unread`: only what has not been read."""

    unread: bool = False


class NotificationPage(Wire):
    """A page of notifications, the newest first."""

    items: list[Notification]
    next_cursor: NextCursor


class ReadNotifications(Input):
    """Which have been read: these, or `all`."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=PAGE_MAX)] | None = None
    all: bool = False


class UnreadNotifications(Wire):
    """How many have not been read."""

    unread: int


ENDPOINTS = (
    Endpoint(
        name="notifications",
        method="GET",
        path="/v1/notifications",
        area="me",
        summary="What concerns one, read or not.",
        query=NotificationQuery,
        reply=NotificationPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="read_notifications",
        method="POST",
        path="/v1/notifications/read",
        area="me",
        summary="Say which have been read; all of one's devices are told.",
        body=ReadNotifications,
        reply=UnreadNotifications,
    ),
)
