"""The outbox: what is stored in Postgres and not announced yet. Written by the statement that stores it.

A lane is announced in the order of its numbers, which are assigned in the order of commits without a gap: a
reader who sees one entry sees all earlier ones that wait. What is no longer here was announced to everybody.
"""

from collections.abc import Collection

from msgspec import Struct

from db.postgres.pool import Pool, queries

MESSAGES = "communication.outbox"
_SQL = queries("outbox")


class Waiting(Struct, frozen=True):
    """An entry of a lane: the event of this name, about this subject, is to be announced."""

    number: int
    event: str
    subject: str


class Outbox:
    """Reads and clears the outbox that is this table. Announcing is done by others."""

    def __init__(self, pool: Pool, table: str = MESSAGES) -> None:
        self._pool = pool
        self._sql = {name: text.replace(MESSAGES, table) for name, text in _SQL.items()}

    async def waiting(self, limit: int, but: Collection[str] = ()) -> list[tuple[str, int]]:
        """Lanes and numbers of waiting entries, lane by lane, but for these lanes."""
        rows = await self._pool.fetch(self._sql["waiting"], limit, list(but))
        return [(row["lane"], row["number"]) for row in rows]

    async def of_lane(self, lane: str, after: int, limit: int) -> list[Waiting]:
        """Waiting entries of this lane after a number, in order."""
        rows = await self._pool.fetch(self._sql["of_lane"], lane, after, limit)
        return [Waiting(row["number"], row["event"], row["subject"]) for row in rows]

    async def told(self, news: Collection[tuple[str, int]]) -> None:
        """Remove these, each a lane and a number: everybody was told."""
        lanes, numbers = [lane for lane, _ in news], [number for _, number in news]
        await self._pool.execute(self._sql["told"], lanes, numbers)
