"""Rooms and messages in Postgres. `seq` counts without a gap because the room is locked for each message.

Only members see a room: to others, and to who has left, it is `NotFound`. One that has ended stays
readable. What many do at the same time (say, read, type) is one statement for all of them
(`grouped_statement.py`).
"""

from collections.abc import Collection, Sequence

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.chat import Message, MessageKind, RoomView
from core.contract.profiles import ProfileCard
from core.errors import Gone, NotFound
from db.postgres.array_texts import of_texts, of_words
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, Record, queries

_SQL, _OWN = queries("rooms"), own_queries("rooms")
_NO_BOUND = 2**62


class Draft(Struct, frozen=True, kw_only=True):
    """A message before it is stored. `id` is used if it is new; `created_at` in ms."""

    id: str
    room_id: str
    sender_id: str
    client_id: str
    type: MessageKind
    content: str | None
    reply_to: str | None
    created_at: int


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message that was just stored, whom to tell, and its number in the outbox of its room."""

    message: Message
    members: tuple[str, ...]
    number: int


class Receipt(Struct, frozen=True, kw_only=True):
    """How far a member has read, and whom to tell."""

    members: tuple[str, ...]
    delivered_seq: int
    read_seq: int


class Reading(Struct, frozen=True, kw_only=True):
    """A member has read everything up to `seq`, at `at` in ms."""

    room_id: str
    user_id: str
    seq: int
    at: int


class _Members(Struct, frozen=True):
    """All members of a room, and whether anything can be said in it."""

    members: tuple[str, ...]
    active: bool


class Rooms:
    """Rooms, their members and messages."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._cards = pool, cards
        self._reading = GroupedStatement(self._read)
        self._asking = GroupedStatement(self._ask)

    async def say(self, drafts: Sequence[Draft]) -> list[StoredMessage | None]:
        """Give each message the next `seq` of its room, all in one statement.

        None: said before under this `client_id`, perhaps in this group, or not to be said: see `said_before`.
        """
        first: dict[tuple[str, str, str], Draft] = {}
        for draft in drafts:
            first.setdefault((draft.room_id, draft.sender_id, draft.client_id), draft)
        unique = list(first.values())
        stored: dict[str, StoredMessage] = {}
        if len(unique) == 1:
            asked = self._pool.fetch(_SQL["say_one"], *_columns(unique[0]))
        else:
            asked = self._pool.fetch(_SQL["say"], *_arrays(unique))
        for n, seq, number, members in await asked:
            said = _said(unique[n - 1], seq)
            stored[said.id] = StoredMessage(message=said, members=tuple(members), number=number)
        return [stored.get(draft.id) for draft in drafts]

    async def said_before(self, draft: Draft) -> Message:
        """The message that has this `client_id`.

        Raises `NotFound` when the sender is no member or `reply_to` is not of this room, `Gone` when the room
        has ended.
        """
        key = draft.room_id, draft.sender_id, draft.client_id
        row = await self._pool.fetchrow(_SQL["said_before"], *key)
        if row is not None:
            return _message(row)
        await self.members(draft.room_id, draft.sender_id, to_speak=True)
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
        rows = await self._pool.fetch(query, room_id, *bounds, limit + 1, user_id)
        if not rows:
            raise NotFound
        page = [_message(row) for row in rows[:limit] if row["id"] is not None]
        return (page[::-1] if after_seq is None else page), len(rows) > limit

    async def page(self, room_id: str, user_id: str, *, before_seq: int | None, limit: int) -> list[Message]:
        """The latest messages of the room (before `before_seq`), newest first. Raises `NotFound`."""
        before = _NO_BOUND if before_seq is None else before_seq
        async with own_rows(self._pool, user_id) as own:
            rows = await own.fetch(_OWN["page"], room_id, before, limit)
        if not rows:
            raise NotFound
        return [_message(row) for row in rows if row["id"] is not None]

    async def read(self, reading: Reading) -> Receipt:
        """Never backwards, never beyond the last message; when it moves on, the time is kept.

        Raises `NotFound`.
        """
        receipt = await self._reading.ask(reading)
        if receipt is None:
            raise NotFound
        return receipt

    async def _read(self, readings: Sequence[Reading]) -> list[Receipt | None]:
        """Of one member the furthest counts, for all of theirs. None: not a member."""
        furthest: dict[tuple[str, str], Reading] = {}
        for reading in sorted(readings, key=lambda reading: reading.seq):
            furthest[reading.room_id, reading.user_id] = reading
        rows = [(each.room_id, each.user_id, each.seq, to_datetime(each.at)) for each in furthest.values()]
        members = list(furthest)
        receipts = {
            members[n - 1]: Receipt(members=tuple(told), read_seq=read_seq, delivered_seq=delivered_seq)
            for n, read_seq, delivered_seq, told in await self._pool.fetch(
                _SQL["read"], *zip(*rows, strict=True)
            )
        }
        return [receipts.get((reading.room_id, reading.user_id)) for reading in readings]

    async def members(self, room_id: str, user_id: str, *, to_speak: bool = False) -> tuple[str, ...]:
        """The members of the room. Raises `NotFound` for others, and `Gone` `to_speak` in an ended one."""
        found = await self._asking.ask((room_id, user_id))
        if found is None:
            raise NotFound
        if to_speak and not found.active:
            raise Gone
        return found.members

    async def _ask(self, asked: Sequence[tuple[str, str]]) -> list[_Members | None]:
        """None: this user is not a member of this room."""
        rows = await self._pool.fetch(_SQL["members"], *zip(*asked, strict=True))
        found = {row["n"]: _Members(tuple(row["members"]), row["active"]) for row in rows}
        return [found.get(n) for n in range(1, len(asked) + 1)]

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
        return [_view(row, said.get(row["id"]), self._peer(row, now)) for row in rows]

    def _peer(self, row: Record, now: int) -> ProfileCard | None:
        """The other one, in a room of two."""
        return self._cards.card(row, today(now)) if row["user_id"] else None


