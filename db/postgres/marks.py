"""Marks in Postgres: what accounts were seen with, as keyed hashes (`services.marks`).

They outlive the account, and those of a banned user stay for as long as the ban. Ids are text, times ms since
the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from msgspec import Struct

from core.clock import to_datetime
from core.fields import CLEAR, EMAIL, Fields
from db.postgres.pool import Pool, queries

_SQL = queries("marks")

NOTED_MS = 43_200_000


class Known(Struct, frozen=True, kw_only=True):
    """What an account says of its owner, as it is on record. `email_verified`: and has shown to be theirs."""

    user_id: str
    email: str | None
    email_verified: bool
    username: str | None
    display_name: str
    birth_date: date
    gender: str


class Mark(Struct, frozen=True, order=True):
    """A keyed hash of something that an account was seen with."""

    kind: str
    value: bytes


class MarkStore:
    """What accounts were seen with."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR) -> None:
        self._pool, self._fields = pool, fields

    async def known(self, user_ids: Iterable[str]) -> list[Known]:
        """What these users say of themselves; those whose account is gone are left out."""
        rows = await self._pool.fetch(_SQL["known"], list(user_ids))
        return [
            Known(
                user_id=row["id"],
                email=self._fields.read(EMAIL, row["id"], row["email"]),
                email_verified=row["email_verified"],
                username=row["username"],
                display_name=row["display_name"],
                birth_date=row["birth_date"],
                gender=row["gender"],
            )
            for row in rows
        ]

    async def note(self, seen: Mapping[str, Collection[Mark]], now: int) -> frozenset[str]:
        """These users were seen with these marks. Gives those of whom not all was noted within half a day."""
        rows = sorted({(user_id, m.kind, m.value) for user_id, marks in seen.items() for m in marks})
        if not rows:
            return frozenset()
        at, known = to_datetime(now), to_datetime(now - NOTED_MS)
        noted = await self._pool.fetch(_SQL["note"], *map(list, zip(*rows, strict=True)), at, known)
        return frozenset(row["user_id"] for row in noted)

    async def accounts(self, since: int) -> int:
        """How many accounts were seen since then."""
        return int(await self._pool.fetchval(_SQL["accounts"], to_datetime(since)))

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop the oldest marks that were last seen before then; not of users who were still banned then."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))
