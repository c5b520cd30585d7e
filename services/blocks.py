"""Blocking: two users with a block between them, either way, do not meet, see or hear each other.

The store changes everything on record in one transaction with the block. What concerns live connections (the
call of the two, what their devices show) it leaves as a "pending block", which `BlockEffects` performs.
"""

import structlog

from core.contract.blocks import NewBlock
from core.errors import InvalidRequest
from db.outage import OUTAGES
from db.postgres.blocks import BlockedUser, BlockStore, PendingBlock
from db.postgres.idempotency import IdempotencyKey
from db.redis.bus import Bus
from services.ports import BlockEffects

PENDING_BLOCKS = "blocks:pending"
_log = structlog.get_logger()


class Blocks:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: BlockStore, effects: BlockEffects) -> None:
        self._store, self._effects = store, effects

    async def block(self, blocker: str, body: NewBlock, key: IdempotencyKey | None, now: int) -> BlockedUser:
        """Block somebody, at once and everywhere. To block them again changes nothing.

        Raises `InvalidRequest` for oneself, `NotFound` for a user whom the blocker neither sees nor has met,
        `IdempotencyConflict`.
        """
        if body.user_id == blocker:
            raise InvalidRequest("Nobody can block themselves.", details={"field": "user_id"})
        block, pending = await self._store.block(blocker, body.user_id, key, now, take=self._effects.performs)
        if pending is not None:
            await self._effects.perform(pending)
        return block


class AnnouncedBlockEffects:
    """For a process without connections: announces a pending block, which any node performs."""

    performs = False

    def __init__(self, channels: Bus) -> None:
        self._channels = channels

    async def perform(self, _pending: PendingBlock | None = None) -> None:
        """As `services.ports.BlockEffects` promises."""
        try:
            await self._channels.publish(PENDING_BLOCKS, b"")
        except OUTAGES as error:  # it is on record, and nodes also look by themselves
            _log.debug("a pending block was not announced", error=repr(error))
