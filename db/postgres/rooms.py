"""Rooms and messages in Postgres. `seq` counts without a gap because the room is locked for each message.

Only members see a room: to others it is `NotFound`. A room whose connection has ended stays readable.
"""

from collections.abc import Collection
from datetime import date

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.chat import Message, RoomView
from core.errors import Gone, NotFound
from db.postgres.cards import card
from db.postgres.pool import Connection, Pool, Record, queries

_SQL = queries("rooms")
_NO_BOUND = 2**62


class Draft(Struct, frozen=True, kw_only=True):
    """A message before it is stored. `id` is used if it is new; `created_at` in ms."""

    id: str
    room_id: str
    sender_id: str
    client_id: str
    type: str
    content: str | None
    reply_to: str | None
    created_at: int


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A stored message, whom to tell, and its number in the outbox of its room.

    No number: it was stored before, and has been announced or waits for that.
    """

    message: Message
    members: tuple[str, ...]
    number: int | None


class Receipt(Struct, frozen=True, kw_only=True):
    """How far a member has read, and whom to tell."""

    members: tuple[str, ...]
    delivered_seq: int
    read_seq: int


class Rooms:
    """Rooms, their members and messages."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def send(self, draft: Draft) -> StoredMessage:
        """Give the message the next `seq` of its room; the same `client_id` again gives the stored message.

        Raises `NotFound` when the sender is no member or `reply_to` is not of this room, `Gone` when the
        connection has ended.
        """
        row = await self._pool.fetchrow(
            _SQL["say"],
            draft.room_id,
            draft.sender_id,
            draft.id,
            draft.client_id,
            draft.type,
            draft.content,
            draft.reply_to,
            to_datetime(draft.created_at),
        )
        if row is None:
            return await self._said_before(draft)
        return StoredMessage(message=_message(row), members=tuple(row["members"]), number=row["number"])

    async def _said_before(self, draft: Draft) -> StoredMessage:
        """The message that has this `client_id`; or why there is none."""
        async with self._pool.acquire() as connection:
            active = await _open(connection, draft.room_id, draft.sender_id)
            row = await connection.fetchrow(
                _SQL["said_before"], draft.room_id, draft.sender_id, draft.client_id
            )
            if row is not None:
                members = await _members(connection, draft.room_id)
                return StoredMessage(message=_message(row), members=members, number=None)
        if not active:
            raise Gone
        raise NotFound("There is no such message in this room to reply to.")

    async def to_announce(
        self, message_ids: Collection[str], now: int
    ) -> dict[str, tuple[Message, tuple[str, ...]]]:
        """These messages as they are now, each with the members who may still be told."""
        rows = await self._pool.fetch(_SQL["to_announce"], list(message_ids), to_datetime(now))
        return {row["id"]: (_message(row), tuple(row["members"])) for row in rows}

    async def history(
        self, room_id: str, user_id: str, *, before_seq: int | None, after_seq: int | None, limit: int
    ) -> tuple[list[Message], bool]:
        """A page, oldest first, and whether there is more on its far side.

        With `after_seq` the page begins there; otherwise it is the latest one (before `before_seq`).
        """
        bounds = (after_seq or 0, _NO_BOUND if before_seq is None else before_seq)
        query = _SQL["history_before" if after_seq is None else "history_after"]
        async with self._pool.acquire() as connection:
            await _open(connection, room_id, user_id)
            rows = await connection.fetch(query, room_id, *bounds, limit + 1)
        page = [_message(row) for row in rows[:limit]]
        return (page[::-1] if after_seq is None else page), len(rows) > limit

    async def read(self, room_id: str, user_id: str, seq: int) -> Receipt:
        """Read up to `seq`: never backwards, never beyond the last message. Raises `NotFound`."""
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(_SQL["read"], room_id, user_id, seq)
            if row is None:
                raise NotFound
            members = await _members(connection, room_id)
        return Receipt(members=members, delivered_seq=row["delivered_seq"], read_seq=row["read_seq"])

    async def members(self, room_id: str, user_id: str, *, to_speak: bool = False) -> tuple[str, ...]:
        """The members of the room. Raises `NotFound` for others, and `Gone` `to_speak` in an ended one."""
        async with self._pool.acquire() as connection:
            if not await _open(connection, room_id, user_id) and to_speak:
                raise Gone
            return await _members(connection, room_id)

    async def rooms(self, user_id: str, *, before: str | None, limit: int, now: int) -> list[RoomView]:
        """The user's rooms, newest first, those older than the room `before`."""
        return await self._views(user_id, before, limit, None, now)

    async def room(self, room_id: str, user_id: str, now: int) -> RoomView:
        """One room as its member sees it. Raises `NotFound`."""
        found = await self._views(user_id, None, 1, room_id, now)
        if not found:
            raise NotFound
        return found[0]

    async def _views(
        self, user_id: str, before: str | None, limit: int, only: str | None, now: int
    ) -> list[RoomView]:
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(_SQL["views"], user_id, before, limit, only, to_datetime(now))
            latest = await connection.fetch(_SQL["latest"], [row["id"] for row in rows])
        said = {row["room_id"]: _message(row) for row in latest}
        return [_view(row, said.get(row["id"]), today(now)) for row in rows]


async def _open(connection: Connection, room_id: str, user_id: str) -> bool:
    """Whether anything can be said in this member's room. Raises `NotFound` for others."""
    active: bool | None = await connection.fetchval(_SQL["is_member"], room_id, user_id)
    if active is None:
        raise NotFound
    return active


async def _members(connection: Connection, room_id: str) -> tuple[str, ...]:
    return tuple(row["user_id"] for row in await connection.fetch(_SQL["members"], room_id))


def _message(row: Record) -> Message:
    return Message(
        id=row["id"],
        room_id=row["room_id"],
        seq=row["seq"],
        sender_id=row["sender_id"],
        client_id=row["client_id"],
        type=row["type"],
        content=row["content"],
        created_at=rfc3339(to_ms(row["created_at"])),
        reply_to=row["reply_to"],
        edited_at=row["edited_at"] and rfc3339(to_ms(row["edited_at"])),
        deleted_at=row["deleted_at"] and rfc3339(to_ms(row["deleted_at"])),
    )


def _view(row: Record, latest: Message | None, today: date) -> RoomView:
    return RoomView(
        id=row["id"],
        connection_id=row["connection_id"],
        peer=card(row, today),
        active=row["ended_at"] is None,
        last_message=latest,
        last_seq=row["last_seq"],
        read_seq=row["read_seq"],
        unread=row["unread"],
        created_at=rfc3339(to_ms(row["created_at"])),
    )
