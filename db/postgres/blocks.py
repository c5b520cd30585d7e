"""Blocks in Postgres, and pending blocks: notes of the effects of a block that are still to be performed.

What concerns the record happens together with the block: matching, profiles and new connections check for
blocks themselves, and the connection of the two ends. The rest is a pending block, which some node of the
realtime side performs and removes. Ids are text, times ms since the epoch. What an outage raises
(`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.errors import NotFound
from core.ids import new_id
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

_SQL = queries("blocks")

# How long a pending block is left to the node that has taken it.
TAKEN_MS = 2_000


class BlockedUser(Struct, frozen=True, kw_only=True):
    """A blocked user, by the name that they use."""

    user_id: str
    display_name: str
    created_at: int


class PendingBlock(Struct, frozen=True, kw_only=True):
    """A block whose effects are still to be performed. It has ended these, where there were any."""

    id: str
    blocker: str
    blocked: str
    connection_id: str | None
    friendship_id: str | None = None
    request_id: str | None = None


class BlockStore:
    """Blocks and pending blocks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # Blocks

    async def block(
        self, blocker: str, blocked: str, key: IdempotencyKey | None, now: int, *, take: bool = False
    ) -> tuple[BlockedUser, PendingBlock | None]:
        """Block, end the connection of the two and leave a pending block, all at once. An existing
        block stays.

        Also gives the pending block, if there is a new one: `take` it for `TAKEN_MS`, so that no other node
        does. A `key` that was used for the same gives its answer without effect, though they are unblocked
        since. Raises `NotFound` for a user whom the blocker neither sees nor has met, `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, BlockedUser)) is not None:
                return known, None
            await lock_users(connection, (blocker, blocked))
            if not await connection.fetchval(_SQL["may_block"], blocker, blocked, to_datetime(now)):
                raise NotFound
            pending = await _insert_block(connection, blocker, blocked, now, now + TAKEN_MS if take else None)
            block = _block(await connection.fetchrow(_SQL["of_pair"], blocker, blocked))
            return await keep(connection, key, block), pending

    async def unblock(self, blocker: str, blocked: str) -> None:
        """Remove the block. What it has ended stays ended."""
        await self._pool.execute(_SQL["unblock"], blocker, blocked)

    async def blocks(self, blocker: str, *, before: tuple[int, str] | None, limit: int) -> list[BlockedUser]:
        """The user's blocks, newest first: those before the block at this time of this user."""
        at, user_id = before or (None, None)
        since = None if at is None else to_datetime(at)
        return [_block(row) for row in await self._pool.fetch(_SQL["blocks"], blocker, since, user_id, limit)]

    # Pending blocks

    async def due(self, now: int, *, limit: int = 50) -> list[PendingBlock]:
        """Pending blocks that no node has taken, each now taken for `TAKEN_MS`."""
        rows = await self._pool.fetch(_SQL["due"], to_datetime(now), to_datetime(now + TAKEN_MS), limit)
        return [_pending(row) for row in rows]

    async def settled(self, pending_id: str) -> None:
        """Everything that it asked for is done: remove it."""
        await self._pool.execute(_SQL["settled"], pending_id)

    async def open_between(self, one: str, other: str) -> list[str]:
        """Calls of these two with each other that go on, or that have ended and are open to decide."""
        return [row["call_id"] for row in await self._pool.fetch(_SQL["open_between"], one, other)]


async def block_within(connection: Connection, blocker: str, blocked: str, now: int) -> None:
    """Block within a transaction, as `BlockStore.block` does. An existing block stays."""
    await lock_users(connection, (blocker, blocked))
    await _insert_block(connection, blocker, blocked, now, None)


async def _insert_block(
    connection: Connection, blocker: str, blocked: str, now: int, taken_until: int | None
) -> PendingBlock | None:
    until = None if taken_until is None else to_datetime(taken_until)
    row = await connection.fetchrow(
        _SQL["insert_block"], new_id(now), blocker, blocked, to_datetime(now), until
    )
    return row and _pending(row)


def _block(row: Record) -> BlockedUser:
    return BlockedUser(
        user_id=row["user_id"], display_name=row["display_name"], created_at=to_ms(row["created_at"])
    )


def _pending(row: Record) -> PendingBlock:
    return PendingBlock(
        id=row["id"],
        blocker=row["blocker_id"],
        blocked=row["blocked_id"],
        connection_id=row["connection_id"],
        friendship_id=row["friendship_id"],
        request_id=row["request_id"],
    )
