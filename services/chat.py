"""Chat: what a member may say, read and see. Postgres owns the messages, Redis only announces them.

A message is committed first, together with a note that it has to be announced (`db/postgres/outbox.py`), and
announced afterwards: what is committed is acknowledged, also when the announcement has to wait.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from core.clock import Clock
from core.contract.chat import (
    ChatChanged,
    ChatDelete,
    ChatDelivered,
    ChatEdit,
    ChatHistory,
    ChatMessage,
    ChatRead,
    ChatReceipt,
    ChatSend,
    ChatTyping,
    ChatTypingChanged,
    History,
    Message,
    RoomChanged,
    Sent,
)
from core.errors import AppError
from core.ids import new_id
from core.numbered_event import NumberedEvent
from core.probes import IDS
from core.tasks import TaskSet
from db.outage import OUTAGES
from db.postgres.drafts import Draft
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.message_rows import unseen, without_preview
from db.postgres.receipts import ReceiptStore
from db.postgres.rooms import OwnMessage, Reading, Receipt, Rooms, StoredMessage
from services import lanes
from services.announcer import Announcer, Load, Stored, Told
from services.message_rules import check_content, check_message, is_deleted, is_edited
from services.ports import Events
from services.recent_members import RecentMembers

_EVERY_S = 0.005  # what is said within that goes together: nobody reads as fast


def loaders(rooms: Rooms, clock: Clock) -> Mapping[str, Load]:
    """How the announcer finds what was left in the outbox."""
    return {
        ChatMessage.event: partial(_messages, rooms, clock),
        ChatChanged.event: partial(_edits, rooms, clock),
        RoomChanged.event: partial(_changes, rooms),
    }


async def _messages(rooms: Rooms, clock: Clock, ids: Collection[str]) -> Mapping[str, Sequence[Told]]:
    """Whom a block parts from the sender in a group is told that there is one, so that none is missing."""
    found = await rooms.to_announce(ids, clock())
    return {
        id_: [
            (ChatMessage(message=each.message), each.members),
            (ChatMessage(message=unseen(each.message)), each.apart),
            (ChatMessage(message=without_preview(each.message)), each.unaware),
        ]
        for id_, each in found.items()
    }


async def _edits(rooms: Rooms, clock: Clock, ids: Collection[str]) -> Mapping[str, Sequence[Told]]:
    """Of a change hears who sees what was changed."""
    found = await rooms.to_announce(ids, clock())
    return {
        id_: [
            (ChatChanged(message=each.message), each.members),
            (ChatChanged(message=without_preview(each.message)), each.unaware),
        ]
        for id_, each in found.items()
    }


async def _changes(rooms: Rooms, subjects: Collection[str]) -> Mapping[str, Sequence[Told]]:
    """The room as each of its members sees it now; who has gone is told in their own turn, and only once."""
    told: dict[str, Sequence[Told]] = {}
    for subject, change in (await rooms.changed(subjects)).items():
        seen = await rooms.seen_by_members(change)
        told[subject] = [(RoomChanged(room=view), (user_id,)) for user_id, view in seen.items()]
    return told


class Chat:
    """The use cases, with a count of what people sent and read. Errors of a store's outage pass through.

    `on_read` is called with a user and a room in which they have read on.
    """

    def __init__(
        self,
        rooms: Rooms,
        receipts: ReceiptStore,
        events: Events,
        announcer: Announcer,
        members: RecentMembers,
        *,
        max_chars: int,
        edit_window_s: float,
        clock: Clock,
    ) -> None:
        self._window_ms = round(edit_window_s * 1000)
        self._rooms, self._events, self._announcer = rooms, events, announcer
        self._receipts = receipts
        self._members = members
        self._max_chars, self._clock = max_chars, clock
        self.sent = self.receipts = 0
        self.on_read: list[Callable[[str, str], None]] = []
        self._saying = GroupedStatement(rooms.say, then=self._said, after=self._tell_stored, every_s=_EVERY_S)
        self._stored: list[Stored] = []
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
            content=command.content or None,
            reply_to=command.reply_to,
            created_at=now,
            media_id=command.media_id,
        )
        sent: asyncio.Future[Any] = self._saying.ask(draft)  # `_said` ends it
        return sent

    def _said(self, draft: Draft, stored: StoredMessage | None, sent: asyncio.Future[Sent]) -> None:
        """It is announced, whether or not anybody still waits for the answer."""
        if stored is None:
            self._tasks.spawn(self._said_before(draft, sent))
            return
        self.sent += draft.sender_id not in IDS
        message = stored.message
        if not stored.members:
            self._tasks.spawn(self._tell_each(message, sent))
            return
        told = ChatMessage(message=message), stored.members
        self._stored.append(Stored(draft.room_id, stored.number, told, partial(_answer, sent, message)))

    def _tell_stored(self) -> None:
        """All that one statement has stored."""
        stored, self._stored = self._stored, []
        if stored:
            self._announcer.tell_all(stored)

    async def _tell_each(self, message: Message, sent: asyncio.Future[Sent]) -> None:
        """What the outbox says of it, as not all members are told the same."""
        await self._announcer.tell_lane(message.room_id)
        _answer(sent, message)

    async def _said_before(self, draft: Draft, sent: asyncio.Future[Sent]) -> None:
        """The stored message, or why there is none."""
        try:
            message = await self._rooms.said_before(draft)
        except Exception as error:
            if not sent.done():
                sent.set_exception(error)
        else:
            _answer(sent, message)

    async def edit(self, user_id: str, command: ChatEdit) -> Sent:
        """Say it otherwise, then tell whoever sees it."""
        content = command.content or None
        check_content(content, self._max_chars, needed=False)
        while (found := await self._rooms.own(command.message_id, user_id)) and is_edited(
            found.message,
            user_id,
            content,
            age_ms=self._clock() - found.created_at,
            window_ms=self._window_ms,
            ended=found.ended,
        ):
            check_content(content, self._max_chars, needed=found.message.type == "text")
            if await self._rooms.change(command.message_id, user_id, content, self._clock()):
                return await self._tell_change(user_id, found)
        return Sent(message=found.message)

    async def delete(self, user_id: str, command: ChatDelete) -> Sent:
        """Delete it for everybody, then tell whoever saw it."""
        while (found := await self._rooms.own(command.message_id, user_id)) and is_deleted(
            found.message, user_id, age_ms=self._clock() - found.created_at, window_ms=self._window_ms
        ):
            if await self._rooms.delete(command.message_id, user_id, self._clock()):
                return await self._tell_change(user_id, found)
        return Sent(message=found.message)

    async def _tell_change(self, user_id: str, before: OwnMessage) -> Sent:
        """Behind the message itself, in the lane of its room."""
        await self._announcer.tell_lane(before.message.room_id)
        now = await self._rooms.own(before.message.id, user_id)
        return Sent(message=now.message)

    async def history(self, user_id: str, command: ChatHistory) -> History:
        """A page of messages, oldest first."""
        messages, has_more, oldest_seq = await self._rooms.history(
            command.room_id,
            user_id,
            before_seq=command.before_seq,
            after_seq=command.after_seq,
            limit=command.limit,
        )
        return History(messages=messages, has_more=has_more, oldest_seq=oldest_seq)

    async def read(self, user_id: str, command: ChatRead) -> None:
        """Remember how far the caller has read, then tell the user's own devices, and the others while the
        connection goes on."""
        receipt = await self._rooms.read(
            Reading(room_id=command.room_id, user_id=user_id, seq=command.seq, at=self._clock())
        )
        self.receipts += user_id not in IDS
        for each in self.on_read:
            each(user_id, command.room_id)
        await self._events.announce([_receipt(command.room_id, user_id, receipt)])

    async def delivered(self, user_id: str, command: ChatDelivered) -> None:
        """Remember what a device has, then tell the others who want to know."""
        await self._delivered(
            Reading(room_id=command.room_id, user_id=user_id, seq=command.seq, at=self._clock())
        )

    def replayed(self, user_id: str, seqs: Mapping[str, int]) -> None:
        """A connection of theirs was sent what it had missed in these rooms; noted in the background."""
        for room_id, seq in seqs.items():
            reading = Reading(room_id=room_id, user_id=user_id, seq=seq, at=self._clock())
            self._tasks.spawn(self._replayed(reading))

    async def _replayed(self, reading: Reading) -> None:
        # Who has left since is nobody's news; after an outage the next message that comes says it.
        with contextlib.suppress(AppError, *OUTAGES):
            await self._delivered(reading)

    async def _delivered(self, reading: Reading) -> None:
        receipt = await self._receipts.delivered(reading)
        if receipt is not None and receipt.members:
            await self._events.announce([_receipt(reading.room_id, reading.user_id, receipt)])

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


def _answer(sent: asyncio.Future[Sent], message: Message, _: None = None) -> None:
    """Perhaps nobody waits for it any more."""
    if not sent.done():
        sent.set_result(Sent(message=message))


def _receipt(room_id: str, user_id: str, receipt: Receipt) -> NumberedEvent:
    """Neither number ever falls, so their sum grows with either of them."""
    told = ChatReceipt(
        room_id=room_id, user_id=user_id, delivered_seq=receipt.delivered_seq, read_seq=receipt.read_seq
    )
    number = receipt.delivered_seq + receipt.read_seq
    return NumberedEvent(receipt.members, told, lanes.receipts(room_id, user_id), number, 0)
