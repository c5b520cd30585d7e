"""Chat: what a member may say, read and see. Postgres owns the messages, Redis only announces them.

A message is committed first, together with a note that it has to be announced (`db/postgres/outbox.py`), and
announced afterwards: what is committed is acknowledged, also when the announcement has to wait.
"""

from collections.abc import Collection, Iterable, Mapping

from core.clock import Clock
from core.contract.chat import (
    ChatHistory,
    ChatMessage,
    ChatRead,
    ChatReceipt,
    ChatSend,
    ChatTyping,
    ChatTypingChanged,
    History,
    Sent,
)
from core.errors import InvalidRequest, PayloadTooLarge
from core.ids import new_id
from core.wire.message import Event
from db.postgres.rooms import Draft, Rooms
from services.announcer import Announcer, Told
from services.ports import Events


async def announcements(rooms: Rooms, clock: Clock, message_ids: Collection[str]) -> Mapping[str, Told]:
    """Whom to tell of each of these messages, which were left in the outbox."""
    found = await rooms.to_announce(message_ids, clock())
    return {
        message_id: [(member, ChatMessage(message=message)) for member in members]
        for message_id, (message, members) in found.items()
    }


class Chat:
    """The use cases. Errors of an outage of a store pass through (`db.outage`)."""

    def __init__(
        self, rooms: Rooms, events: Events, announcer: Announcer, *, max_chars: int, clock: Clock
    ) -> None:
        self._rooms, self._events, self._announcer = rooms, events, announcer
        self._max_chars, self._clock = max_chars, clock

    async def send(self, user_id: str, command: ChatSend) -> Sent:
        """Store a message, then tell every member, the sender's own devices included."""
        check_sayable(command, self._max_chars)
        now = self._clock()
        stored = await self._rooms.send(
            Draft(
                id=new_id(now),
                room_id=command.room_id,
                sender_id=user_id,
                client_id=command.client_id,
                type=command.type,
                content=command.content,
                reply_to=command.reply_to,
                created_at=now,
            )
        )
        if stored.number is not None:
            told = ChatMessage(message=stored.message)
            await self._announcer.tell(
                command.room_id, stored.number, [(member, told) for member in stored.members]
            )
        return Sent(message=stored.message)

    async def history(self, user_id: str, command: ChatHistory) -> History:
        """A page of messages, oldest first."""
        messages, has_more = await self._rooms.history(
            command.room_id,
            user_id,
            before_seq=command.before_seq,
            after_seq=command.after_seq,
            limit=command.limit,
        )
        return History(messages=messages, has_more=has_more)

    async def read(self, user_id: str, command: ChatRead) -> None:
        """Remember how far the caller has read, then tell the others and the user's own devices."""
        receipt = await self._rooms.read(command.room_id, user_id, command.seq)
        told = ChatReceipt(
            room_id=command.room_id,
            user_id=user_id,
            delivered_seq=receipt.delivered_seq,
            read_seq=receipt.read_seq,
        )
        await self._tell(
            receipt.members, told, key=f"chat:read:{command.room_id}:{user_id}:{receipt.read_seq}"
        )

    async def typing(self, user_id: str, command: ChatTyping) -> None:
        """Tell the others at once; nothing is stored."""
        members = await self._rooms.members(command.room_id, user_id, to_speak=True)
        told = ChatTypingChanged(room_id=command.room_id, user_id=user_id, typing=command.typing)
        await self._tell((member for member in members if member != user_id), told, key=None)

    async def _tell(self, members: Iterable[str], event: Event, *, key: str | None) -> None:
        for member in members:
            await self._events.send(member, event, key=key)


def check_sayable(command: ChatSend, max_chars: int) -> None:
    """Whether this can be a message of at most `max_chars` code points.

    Raises `PayloadTooLarge` for a longer one, `InvalidRequest` for what is empty or cannot be stored.
    """
    if command.type != "text":
        raise InvalidRequest("Only text can be sent so far.", details={"field": "type"})
    if command.media_id is not None:
        raise InvalidRequest("A text message has no media.", details={"field": "media_id"})
    if not command.content:
        raise InvalidRequest("A text message has content.", details={"field": "content"})
    if len(command.content) > max_chars:
        raise PayloadTooLarge(f"A message has at most {max_chars} characters.", details={"field": "content"})
    for field, text in (("content", command.content), ("client_id", command.client_id)):
        if not is_storable(text):
            raise InvalidRequest("No text may have a NUL or half a surrogate pair.", details={"field": field})


def is_storable(text: str) -> bool:
    """Whether Postgres can store this text: it is valid UTF-8 without NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
