"""Trust in Postgres: what it is computed from, the tier, and each move to another one.

A move and its entry on the audit log are one statement. Ids are text, times ms since the epoch.
"""

from datetime import timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.clock import to_datetime
from core.ids import earliest
from core.ticket import Tier
from db.postgres.accusations import Accusation, accusers, with_company
from db.postgres.pool import Pool, queries

_SQL = queries("trust")

# How many of a user's latest calls, and of the reports about them, are read at each judgement.
LATEST_CALLS = 500


class Standing(Struct, frozen=True, kw_only=True):
    """What somebody did within a window.

    They have `met` so many people; `reporters` have reported them whose word counts
    (`services.credibility`); of the `live` calls they left `early` many early. `verified`: an address or a
    number is known to be theirs. `returning`: they may be somebody who was banned.
    """

    met: int = 0
    reporters: int = 0
    live: int = 0
    early: int = 0
    verified: bool = False
    returning: bool = False


class Conduct(Struct, frozen=True):
    """What somebody did, with no `reporters` yet, and all that is `said` of them."""

    standing: Standing
    said: Accusation


_READ = tuple(name for name in Standing.__struct_fields__ if name != "reporters")


class TrustStore:
    """Tiers and standings."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def conduct(self, user_id: str, *, since: int, early_ms: int) -> Conduct | None:
        """What the user did since then, and what is said of them, without company; None: they are gone."""
        early = timedelta(milliseconds=early_ms)
        row = await self._pool.fetchrow(
            _SQL["standing"], user_id, to_datetime(since), earliest(since), LATEST_CALLS, early
        )
        if row is None:
            return None
        said = Accusation(accused=user_id, tier=row["tier"], accusers=[])
        if row["reports"]:
            said = replace(said, accusers=await accusers(self._pool, row["reports"]))
        return Conduct(Standing(**{name: row[name] for name in _READ}), said)

    async def with_company(self, conduct: Conduct) -> Conduct:
        """The same, after a look at whom those have met who say something of the user."""
        return replace(conduct, said=await with_company(self._pool, conduct.said))

    async def move(
        self, user_id: str, before: Tier, after: Tier, *, entry_id: str, details: dict[str, Any], now: int
    ) -> bool:
        """Move the user to another tier, with an entry on the audit log. False: not in `before` now."""
        row = await self._pool.fetchrow(
            _SQL["move"], user_id, before, after, entry_id, to_datetime(now), details
        )
        return row is not None

    async def due(self, now: int, *, judged_before: int, limit: int) -> list[str]:
        """Users, trusted or suspect, who were not taken for review since then. They are taken now."""
        rows = await self._pool.fetch(_SQL["due"], to_datetime(now), to_datetime(judged_before), limit)
        return [row["id"] for row in rows]
