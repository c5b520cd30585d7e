"""What was made for a demo (`demo/`), noted as it is made: by which it is taken away again.

The notes are in a schema of their own that no migration makes: a deployment without such a town has none.
Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from core.clock import to_datetime
from db.postgres.pool import Pool, queries

_SQL = queries("demo")
SOURCE = "python -m realtime demo"
Kind = Literal["person", "place", "partner", "rule", "mentor"]


class KnownTown(Struct, frozen=True):
    """A town that is there, or (not `ready`) being made, or was broken off."""

    seed: int
    people: int
    places: int
    ready: bool


class DemoStore:
    """The notes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def town(self) -> KnownTown | None:
        """The town that there is."""
        if not await self._pool.fetchval(_SQL["is_open"]):
            return None
        row = await self._pool.fetchrow(_SQL["town"])
        return row and KnownTown(**row)

    async def taken(self, names: Sequence[str], now: int) -> list[str]:
        """Which of these usernames somebody has, or has given up lately."""
        rows = await self._pool.fetch(_SQL["taken"], list(names), to_datetime(now))
        return [row["username"] for row in rows]

    async def begin(self, town: KnownTown, names: Sequence[str], now: int) -> bool:
        """Begin with it; its users are going to be called so. Whether it was: there may be one already."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL["open"])
            given = town.seed, town.people, town.places, to_datetime(now)
            if not await connection.fetchval(_SQL["begin"], *given):
                return False
            await connection.execute(_SQL["plan"], list(names))
        return True

    async def note(self, kind: Kind, number: int, made_id: str) -> None:
        """This one was made."""
        await self._pool.execute(_SQL["note"], kind, number, made_id)

    async def note_places(self) -> Mapping[int, str]:
        """The places were imported. Their ids."""
        await self._pool.execute(_SQL["note_places"], SOURCE)
        return await self.made("place")

    async def find(self) -> None:
        """Note users who were made and not noted any more."""
        await self._pool.execute(_SQL["find"])

    async def made(self, kind: Kind) -> Mapping[int, str]:
        """Ids of this kind, by number."""
        return {row["number"]: row["id"] for row in await self._pool.fetch(_SQL["made"], kind)}

    async def ready(self, now: int) -> None:
        """All is done."""
        await self._pool.execute(_SQL["ready"], to_datetime(now))

    async def take_away(self) -> None:
        """Take away what erasing its users has left, and forget all of it. Others keep what is theirs."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL["take_away"])
