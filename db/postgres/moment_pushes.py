"""What has to be known for pushes of what is now, in Postgres. What an outage raises passes through."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from db.postgres.pool import Pool, queries

_SQL = queries("moment_pushes")


class Wishes(Struct, frozen=True, kw_only=True):
    """How somebody wants to be told; `settings`: what is kept of them."""

    settings: Mapping[str, Any] | None
    time_zone: str | None


class MomentPushStore:
    """All users."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def wishes(self, user_ids: Collection[str]) -> dict[str, Wishes]:
        """Of those of these users who have a device."""
        rows = await self._pool.fetch(_SQL["wishes"], list(user_ids))
        return {row["user_id"]: Wishes(settings=row["settings"], time_zone=row["time_zone"]) for row in rows}

    async def lasts(self, call_id: str) -> bool:
        """Whether nobody has answered yet, and it has not ended."""
        found: bool = await self._pool.fetchval(_SQL["lasts"], call_id)
        return found

    async def name(self, user_id: str) -> str:
        """What somebody is called; empty, where they are no more."""
        found: str | None = await self._pool.fetchval(_SQL["name"], user_id)
        return found or ""

    async def read(self, pairs: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        """Users with rooms of which they have read all that their devices were sent, of these."""
        if not pairs:
            return []
        users, rooms = zip(*pairs, strict=True)
        rows = await self._pool.fetch(_SQL["read"], list(users), list(rooms))
        return [(row["user_id"], row["room_id"]) for row in rows]
