"""Rooms and their messages. What can be a message, and how long it may be: `services/message_rules.py`."""

from typing import Annotated, Literal

from msgspec import Meta

from core.contract.media import MediaView
from core.contract.profiles import ProfileCard
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Command, Empty, Event, Wire
from core.wire.pages import Cursor, NextCursor, PageQuery

Seq = Annotated[int, Meta(ge=0, le=2**53)]
HISTORY_MAX = 100
# What members say; what the server itself says in a room is of type `system`.
MessageKind = Literal["text", "image", "video", "voice", "file"]

# `owner`: who has become it; the others: who came or went, or (by nobody else) what was done with the group.
SystemKind = Literal[
    "created", "joined", "added", "left", "removed", "owner", "renamed", "photo", "keeping", "ended"
]
RoomKind = Literal["direct", "group"]
Loudness = Annotated[int, Meta(ge=0, le=255)]
MemberRole = Literal["owner", "admin", "member"]


class SystemNote(Wire):
    """What has happened in a group: to whom, and by whom where that is somebody else."""

    kind: SystemKind
    user_id: Id | None = None
    by: Id | None = None


class RepliedTo(Wire):
    """What a message begins with that another one is a reply to, as it is now. Without content where it was
    deleted, or has none.
    """

    id: Id
    seq: int
    sender_id: Id | None
    type: MessageKind | Literal["system"]
    content: str | None
    deleted_at: Timestamp | None = None


class Message(Wire):
    """`seq` counts 1, 2, 3 … in its room with no gap. One of type `system` is of nobody, and says what has
    happened. Where a block parts reader and sender, a group shows it as if it had been deleted.

    `media` has addresses that expire: whoever reads later asks for the message again. `waveform`: how loud a
    voice message is from its beginning to its end. `reply` is left out where the reader sees nothing of that
    message, and in `last_message` of a room. Of what was deleted there is neither content nor media.
    """

    id: Id
    room_id: Id
    seq: int
    sender_id: Id | None
    client_id: str | None
    type: MessageKind | Literal["system"]
    content: str | None
    created_at: Timestamp
    media: MediaView | None = None
    waveform: list[Loudness] | None = None
    reply_to: Id | None = None
    reply: RepliedTo | None = None
    system: SystemNote | None = None
    edited_at: Timestamp | None = None
    deleted_at: Timestamp | None = None


class Sent(Wire):
    """The message as it was stored."""

    message: Message


class ChatSend(Command, event="chat:send", reply=Sent, limits=("messages",)):
    """Say something; the same `client_id` again gives the same message.

    What is no text shows a media of one's own that was uploaded for the purpose `chat` and is `ready`:
    `voice` an `audio`, a `file` any. Its `content` is what is written beside it.
    """

    room_id: Id
    client_id: Annotated[str, Meta(min_length=1, max_length=100)]
    type: MessageKind = "text"
    content: str | None = None
    media_id: Id | None = None
    reply_to: Id | None = None


class ChatMessage(Event, event="chat:message"):
    """To every member of the room, the sender's own devices included."""

    message: Message


class ChatEdit(Command, event="chat:edit", reply=Sent, limits=("messages",)):
    """Say it otherwise: the text, or what is written beside a media, of one's own message, for some time."""

    message_id: Id
    content: str | None = None


class ChatDelete(Command, event="chat:delete", reply=Sent, limits=("messages",)):
    """Take back one's own message for everybody, for some time: that there was one stays to be seen."""

    message_id: Id


class ChatChanged(Event, event="chat:changed"):
    """A message was edited or deleted. Previews of it, in replies, are not told again."""

    message: Message


class History(Wire):
    """A page of messages, oldest first. `oldest_seq` as of a room."""

    messages: list[Message]
    has_more: bool
    oldest_seq: int = 1


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


class ChatDelivered(Command, event="chat:delivered", reply=Empty):
    """This device has everything up to `seq`. What a recovered connection was sent needs no report."""

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
    """A room as the caller sees it. A direct one has a `peer`; `connection_id` is the latest of the two. A
    group has a `name`, and `group_id`, by which it is changed. Where there is `left_at`, the caller is no
    member any more. Until `muted_until` nothing that is said there is pushed to them. Of what is further back
    than the latest 1,000 messages, `unread` counts one's own and deleted ones too.

    `oldest_seq` is the first that the caller may read, also where nothing is left; left out: 1. What is
    before it was forgotten, or said before they came. `keep_days`: so long messages are kept; left out: as
    long as their senders' accounts.
    """

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
    group_id: Id | None = None
    name: str | None = None
    photo_url: str | None = None
    left_at: Timestamp | None = None
    muted_until: Timestamp | None = None
    oldest_seq: int = 1
    keep_days: int | None = None


class RoomChanged(Event, event="room:changed"):
    """A group has another name, picture, role or member: to every member, each as they see it. To who is no
    member any more it is not `active`.
    """

    room: RoomView


class RoomsQuery(PageQuery):
    """Which rooms: all, or those that have changed, or that one has left, since a list was read."""

    changed_since: Annotated[Cursor, Meta(description="The `changes_cursor` of that list.")] | None = None


class RoomPage(Wire):
    """A page of rooms. `changes_cursor`, the same on all pages of a list: ask with it next time."""

    items: list[RoomView]
    next_cursor: NextCursor
    changes_cursor: str


class MessageReceipt(Wire):
    """That somebody has got a message, and has read it since when. What is not known is left out."""

    user_id: Id
    delivered_at: Timestamp | None = None
    read_at: Timestamp | None = None


class ReceiptPage(Wire):
    """A page of receipts."""

    items: list[MessageReceipt]
    next_cursor: NextCursor


class MessageSearch(PageQuery, kw_only=True):
    """Messages with all of these words, the last one as a beginning, whatever their case and accents."""

    q: Annotated[str, Meta(min_length=1, max_length=100, examples=["quiet gym"])]


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
        summary="One's rooms, or those that have changed.",
        query=RoomsQuery,
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
    Endpoint(
        name="search_room",
        method="GET",
        path="/v1/rooms/{id}/search",
        area="chat",
        summary="What was said in a room with these words, newest first.",
        parameters=ById,
        query=MessageSearch,
        reply=MessagePage,
    ),
    Endpoint(
        name="search_messages",
        method="GET",
        path="/v1/messages",
        area="chat",
        summary="What was said with these words in all of one's rooms, newest first.",
        query=MessageSearch,
        reply=MessagePage,
    ),
    Endpoint(
        name="receipts",
        method="GET",
        path="/v1/messages/{id}/receipts",
        area="chat",
        summary="Who has got a message and read it, when; of those, and to those, who let receipts be seen.",
        parameters=ById,
        query=PageQuery,
        reply=ReceiptPage,
    ),
)
