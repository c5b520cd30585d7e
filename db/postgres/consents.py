"""Consents in Postgres, with their history. What an outage raises (`db.outage`) passes through."""

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.consents import Consent, ConsentChange
from db.postgres.pool import Pool, queries

_SQL = queries("consents")


class ConsentStore:
    """What was agreed to, by user. Times are ms since the epoch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, user_id: str) -> list[Consent]:
        """The latest of each kind."""
        return [
            Consent(
                kind=row["kind"], version=row["version"], given=row["given"], at=rfc3339(to_ms(row["at"]))
            )
            for row in await self._pool.fetch(_SQL["of"], user_id)
        ]

    async def change(self, user_id: str, change: ConsentChange, now: int) -> list[Consent]:
        """Add what was said, unless it was said last, and give the latest of each kind."""
        said = (change.kind, change.version, change.given)
        await self._pool.execute(_SQL["add"], user_id, *said, to_datetime(now))
        return await self.of(user_id)
