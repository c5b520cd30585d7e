"""Codes and links that were sent to a phone or a mailbox. `services.codes` makes and checks them.

Of codes and of whom they are for only keyed hashes come here. Ids are text, times ms since the epoch. What an
outage raises (`db.outage`) passes through.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.seals import Sealed
from db.postgres.pool import Connection, Pool, Record, queries

_SQL = queries("codes")

Purpose = Literal["phone", "email", "password"]
Within = Callable[[Connection], Awaitable[None]]


class NewCode(Struct, frozen=True, kw_only=True):
    """A code that is not stored yet. `not_after`: it takes the place of one that was issued by then (ms)."""

    id: str
    purpose: Purpose
    subject: bytes
    hash: bytes
    user_id: str | None
    carried: Sealed | None
    expires_at: int
    not_after: int


class StoredCode(Struct, frozen=True, kw_only=True):
    """What is known of a code that somebody has shown. `fits`: it was the right one."""

    id: str
    user_id: str | None
    carried: Sealed | None
    expires_at: int
    fits: bool = True
    used: bool = False


class CodeStore:
    """One code for each purpose and subject: the one issued last."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def issue(self, code: NewCode, now: int, also: Within) -> int | None:
        """Store it, and do what goes `also` into its transaction: that it is sent.

        Nothing is done where the one before is too young: gives when that one was issued.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            before = await issue_within(connection, code, now)
            if before is None:
                await also(connection)
        return before

    async def tried(
        self, purpose: Purpose, subjects: Sequence[bytes], hashes: Sequence[bytes], *, most_wrong: int
    ) -> StoredCode | None:
        """A code is shown for one of these subjects; a wrong one is counted.

        None: there is none, it was used, or `most_wrong` wrong ones were shown.
        """
        row = await self._pool.fetchrow(_SQL["try"], purpose, subjects, hashes, most_wrong)
        return row and _code(row, fits=row["fits"])

    async def found(self, purpose: Purpose, hashes: Sequence[bytes]) -> StoredCode | None:
        """The code with one of these hashes, by nothing else. None: there is none."""
        row = await self._pool.fetchrow(_SQL["find"], purpose, hashes)
        return row and _code(row, used=row["used_at"] is not None)

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop those that were over before this time. Implements `realtime.background.retention.Forget`."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))


async def issue_within(connection: Connection, code: NewCode, now: int) -> int | None:
    """Store it within a transaction. Gives None, or when the one before was issued if that is too young."""
    carried = code.carried
    row = await connection.fetchval(
        _SQL["issue"],
        code.id,
        code.purpose,
        code.subject,
        code.hash,
        code.user_id,
        carried and carried.box,
        carried and carried.key_id,
        to_datetime(now),
        to_datetime(code.expires_at),
        to_datetime(code.not_after),
    )
    if row is not None:
        return None
    return to_ms(await connection.fetchval(_SQL["issued"], code.purpose, code.subject))


async def use_within(connection: Connection, code_id: str, now: int) -> bool:
    """Use it up, within the transaction of what it is for. False: it was used before, or replaced."""
    return await connection.fetchval(_SQL["use"], code_id, to_datetime(now)) is not None


async def drop_within(connection: Connection, user_id: str, purpose: Purpose) -> None:
    """Forget all codes of this user for this purpose, within a transaction."""
    await connection.execute(_SQL["drop"], user_id, purpose)


def _code(row: Record, *, fits: bool = True, used: bool = False) -> StoredCode:
    carried = None if row["key_id"] is None else Sealed(row["key_id"], row["carried"])
    return StoredCode(
        id=row["id"],
        user_id=row["user_id"],
        carried=carried,
        expires_at=to_ms(row["expires_at"]),
        fits=fits,
        used=used,
    )
