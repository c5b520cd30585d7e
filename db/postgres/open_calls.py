"""How many calls are going on, on record: by state, for metrics."""

from collections.abc import Mapping

from db.postgres.pool import Pool, queries

_SQL = queries("open_calls")
STATES = ("offered", "connecting", "live", "deciding")


class OpenCalls:
    """Reads only."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def by_state(self) -> Mapping[str, int]:
        """All states, also those in which there is none."""
        found = await self._pool.fetch(_SQL["by_state"])
        return dict.fromkeys(STATES, 0) | {row["state"]: row["calls"] for row in found}
