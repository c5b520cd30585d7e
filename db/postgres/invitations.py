"""Invitations to groups in Postgres: for how many and until when. What is shown of one is not kept here.

Whatever changes one locks the room of its group first (`groups.py`, which has the statements too).
"""

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.groups import GroupPreview, NewInvitation
from core.errors import Conflict, Expired, NotFound
from core.group_rules import check_leads
from core.ids import new_id
from db.postgres.groups import SQL, GroupStore, locked
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Pool, Record
from db.postgres.user_locks import lock_users

_MOST = 50


class Invitation(Struct, frozen=True, kw_only=True):
    """One that stands; `uses_left` None: for as many as come. `expires_at` as people read it."""

    id: str
    uses_left: int | None
    expires_at: str


class Joined(Struct, frozen=True):
    """Of which group somebody is a member; `room_id` None: they were before."""

    group_id: str
    room_id: str | None


class InvitationStore:
    """Invitations, at most fifty that stand in a group."""

    def __init__(self, pool: Pool, groups: GroupStore) -> None:
        self._pool, self._groups = pool, groups

    async def invitations(
        self, group_id: str, user_id: str, *, before: str | None, limit: int, now: int
    ) -> list[Invitation]:
        """Those that stand, newest first, for who leads the group. Raises `NotFound`, `Forbidden`."""
        async with self._pool.acquire() as connection:
            found = await connection.fetchrow(SQL["member"], group_id, user_id)
            if found is None:
                raise NotFound
            check_leads(found["role"])
            rows = await connection.fetch(SQL["invitations"], to_datetime(now), group_id, before, limit)
        return [_invitation(row) for row in rows]

    async def invite(
        self, group_id: str, user_id: str, new: NewInvitation, key: IdempotencyKey | None, now: int
    ) -> Invitation:
        """One more. Raises `NotFound`, `Forbidden`, `Conflict` for too many, `IdempotencyConflict`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Invitation)) is not None:
                return known
            place = await locked(connection, group_id, user_id)
            check_leads(place.role)
            standing = await connection.fetch(SQL["invitations"], to_datetime(now), group_id, None, _MOST)
            if len(standing) == _MOST:
                raise Conflict(f"A group has at most {_MOST} invitations: take one back.")
            until = now + new.expires_in_s * 1000
            made = Invitation(id=new_id(now), uses_left=new.max_uses, expires_at=rfc3339(until))
            given = made.id, group_id, user_id, new.max_uses, to_datetime(until), to_datetime(now)
            await connection.execute(SQL["invite"], *given)
            return await keep(connection, key, made)

    async def revoke(self, group_id: str, user_id: str, invitation_id: str, now: int) -> None:
        """Nobody joins by it any more. Raises `NotFound`, `Forbidden`."""
        async with self._pool.acquire() as connection, connection.transaction():
            place = await locked(connection, group_id, user_id)
            check_leads(place.role)
            gone = await connection.fetchval(SQL["revoke"], group_id, invitation_id, to_datetime(now))
            if gone is None:
                raise NotFound

    async def join(self, invitation_id: str, user_id: str, now: int) -> Joined:
        """Become a member by it; who is one uses nothing up.

        Raises `NotFound` for none, `Expired` for one that does not stand or is of somebody from whom a block
        parts them, `Conflict` where there is no room.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            group_id = await connection.fetchval(SQL["invited_to"], invitation_id)
            if group_id is None:
                raise NotFound
            await connection.execute(SQL["lock"], group_id)
            if await connection.fetchrow(SQL["member"], group_id, user_id) is not None:
                return Joined(group_id, None)
            if await connection.fetchval(SQL["use"], to_datetime(now), invitation_id, user_id) is None:
                raise Expired
            return Joined(group_id, await self._groups.join(connection, group_id, user_id, now))

    async def preview(self, invitation_id: str, user_id: str, now: int) -> GroupPreview:
        """What it is to. Raises `NotFound` for none, `Expired` for one by which they do not join."""
        if await self._pool.fetchval(SQL["invited_to"], invitation_id) is None:
            raise NotFound
        row = await self._pool.fetchrow(SQL["preview"], to_datetime(now), invitation_id, user_id)
        if row is None:
            raise Expired
        return GroupPreview(
            name=row["name"],
            description=row["description"],
            member_count=row["member_count"],
            expires_at=rfc3339(to_ms(row["expires_at"])),
            photo_url=self._groups.photo(row["photo_id"]),
            room_id=row["room_id"],
        )

    async def forget(self, before: int, *, limit: int) -> int:
        """Those that had expired before a time."""
        return len(await self._pool.fetch(SQL["forget"], to_datetime(before), limit))


def _invitation(row: Record) -> Invitation:
    until = rfc3339(to_ms(row["expires_at"]))
    return Invitation(id=row["id"], uses_left=row["uses_left"], expires_at=until)
