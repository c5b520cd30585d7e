"""Groups in Postgres: who is in them, and what they are called. Ids are text, times ms since the epoch.

Whatever changes a group locks its room first and looks then, as messages do, so that what happens in it has
one order. Each change leaves its notes in the outbox of the room. What an outage raises (`db.outage`) passes
through.
"""

from msgspec import UNSET, Struct
from msgspec.structs import replace

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.chat import MemberRole, SystemKind
from core.contract.groups import GroupMember, GroupPatch, GroupView, NewGroup
from core.errors import Conflict, NotFound
from core.group_rules import check_adds, check_ends, check_gives, check_leads, check_removes
from core.ids import new_id
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

_NAMED = queries("groups")
SQL = {
    name: text.replace(":photo", _NAMED["photo"]).replace(":stands", _NAMED["stands"])
    for name, text in _NAMED.items()
}


class Place(Struct, frozen=True):
    """A group whose room is locked, and the role of whoever has something to do there."""

    room_id: str
    role: MemberRole
    photo_id: str | None


class GroupStore:
    """Groups of at most `most_members`; nobody is in more than `most_groups` of them."""

    def __init__(
        self, pool: Pool, cards: Cards = NO_PHOTOS, *, most_members: int = 500, most_groups: int = 200
    ) -> None:
        self._pool, self._cards = pool, cards
        self._most_members, self._most_groups = most_members, most_groups

    # What members see

    async def groups(self, user_id: str, *, before: str | None, limit: int) -> list[GroupView]:
        """The user's groups, newest first: those older than `before`."""
        rows = await self._pool.fetch(SQL["views"], user_id, before, limit, None)
        return [self._view(row) for row in rows]

    async def group(self, group_id: str, user_id: str) -> GroupView:
        """One as its member sees it. Raises `NotFound`."""
        async with self._pool.acquire() as connection:
            return await self._one(connection, group_id, user_id)

    async def members(
        self, group_id: str, user_id: str, *, before: tuple[int, str] | None, limit: int, now: int
    ) -> list[tuple[int, GroupMember]]:
        """Members with their rank, the owner first: those after this rank and id. Raises `NotFound`."""
        rank, last = before or (None, None)
        async with self._pool.acquire() as connection:
            found = await connection.fetchrow(SQL["member"], group_id, user_id)
            if found is None:
                raise NotFound
            asked = found["room_id"], user_id, to_datetime(now), rank, last, limit, None
            return [self._member(row, now) for row in await connection.fetch(SQL["members"], *asked)]

    # What changes a group. Each gives its room.

    async def create(
        self, user_id: str, new: NewGroup, key: IdempotencyKey | None, now: int
    ) -> tuple[GroupView, bool]:
        """Make a group, and whether it was made by this. Raises `Conflict` for one who is in too many,
        `NotFound` for a photo that is not theirs to show, `IdempotencyConflict`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, GroupView)) is not None:
                return known, False
            await lock_users(connection, (user_id,))
            group_id, room_id, at = new_id(now), new_id(now), to_datetime(now)
            await self._check_counts(connection, room_id, user_id)
            if new.photo is not None:
                await _show(connection, group_id, user_id, new.photo, now)
            given = new.name, new.description, new.photo, new.history, new.keep_days
            await connection.execute(SQL["create"], group_id, room_id, user_id, *given, at)
            await note(connection, room_id, "created", user_id, None, now)
            view = await self._one(connection, group_id, user_id)
            # Not the signed address of the photo, which is good for whoever has it, and not for long.
            await keep(connection, key, replace(view, photo_url=None))
            return view, True

    async def change(self, group_id: str, user_id: str, patch: GroupPatch, now: int) -> GroupView:
        """Set what the patch names. Raises `NotFound`, `Forbidden`."""
        async with self._pool.acquire() as connection, connection.transaction():
            place = await locked(connection, group_id, user_id)
            check_leads(place.role)
            before = await self._one(connection, group_id, user_id)
            photo = None if patch.photo is UNSET or patch.photo == place.photo_id else patch.photo
            if photo is not None:
                await _show(connection, group_id, user_id, photo, now)
            if place.photo_id is not None and (photo is not None or patch.photo is None):
                await connection.execute(SQL["hide"], group_id, place.photo_id, to_datetime(now))
            given = [
                None if patch.name is UNSET else patch.name,
                None if patch.description is UNSET else patch.description,
                photo,
                None if patch.history is UNSET else patch.history,
                None if patch.keep_days is UNSET else patch.keep_days,
            ]
            cleared = [name for name in ("description", "photo", "keep_days") if getattr(patch, name) is None]
            await connection.execute(SQL["change"], group_id, *given, cleared)
            after = await self._one(connection, group_id, user_id)
            if after.name != before.name:
                await note(connection, place.room_id, "renamed", None, user_id, now)
            if photo is not None or (patch.photo is None and place.photo_id is not None):
                await note(connection, place.room_id, "photo", None, user_id, now)
            if after.keep_days != before.keep_days:
                await note(connection, place.room_id, "keeping", None, user_id, now)
            return after

    async def end(self, group_id: str, user_id: str, now: int) -> str:
        """It is over: nothing is said there any more. Raises `NotFound`, `Forbidden`."""
        async with self._pool.acquire() as connection, connection.transaction():
            place = await locked(connection, group_id, user_id)
            check_ends(place.role)
            await note(connection, place.room_id, "ended", None, user_id, now)
            await connection.execute(SQL["end"], place.room_id, to_datetime(now))
        return place.room_id

    async def put_member(
        self, group_id: str, user_id: str, other: str, role: MemberRole, now: int
    ) -> tuple[str, GroupMember]:
        """Give a member this role, or add somebody. Who hands the group over becomes an admin.

        Raises `NotFound` for whom the user may not add, `Forbidden`, and `Conflict` where there is no room,
        for one who has left by themselves, and for one's own role as the owner.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (other,))
            place = await locked(connection, group_id, user_id)
            found = await connection.fetchrow(SQL["standing"], place.room_id, other)
            if found is None or found["left"]:
                check_adds(place.role, role)
                if not await connection.fetchval(SQL["may_add"], user_id, other, to_datetime(now)):
                    raise NotFound
                if found is not None and found["by_themselves"]:
                    raise Conflict("They have left. They may come back by an invitation.")
                await self._add(connection, place.room_id, other, now)
                await note(connection, place.room_id, "added", other, user_id, now)
            elif found["role"] != role:
                check_gives(place.role, oneself=other == user_id)
                await connection.execute(SQL["give"], place.room_id, other, role)
                if role == "owner":
                    await connection.execute(SQL["give"], place.room_id, user_id, "admin")
                    await note(connection, place.room_id, "owner", other, user_id, now)
                else:
                    await connection.execute(SQL["note_change"], place.room_id)
            asked = place.room_id, user_id, to_datetime(now), None, None, 1, other
            _, member = self._member(await connection.fetchrow(SQL["members"], *asked), now)
        return place.room_id, member

    async def remove_member(self, group_id: str, user_id: str, other: str, now: int) -> str:
        """Leave, or have somebody leave. Raises `NotFound`, `Forbidden`."""
        async with self._pool.acquire() as connection, connection.transaction():
            place = await locked(connection, group_id, user_id)
            if other != user_id:
                found = await connection.fetchrow(SQL["standing"], place.room_id, other)
                if found is None or found["left"]:
                    check_leads(place.role)
                    raise NotFound
                check_removes(place.role, found["role"])
            await connection.execute(SQL["leave"], place.room_id, other, user_id, to_datetime(now))
        return place.room_id

    async def join(self, connection: Connection, group_id: str, user_id: str, now: int) -> str:
        """One who is invited is a member, within the caller's transaction, which has locked user and room.

        Raises `NotFound` for one who was removed, `Conflict` where there is no room.
        """
        room_id: str = await connection.fetchval(SQL["lock"], group_id)
        found = await connection.fetchrow(SQL["standing"], room_id, user_id)
        if found is not None and not found["by_themselves"]:
            raise NotFound
        await self._add(connection, room_id, user_id, now)
        await note(connection, room_id, "joined", user_id, None, now)
        return room_id

    async def _add(self, connection: Connection, room_id: str, user_id: str, now: int) -> None:
        await self._check_counts(connection, room_id, user_id)
        await connection.execute(SQL["add"], room_id, user_id, to_datetime(now))

    async def _check_counts(self, connection: Connection, room_id: str, user_id: str) -> None:
        counts = await connection.fetchrow(SQL["counts"], room_id, user_id)
        if counts["members"] >= self._most_members:
            raise Conflict(f"A group has at most {self._most_members} members.")
        if counts["groups"] >= self._most_groups:
            raise Conflict(f"One can be in {self._most_groups} groups at most.")

    async def _one(self, connection: Connection, group_id: str, user_id: str) -> GroupView:
        row = await connection.fetchrow(SQL["views"], user_id, None, 1, group_id)
        if row is None:
            raise NotFound
        return self._view(row)

    def photo(self, media_id: str | None) -> str | None:
        """The address of a group's photo."""
        return self._cards.photo(media_id)

    def _view(self, row: Record) -> GroupView:
        return GroupView(
            id=row["id"],
            room_id=row["room_id"],
            name=row["name"],
            description=row["description"],
            history=row["history"],
            keep_days=row["keep_days"],
            member_count=row["member_count"],
            role=row["role"],
            created_at=rfc3339(to_ms(row["created_at"])),
            photo_url=self.photo(row["photo_id"]),
        )

    def _member(self, row: Record, now: int) -> tuple[int, GroupMember]:
        since = rfc3339(to_ms(row["joined_at"]))
        user = self._cards.card(row, today(now))
        return row["rank"], GroupMember(user=user, role=row["role"], joined_at=since)


async def locked(connection: Connection, group_id: str, user_id: str) -> Place:
    """The group as its member finds it once its room is locked. Raises `NotFound`."""
    await connection.execute(SQL["lock"], group_id)
    row = await connection.fetchrow(SQL["member"], group_id, user_id)
    if row is None:
        raise NotFound
    return Place(row["room_id"], row["role"], row["photo_id"])


async def note(
    connection: Connection, room_id: str, what: SystemKind, about: str | None, by: str | None, now: int
) -> None:
    """It has happened in this room, which is locked: everybody reads it there."""
    await connection.execute(SQL["note"], room_id, what, about, by, to_datetime(now))


async def _show(connection: Connection, group_id: str, user_id: str, media_id: str, now: int) -> None:
    if await connection.fetchval(SQL["show"], group_id, user_id, media_id, to_datetime(now)) is None:
        raise NotFound("There is no such photo of yours.", details={"field": "photo"})
