"""Rooms and their messages. What can be a message, and how long it may be: `services/message_rules.py`."""

from typing import Annotated, Literal

from msgspec import Meta

from core.contract.profiles import ProfileCard
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Command, Empty, Event, Wire
from core.wire.pages import NextCursor, PageQuery

Seq = Annotated[int, Meta(ge=0, le=2**53)]
HISTORY_MAX = 100
# What members say; what the server itself says in a room is of type `system`.
MessageKind = Literal["text", "image", "video", "voice"]

RoomKind = Literal["direct", "group"]
MemberRole = Literal["owner", "admin", "member"]


class Message(Wire):
    """`seq` counts 1, 2, 3 … in its room with no gap."""

    id: Id
    room_id: Id
    seq: int
    sender_id: Id | None
    client_id: str | None
    type: MessageKind | Literal["system"]
    content: str | None
    created_at: Timestamp
    reply_to: Id | None = None
    edited_at: Timestamp | None = None
    deleted_at: Timestamp | None = None


class Sent(Wire):
    """The message as it was stored."""

    message: Message


class ChatSend(Command, event="chat:send", reply=Sent, limits=("messages",)):
    """Say something; the same `client_id` again gives the same message."""

    room_id: Id
    client_id: Annotated[str, Meta(min_length=1, max_length=100)]
    type: MessageKind = "text"
    content: str | None = None
    media_id: Id | None = None
    reply_to: Id | None = None


class ChatMessage(Event, event="chat:message"):
    """To every member of the room, the sender's own devices included."""

    message: Message


class History(Wire):
    """A page of messages, oldest first."""

    messages: list[Message]
    has_more: bool


class ChatHistory(Command, event="chat:history", reply=History):
    """Read a room: the latest page, or what lies before or after a `seq`."""

    room_id: Id
    before_seq: Seq | None = None
    after_seq: Seq | None = None
    limit: Annotated[int, Meta(ge=1, le=HISTORY_MAX)] = 50


class ChatRead(Command, event="chat:read", reply=Empty):
    """Everything up to `seq` is read."""

    room_id: Id
    seq: Seq


class ChatReceipt(Event, event="chat:receipt"):
    """How far a member of the room has got."""

    room_id: Id
    user_id: Id
    delivered_seq: int
    read_seq: int


class ChatTyping(Command, event="chat:typing", reply=Empty, volatile=True):
    """The caller is writing, or has stopped."""

    room_id: Id
    typing: bool


class ChatTypingChanged(Event, event="chat:typing", volatile=True):
    """Someone is writing; it expires by itself after 3 s."""

    room_id: Id
    user_id: Id
    typing: bool


class RoomView(Wire):
    """A room as the caller sees it. A direct one has a `peer`; `connection_id` is the latest of the two."""

    id: Id
    kind: RoomKind
    member_count: int
    role: MemberRole
    active: bool
    last_message: Message | None
    last_seq: int
    read_seq: int
    unread: int
    created_at: Timestamp
    connection_id: Id | None = None
    peer: ProfileCard | None = None


class RoomPage(Wire):
    """A page of rooms."""

    items: list[RoomView]
    next_cursor: NextCursor


class MessagePage(Wire):
    """A page of messages, newest first."""

    items: list[Message]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="rooms",
        method="GET",
        path="/v1/rooms",
        area="chat",
        summary="One's rooms.",
        query=PageQuery,
        reply=RoomPage,
    ),
    Endpoint(
        name="room",
        method="GET",
        path="/v1/rooms/{id}",
        area="chat",
        summary="One room.",
        parameters=ById,
        reply=RoomView,
    ),
    Endpoint(
        name="messages",
        method="GET",
        path="/v1/rooms/{id}/messages",
        area="chat",
        summary="What was said in a room, newest first.",
        parameters=ById,
        query=PageQuery,
        reply=MessagePage,
    ),
)
