"""How far members of rooms have got, and when: what was delivered to a device of theirs, and read.

`delivered` never goes backwards, nor beyond the last message. Who has read something has got it.
"""

from collections.abc import Mapping, Sequence

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.chat import MessageReceipt
from core.errors import NotFound
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.pool import Pool, queries
from db.postgres.rooms import Reading, Receipt

_SQL = queries("receipts")


class ReceiptStore:
    """All rooms."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._delivering = GroupedStatement(self._deliver)

    async def delivered(self, reading: Reading) -> Receipt | None:
        """A device of this member has everything up to `seq`. None: that is no news. Raises `NotFound`."""
        receipt = await self._delivering.ask(reading)
        if receipt is None and not await self._pool.fetchval(
            _SQL["are_members"], reading.room_id, reading.user_id
        ):
            raise NotFound
        return receipt

    async def _deliver(self, readings: Sequence[Reading]) -> list[Receipt | None]:
        """Of one member the furthest counts."""
        furthest: dict[tuple[str, str], Reading] = {}
        for reading in sorted(readings, key=lambda reading: reading.seq):
            furthest[reading.room_id, reading.user_id] = reading
        rows = [(each.room_id, each.user_id, each.seq, to_datetime(each.at)) for each in furthest.values()]
        found = await self._pool.fetch(_SQL["delivered"], *zip(*rows, strict=True))
        members = list(furthest)
        receipts: Mapping[tuple[str, str], Receipt] = {
            members[n - 1]: Receipt(members=tuple(told), read_seq=read_seq, delivered_seq=delivered_seq)
            for n, read_seq, delivered_seq, told in found
        }
        return [receipts.get((reading.room_id, reading.user_id)) for reading in readings]

    async def of_message(
        self, message_id: str, viewer: str, *, after: str | None, limit: int
    ) -> list[MessageReceipt]:
        """Who has got it, as this member sees it, by their ids. Raises `NotFound`."""
        rows = await self._pool.fetch(_SQL["of_message"], message_id, viewer, after, limit)
        if not rows:
            raise NotFound
        return [
            MessageReceipt(
                user_id=row["user_id"],
                # Who reads at once reports nothing before.
                delivered_at=(at := row["delivered_at"] or row["read_at"]) and rfc3339(to_ms(at)),
                read_at=row["read_at"] and rfc3339(to_ms(row["read_at"])),
            )
            for row in rows
            if row["user_id"] is not None
        ]
