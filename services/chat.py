"""Chat: what a member may say, read and see. Postgres owns the messages, Redis only announces them.

A message is committed first, together with a note that it has to be announced (`db/postgres/outbox.py`), and
announced afterwards: what is committed is acknowledged, also when the announcement has to wait.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

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
from core.ids import new_id
from core.numbered_event import NumberedEvent
from core.tasks import TaskSet
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.rooms import Draft, Reading, Rooms, StoredMessage
from services import lanes
from services.announcer import Announcer, Told
from services.message_rules import check_message
from services.ports import Events
from services.recent_members import RecentMembers


async def announcements(rooms: Rooms, clock: Clock, message_ids: Collection[str]) -> Mapping[str, Told]:
    """The events for each of these messages that were left in the outbox, and the users to tell."""
    found = await rooms.to_announce(message_ids, clock())
    return {
        message_id: (ChatMessage(message=message), members)
        for message_id, (message, members) in found.items()
    }


class Chat:
    """The use cases, with a count of what was sent and read. Errors of an outage of a store pass through."""

    def __init__(
        self,
        rooms: Rooms,
        events: Events,
        announcer: Announcer,
        members: RecentMembers,
        *,
        max_chars: int,
        clock: Clock,
    ) -> None:
        self._rooms, self._events, self._announcer = rooms, events, announcer
        self._members = members
        self._max_chars, self._clock = max_chars, clock
        self.sent = self.receipts = 0
        self._saying = GroupedStatement(rooms.say, then=self._said)
        self._tasks = TaskSet()

    def send(self, user_id: str, command: ChatSend) -> asyncio.Future[Sent]:
        """Store a message, then tell every member, the sender's own devices included."""
        check_message(command, self._max_chars)
        now = self._clock()
        draft = Draft(
            id=new_id(now),
            room_id=command.room_id,
            sender_id=user_id,
            client_id=command.client_id,
            type=command.type,
            content=command.content,
            reply_to=command.reply_to,
            created_at=now,
        )
        sent: asyncio.Future[Any] = self._saying.ask(draft)  # `_said` ends it
        return sent

    def _said(self, draft: Draft, stored: StoredMessage | None, sent: asyncio.Future[Sent]) -> None:
        """It is announced, whether or not anybody still waits for the answer."""
        if stored is None:
            self._tasks.spawn(self._said_before(draft, sent))
            return
        self.sent += 1
        message = stored.message
        told = ChatMessage(message=message), stored.members

        def answer(_: None) -> None:
            if not sent.done():
                sent.set_result(Sent(message=message))

        self._announcer.tell(draft.room_id, stored.number, told).then(answer)

    async def _said_before(self, draft: Draft, sent: asyncio.Future[Sent]) -> None:
        """The stored message, or why there is none."""
        try:
            message = await self._rooms.said_before(draft)
        except Exception as error:
            if not sent.done():
                sent.set_exception(error)
        else:
            if not sent.done():
                sent.set_result(Sent(message=message))

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
        """Remember how far the caller has read, then tell the user's own devices, and the others while the
        connection goes on."""
        receipt = await self._rooms.read(
            Reading(room_id=command.room_id, user_id=user_id, seq=command.seq, at=self._clock())
        )
        self.receipts += 1
        told = ChatReceipt(
            room_id=command.room_id,
            user_id=user_id,
            delivered_seq=receipt.delivered_seq,
            read_seq=receipt.read_seq,
        )
        lane = lanes.receipts(command.room_id, user_id)
        await self._events.announce([NumberedEvent(receipt.members, told, lane, receipt.read_seq, 0)])

    def typing(self, user_id: str, command: ChatTyping) -> asyncio.Future[None]:
        """Tell the others at once; nothing is stored."""
        members = self._members.known(command.room_id, user_id)
        if members is None:
            return asyncio.ensure_future(self._ask_and_type(user_id, command))
        return self._type(user_id, command, members)

    async def _ask_and_type(self, user_id: str, command: ChatTyping) -> None:
        await self._type(user_id, command, await self._members.who_may_speak(command.room_id, user_id))

    def _type(self, user_id: str, command: ChatTyping, members: Sequence[str]) -> asyncio.Future[None]:
        told = ChatTypingChanged(room_id=command.room_id, user_id=user_id, typing=command.typing)
        return self._events.send_all([(member, told) for member in members if member != user_id])