def _columns(draft: Draft) -> tuple[object, ...]:
    """As the statement takes them."""
    return (
        draft.id,
        draft.room_id,
        draft.sender_id,
        draft.client_id,
        draft.type,
        draft.content,
        draft.reply_to,
        to_datetime(draft.created_at),
    )


def _arrays(drafts: Sequence[Draft]) -> tuple[str, ...]:
    """The same of several."""
    return (
        of_words([draft.id for draft in drafts]),
        of_words([draft.room_id for draft in drafts]),
        of_words([draft.sender_id for draft in drafts]),
        of_texts([draft.client_id for draft in drafts]),
        of_words([draft.type for draft in drafts]),
        of_texts([draft.content for draft in drafts]),
        of_words([draft.reply_to for draft in drafts]),
        of_words([rfc3339(draft.created_at) for draft in drafts]),
    )


def _said(draft: Draft, seq: int) -> Message:
    """The message that was just made of it."""
    return Message(
        id=draft.id,
        room_id=draft.room_id,
        seq=seq,
        sender_id=draft.sender_id,
        client_id=draft.client_id,
        type=draft.type,
        content=draft.content,
        created_at=rfc3339(draft.created_at),
        reply_to=draft.reply_to,
    )


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


def _view(row: Record, latest: Message | None, peer: ProfileCard | None) -> RoomView:
    return RoomView(
        id=row["id"],
        kind=row["kind"],
        connection_id=row["connection_id"],
        peer=peer,
        member_count=row["member_count"],
        role=row["role"],
        active=row["ended_at"] is None,
        last_message=latest,
        last_seq=row["last_seq"],
        read_seq=row["read_seq"],
        unread=row["unread"],
        created_at=rfc3339(to_ms(row["created_at"])),
    )
