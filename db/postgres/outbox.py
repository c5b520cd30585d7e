"""What Postgres has stored and nobody has announced yet. Written by the statement that stores it.

A lane is told in the order of its numbers, which are given out in the order of commits with no gap: whoever
sees one that waits sees all before it that wait. What is gone from here has been told to all it concerns.
"""

from collections.abc import Collection

from msgspec import Struct

from db.postgres.pool import Pool, queries

_SQL = queries("outbox")


class Waiting(Struct, frozen=True):
    """Something of a lane that is to be told: the event of this name, about this subject."""

    number: int
    event: str
    subject: str


class Outbox:
    """Reads and clears the outbox; announcing is for others."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, limit: int) -> list[tuple[str, int]]:
        """Lanes and numbers of what waits, lane by lane."""
        return [(row["lane"], row["number"]) for row in await self._pool.fetch(_SQL["waiting"], limit)]

    async def of_lane(self, lane: str, after: int, limit: int) -> list[Waiting]:
        """What waits in this lane after a number, in order."""
        rows = await self._pool.fetch(_SQL["of_lane"], lane, after, limit)
        return [Waiting(row["number"], row["event"], row["subject"]) for row in rows]

    async def told(self, news: Collection[tuple[str, int]]) -> None:
        """Everybody has been told of these, each a lane and a number."""
        await self._pool.execute(_SQL["told"], [lane for lane, _ in news], [number for _, number in news])
