"""Rooms and messages in Postgres. `seq` counts without a gap because the room is locked for each message.

Only members see a room: to others, and to who has left, it is `NotFound`. One that has ended stays
readable. What many do at the same time (say, read, type) is one statement for all of them
(`grouped_statement.py`).
"""

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.chat import Message, RoomView
from core.contract.profiles import ProfileCard
from core.errors import Conflict, Gone, NotFound
from core.keeping import kept_days
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.drafts import Draft, arrays, columns
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.message_rows import MessageRows, unseen
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, Record, queries

_NAMED, _OWN = queries("rooms"), own_queries("rooms")
_SQL = {
    name: text.replace(":moment", _NAMED["moment"])
    .replace(":beside", _NAMED["beside"])
    .replace(":avoided", _NAMED["avoided"])
    .replace(":group", _NAMED["group"])
    .replace(":oldest", _NAMED["oldest"])
    for name, text in _NAMED.items()
}
STATEMENTS, VIEWS = _SQL, _SQL["views"]
_NO_BOUND, _NO_ID = 2**62, "ffffffff-ffff-ffff-ffff-ffffffffffff"


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message that was just stored, whom to tell, and its number in the outbox of its room.

    No members: not all are told the same of it, and the outbox says who is told what.
    """

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


class Members(Struct, frozen=True):
    """The members of a room who hear of whoever asked; `shared`: they are the same for all."""

    members: tuple[str, ...]
    active: bool
    shared: bool


class Announced(Struct, frozen=True):
    """A message as it is told to `members`, and to those whom a block parts from its sender, `apart`.

    `unaware` see it, and nothing of what it is a reply to.
    """

    message: Message
    members: tuple[str, ...]
    apart: tuple[str, ...]
    unaware: tuple[str, ...]


class OwnMessage(Struct, frozen=True):
    """A message as a member sees it who wants to change it; `ended`: nothing is said in its room any more."""

    message: Message
    created_at: int
    ended: bool


class RoomChange(Struct, frozen=True):
    """That a group has changed: which, and who is no member any more by that."""

    room_id: str
    gone: str | None


class Moment(Struct, frozen=True):
    """When somebody's rooms were looked at: everything up to transaction `seen` of this history was there."""

    history: int
    seen: int


class RoomList(Struct, frozen=True):
    """Rooms as their member sees them at this moment. Of rooms that they have left, only that."""

    rooms: list[RoomView]
    moment: Moment


