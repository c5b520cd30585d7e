"""Notes of rewards that they have expired. They have without it, too: what it adds is the ledger's entry.

Any node does it, no leader: the store gives each reward to one of them.
"""

from core.clock import Clock
from db.periodic import PeriodicJob, PeriodicTask
from db.postgres.rewards import RewardStore

_AT_ONCE = 500


class RewardExpiry(PeriodicJob):
    """Looks every `every_s` seconds; at once again while there are more than fit into a batch."""

    def __init__(self, store: RewardStore, clock: Clock, *, every_s: float = 60) -> None:
        self._store, self._clock = store, clock
        self._loop = PeriodicTask(every_s, self._look, failing="no reward expires in the ledger")
        self.loops = (self._loop,)

    async def _look(self) -> bool:
        """Whether there may be more."""
        return await self._store.expire(self._clock(), limit=_AT_ONCE) == _AT_ONCE
