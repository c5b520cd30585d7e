"""Judges users who are trusted or suspect again, because what they did counts only for a while.

Any node does it, without a leader: the store gives each user to one node, and puts off their next review in
the same step.
"""

from db.periodic import PeriodicJob, PeriodicTask
from services.trust import TrustService

_AT_ONCE = 20


class Reviews(PeriodicJob):
    """Looks every `every_s` seconds; at once again while there are more than fit into a batch."""

    def __init__(self, trust: TrustService, *, every_s: float = 10) -> None:
        self._trust = trust
        self._loop = PeriodicTask(every_s, self._look, failing="nobody is reviewed")
        self.loops = (self._loop,)

    async def _look(self) -> bool:
        """Whether there may be more."""
        return await self._trust.review(_AT_ONCE) == _AT_ONCE
