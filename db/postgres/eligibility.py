"""Which users may be offered to each other, by the record. Asked before an offer; the fence decides later.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection
from datetime import datetime

from core.clock import to_datetime
from core.ids import earliest
from db.postgres.pool import Pool, queries
from matching.rematch import Since

_SQL = queries("eligibility")


class EligibilityStore:
    """What keeps users out of offers, and pairs apart."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def unfit(self, user_ids: Collection[str], now: int) -> frozenset[str]:
        """Users to whom no offer can be made: gone, busy or banned."""
        rows = await self._pool.fetch(_SQL["unfit"], list(user_ids), to_datetime(now))
        return frozenset(row["user_id"] for row in rows)

    async def not_by_places(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users who do not want to be matched by where they go."""
        rows = await self._pool.fetch(_SQL["not_by_places"], list(user_ids))
        return frozenset(row["user_id"] for row in rows)

    async def avoid(self, user_id: str, since: Since) -> frozenset[str]:
        """Users blocked or hidden either way, and those met since.

        Met: both accepted, or one declined or did not answer.
        """
        rows = await self._pool.fetch(_SQL["avoid"], user_id, *times(since))
        return frozenset(row["user_id"] for row in rows)

    async def on_good_terms(self, one: str, other: str, since: Since) -> bool:
        """Whether they have only met since then: no block, and neither has declined or skipped the other."""
        return bool(await self._pool.fetchval(_SQL["on_good_terms"], one, other, *times(since)))


def times(since: Since) -> tuple[str, datetime, datetime]:
    """What `avoid` is asked beside the user: an id before those of all calls offered since then, and then."""
    return oldest(since), to_datetime(since.met), to_datetime(since.unanswered)


def oldest(since: Since) -> str:
    """An id before those of all calls offered since then."""
    return earliest(min(since.met, since.unanswered))