class Rooms:
    """Rooms, their members and messages, which are kept for `message_days`; 0: for ever."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, *, message_days: int = 0) -> None:
        self._pool, self._cards, self._rows = pool, cards, MessageRows(cards)
        self._message_days = message_days
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
            asked = self._pool.fetch(_SQL["say_one"], *columns(unique[0]))
        else:
            asked = self._pool.fetch(_SQL["say"], *arrays(unique))
        for n, seq, number, members, shown, replied in await asked:
            said = self._rows.said(unique[n - 1], seq, shown, replied)
            stored[said.id] = StoredMessage(message=said, members=tuple(members), number=number)
        return [stored.get(draft.id) for draft in drafts]

    async def said_before(self, draft: Draft) -> Message:
        """The message that has this `client_id`.

        Raises `NotFound` when the sender is no member, may not read `reply_to`, or has no such media for a
        chat; `Conflict` when that is not ready, or of another kind; `Gone` when the room has ended.
        """
        key = draft.room_id, draft.sender_id, draft.client_id
        row = await self._pool.fetchrow(_SQL["said_before"], *key)
        if row is not None:
            return self._rows.whole(row)
        await self.members(draft.room_id, draft.sender_id, to_speak=True)
        if draft.media_id is not None:
            await self._check_media(draft.media_id, draft)
        raise NotFound("There is no such message in this room to reply to.", details={"field": "reply_to"})

    async def _check_media(self, media_id: str, draft: Draft) -> None:
        about = {"field": "media_id"}
        asked = media_id, draft.sender_id, draft.type, to_datetime(draft.created_at)
        row = await self._pool.fetchrow(_SQL["sendable"], *asked)
        if row is None:
            raise NotFound("There is no such media that you have uploaded for a chat.", details=about)
        if not row["sendable"]:
            raise Conflict("It is not ready, was refused, or is not of this kind.", details=about)

    async def to_announce(self, message_ids: Collection[str], now: int) -> dict[str, Announced]:
        """These messages as they are now, each with the members who may still be told."""
        rows = await self._pool.fetch(_SQL["to_announce"], list(message_ids), to_datetime(now))
        return {
            row["id"]: Announced(
                self._rows.whole(row), tuple(row["members"]), tuple(row["away"]), tuple(row["unaware"])
            )
            for row in rows
        }

    async def own(self, message_id: str, user_id: str) -> OwnMessage:
        """This message, which a member of its room wants to change. Raises `NotFound` to others."""
        row = await self._pool.fetchrow(_SQL["own_message"], message_id, user_id)
        if row is None:
            raise NotFound
        return OwnMessage(self._rows.seen(row), to_ms(row["created_at"]), row["ended"])

    async def change(self, message_id: str, user_id: str, content: str | None, now: int) -> bool:
        """Its sender's message says this from now on. False: it is gone, or its room, for them."""
        return await self._changed(message_id, user_id, content, False, now)

    async def delete(self, message_id: str, user_id: str, now: int) -> bool:
        """Its sender's message is deleted for all, with its media. False: it was, or they are no member."""
        return await self._changed(message_id, user_id, None, True, now)

    async def _changed(
        self, message_id: str, user_id: str, content: str | None, gone: bool, now: int
    ) -> bool:
        asked = message_id, user_id, content, gone, to_datetime(now)
        done: bool = await self._pool.fetchval(_SQL["change"], *asked)
        return done

    async def changed(self, subjects: Collection[str]) -> dict[str, RoomChange]:
        """What these subjects of `room:changed` in the outbox stand for."""
        rows = await self._pool.fetch(_SQL["changed"], list(subjects))
        return {row["subject"]: RoomChange(row["room_id"], row["gone"]) for row in rows}

    async def seen_by_members(self, change: RoomChange) -> dict[str, RoomView]:
        """The group as each of its members sees it, and who has gone: for them it has ended."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(_SQL["seen_by_members"], change.room_id, change.gone)
            first = rows[0]["user_id"] if rows else None
            latest = await connection.fetchrow(_SQL["latest"], [change.room_id], first)
        return {row["user_id"]: self._seen_by(row, latest) for row in rows}

    def _seen_by(self, row: Record, latest: Record | None) -> RoomView:
        if row["left_at"]:
            return self._gone(row)
        said = latest and self._rows.whole(latest)
        if said is not None and row["apart"]:
            said = unseen(said)
        return self._view(row, said, None)

    async def shared_groups(self, one: str, other: str) -> list[str]:
        """The rooms of groups of which both are members."""
        return [row["id"] for row in await self._pool.fetch(_SQL["shared_groups"], one, other)]

    async def history(
        self, room_id: str, user_id: str, *, before_seq: int | None, after_seq: int | None, limit: int
    ) -> tuple[list[Message], bool, int]:
        """A page, oldest first, whether there is more on its far side, and the first `seq` they may read.

        With `after_seq` the page begins there; otherwise it is the latest one (before `before_seq`).
        """
        bounds = (after_seq or 0, _NO_BOUND if before_seq is None else before_seq)
        query = _SQL["history_before" if after_seq is None else "history_after"]
        rows = await self._pool.fetch(query, room_id, *bounds, limit + 1, user_id)
        if not rows:
            raise NotFound
        page = [self._rows.seen(row) for row in rows[:limit] if row["id"] is not None]
        return (page[::-1] if after_seq is None else page), len(rows) > limit, rows[0]["oldest_seq"]

    async def page(self, room_id: str, user_id: str, *, before_seq: int | None, limit: int) -> list[Message]:
        """The latest messages of the room (before `before_seq`), newest first. Raises `NotFound`."""
        before = _NO_BOUND if before_seq is None else before_seq
        async with own_rows(self._pool, user_id) as own:
            rows = await own.fetch(_OWN["page"], room_id, before, limit)
        if not rows:
            raise NotFound
        return [self._rows.seen(row) for row in rows if row["id"] is not None]

    async def found_in(
        self, room_id: str, user_id: str, words: str, *, before_seq: int | None, limit: int
    ) -> list[Message]:
        """Messages of the room with these words (before `before_seq`), newest first. Raises `NotFound`."""
        before = _NO_BOUND if before_seq is None else before_seq
        rows = await self._pool.fetch(_SQL["found_in_room"], room_id, user_id, words, before, limit)
        if not rows:
            raise NotFound
        return [self._rows.seen(row) for row in rows if row["id"] is not None]

    async def found(self, user_id: str, words: str, *, before: str | None, limit: int) -> list[Message]:
        """Messages with these words in all of the user's rooms, newest first, older than `before`."""
        rows = await self._pool.fetch(_SQL["found"], user_id, words, before or _NO_ID, limit)
        return [self._rows.seen(row) for row in rows]

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

    async def members(self, room_id: str, user_id: str, *, to_speak: bool = False) -> Members:
        """Those who hear of this member. Raises `NotFound` for others, `Gone` `to_speak` in an ended one."""
        found = await self._asking.ask((room_id, user_id))
        if found is None:
            raise NotFound
        if to_speak and not found.active:
            raise Gone
        return found

    async def _ask(self, asked: Sequence[tuple[str, str]]) -> list[Members | None]:
        """None: this user is not a member of this room."""
        rows = await self._pool.fetch(_SQL["members"], *zip(*asked, strict=True))
        found = {row["n"]: Members(tuple(row["members"]), row["active"], row["shared"]) for row in rows}
        return [found.get(n) for n in range(1, len(asked) + 1)]

    async def rooms(
        self, user_id: str, *, before: str | None, limit: int, now: int, since: Moment | None = None
    ) -> RoomList:
        """The user's rooms, newest first, those older than the room `before`.

        With `since` those that have changed, and that the user has left; all, where it is too long ago.
        """
        return await self._views(user_id, before, limit, None, since, now)

    async def room(self, room_id: str, user_id: str, now: int) -> RoomView:
        """One room as its member sees it. Raises `NotFound`."""
        found = (await self._views(user_id, None, 1, room_id, None, now)).rooms
        if not found:
            raise NotFound
        return found[0]

    async def _views(
        self, user_id: str, before: str | None, limit: int, only: str | None, since: Moment | None, now: int
    ) -> RoomList:
        changed = (since.seen, since.history) if since else (None, None)
        async with self._pool.acquire() as connection:
            found = await connection.fetch(
                _SQL["views"], user_id, before, limit, only, to_datetime(now), *changed
            )
            rows = [row for row in found if row["id"] is not None]
            latest = await connection.fetch(_SQL["latest"], [row["id"] for row in rows], user_id)
        said = {row["room_id"]: self._rows.seen(row) for row in latest}
        views = [
            replace(self._gone(row), name=None, photo_url=None)  # as it is called by now is not for them
            if row["left_at"]
            else self._view(row, said.get(row["id"]), self._peer(row, now))
            for row in rows
        ]
        return RoomList(views, Moment(found[0]["history"], found[0]["seen"]))

    def _gone(self, row: Record) -> RoomView:
        """For who is no member any more it has ended, and nothing that came later is seen."""
        view = self._view(row, None, None)
        left_at = rfc3339(to_ms(row["left_at"]))
        return replace(
            view,
            active=False,
            left_at=left_at,
            last_seq=view.read_seq,
            unread=0,
            member_count=0,
            muted_until=None,
            oldest_seq=1,
            keep_days=None,
        )

    def _view(self, row: Record, latest: Message | None, peer: ProfileCard | None) -> RoomView:
        return RoomView(
            id=row["id"],
            kind=row["kind"],
            connection_id=row.get("connection_id"),
            group_id=row["group_id"],
            name=row["group_name"],
            photo_url=self._cards.photo(row["group_photo"]),
            peer=peer,
            member_count=row["member_count"],
            role=row["role"],
            active=row["ended_at"] is None,
            last_message=latest,
            last_seq=row["last_seq"],
            read_seq=row["read_seq"],
            unread=row["unread"],
            oldest_seq=row["oldest_seq"],
            keep_days=kept_days(row["keep_days"], self._message_days),
            created_at=rfc3339(to_ms(row["created_at"])),
            muted_until=row["muted_until"] and rfc3339(to_ms(row["muted_until"])),
        )

    def _peer(self, row: Record, now: int) -> ProfileCard | None:
        """The other one, in a room of two."""
        return self._cards.card(row, today(now)) if row["user_id"] else None
