"""Blocking: two users with a block between them, either way, do not meet, see or hear each other.

The store changes everything on record in one transaction with the block. What concerns live connections (the
call of the two, what their devices show) it leaves as a "parting", which `Partings` carries out.
"""

import structlog

from core.contract.blocks import NewBlock
from core.errors import InvalidRequest
from db.outage import OUTAGES
from db.postgres.blocks import Block, BlockStore, Parting
from db.postgres.idempotency import Key
from db.redis.bus import Bus
from services.ports import Partings

PARTED = "partings"
_log = structlog.get_logger()


class Blocks:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: BlockStore, partings: Partings) -> None:
        self._store, self._partings = store, partings

    async def block(self, blocker: str, body: NewBlock, key: Key | None, now: int) -> Block:
        """Block somebody, at once and everywhere. To block them again changes nothing.

        Raises `InvalidRequest` for oneself, `NotFound` for whom one neither sees nor has met,
        `IdempotencyConflict`.
        """
        if body.user_id == blocker:
            raise InvalidRequest("Nobody can block themselves.", details={"field": "user_id"})
        block, parting = await self._store.block(
            blocker, body.user_id, key, now, take=self._partings.sees_to_them
        )
        if parting is not None:
            await self._partings.parted(parting)
        return block


class AnnouncedPartings:
    """Partings of a process without connections: it announces them, and any node carries them out."""

    sees_to_them = False

    def __init__(self, channels: Bus) -> None:
        self._channels = channels

    async def parted(self, _parting: Parting | None = None) -> None:
        """As `services.ports.Partings` promises."""
        try:
            await self._channels.publish(PARTED, b"")
        except OUTAGES as error:  # it is on record, and nodes also look by themselves
            _log.debug("a parting was not announced", error=repr(error))
