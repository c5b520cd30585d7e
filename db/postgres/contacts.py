"""Contacts in Postgres: numbers as keyed hashes, and whose they are, where somebody has shown that.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence

from msgspec import Struct

from core.clock import to_datetime, today
from core.contract.profiles import ProfileCard
from db.postgres.cards import Cards
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, queries

_SQL, _OWN = queries("contacts"), own_queries("contacts")


class Sender(Struct, frozen=True):
    """Who sends contacts: the country in their profile, and the device that the session is on."""

    country: str | None
    device: str | None


class Marked(Struct, frozen=True):
    """A number, by its hashes: the first is kept, the second is that of the previous secret."""

    hashes: tuple[bytes, ...]

    @property
    def mark(self) -> bytes:
        """What is kept."""
        return self.hashes[0]

    @property
    def former(self) -> bytes | None:
        """What was kept before the secret was changed."""
        return self.hashes[1] if len(self.hashes) > 1 else None


class ContactStore:
    """Contacts; of each user the `most` that they have sent last."""

    def __init__(self, pool: Pool, cards: Cards, *, most: int) -> None:
        self._pool, self._cards, self._most = pool, cards, most

    async def sender(self, user_id: str, session_id: str) -> Sender:
        """Who sends."""
        async with own_rows(self._pool, user_id) as own:
            row = await own.fetchrow(_OWN["sender"], session_id)
        return Sender(row["country"], row["device"]) if row else Sender(None, None)

    async def new(self, owner_id: str, contacts: Sequence[Marked]) -> int:
        """How many of these the user has not sent before."""
        async with own_rows(self._pool, owner_id) as own:
            return int(await own.fetchval(_OWN["new"], *_columns(contacts)))

    async def keep(
        self, owner_id: str, contacts: Sequence[Marked], now: int
    ) -> list[tuple[bytes, ProfileCard]]:
        """Keep these, and give those who are found by them, by their marks."""
        marks, former = _columns(contacts)
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                await connection.execute(_SQL["wait"])
                await connection.execute(_SQL["drop"], owner_id, former)
                await connection.execute(_SQL["keep"], owner_id, marks, former, to_datetime(now))
                await connection.execute(_SQL["bound"], owner_id, self._most)
            rows = await connection.fetch(_SQL["found"], owner_id, marks, to_datetime(now))
        return [(row["mark"], self._cards.card(row, today(now))) for row in rows]

    async def forget(self, owner_id: str) -> None:
        """All of this user's."""
        async with own_rows(self._pool, owner_id) as own:
            await own.execute(_OWN["forget"])


def _columns(contacts: Sequence[Marked]) -> tuple[list[bytes], list[bytes | None]]:
    return [contact.mark for contact in contacts], [contact.former for contact in contacts]
