"""Consents in Postgres, with their history. What an outage raises (`db.outage`) passes through."""

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.consents import Consent, ConsentChange
from db.postgres.own_rows import OwnRows, own_queries, own_rows
from db.postgres.pool import Pool

_OWN = own_queries("consents")


class ConsentStore:
    """What was agreed to, by user. Times are ms since the epoch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, user_id: str) -> list[Consent]:
        """The latest of each kind."""
        async with own_rows(self._pool, user_id) as own:
            return await _of(own)

    async def change(self, user_id: str, change: ConsentChange, now: int) -> list[Consent]:
        """Add what was said, unless it was said last, and give the latest of each kind."""
        async with own_rows(self._pool, user_id) as own:
            await own.execute(_OWN["add"], change.kind, change.version, change.given, to_datetime(now))
            return await _of(own)


async def _of(own: OwnRows) -> list[Consent]:
    return [
        Consent(kind=row["kind"], version=row["version"], given=row["given"], at=rfc3339(to_ms(row["at"])))
        for row in await own.fetch(_OWN["of"])
    ]
