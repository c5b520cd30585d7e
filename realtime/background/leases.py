"""Keeps what this process's connections hold alive, and finds what dead ones left behind."""

from collections.abc import Callable

from db.periodic import PeriodicJob, PeriodicTask
from realtime.connection_lifecycle import ConnectionLifecycle
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.liveness import LivenessMonitor
from realtime.matchmaking.queue import Queue
from realtime.presence.presence import PresenceService

# In one piece: Redis takes a millisecond or two for them. Those of 5,000 connections took it 40, and whatever
# else this node asked meanwhile was behind them.
_AT_ONCE = 200


class LeaseJudge:
    """Decides whether an expired lease means that its connection is gone.

    Pure: times are seconds of a monotonic clock. A node that stood still, or found no Redis, renews first,
    and gives the others as long as a lease to do the same. Until then it takes nobody for gone.
    """

    def __init__(self, *, every_s: float, lease_s: float) -> None:
        self._every_s, self._lease_s = every_s, lease_s
        self._since = self._last = float("-inf")

    def renewed(self, now: float) -> None:
        """Everything that is held here has been renewed."""
        if not self._in_time(now):
            self._since = now
        self._last = now

    def may_judge(self, now: float) -> bool:
        """Whether a lease that has expired by now is that of a connection that has gone."""
        return self._in_time(now) and now - self._since >= self._lease_s

    def _in_time(self, now: float) -> bool:
        return now - self._last <= 2 * self._every_s


class Leases(PeriodicJob):
    """Renews every `every_s` seconds, a third of the shortest lease or less.

    Ending expired leases may take long: our own are renewed meanwhile.
    """

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        presence: PresenceService,
        queue: Queue,
        lifecycle: ConnectionLifecycle,
        liveness: LivenessMonitor,
        every_s: float,
        lease_judge: LeaseJudge,
        time_s: Callable[[], float],
    ) -> None:
        self._registry, self._presence, self._queue, self._lifecycle = registry, presence, queue, lifecycle
        self._liveness, self._time_s = liveness, time_s
        self._lease_judge = lease_judge
        self.loops = (
            PeriodicTask(every_s, self.renew, failing="leases are not renewed", at_once=False),
            PeriodicTask(every_s, self.end_expired, failing="expired leases have to wait", at_once=False),
        )

    async def renew(self) -> None:
        """Renew the leases of connections here that are not silent. Others are served in between."""
        callers, begun = self._registry.speaking, self._time_s()
        for start in range(0, len(callers), _AT_ONCE):
            some = callers[start : start + _AT_ONCE]
            for caller in await self._presence.renew(some):
                self._liveness.missed(caller)
            await self._queue.renew({caller.user_id for caller in some})
        self._lease_judge.renewed(begun)

    async def end_expired(self) -> None:
        """Treat connections that lapsed as gone: their node died with them."""
        if not self._lease_judge.may_judge(self._time_s()):
            return
        async for user_id, device in self._presence.expired():
            await self._lifecycle.lost(user_id, device)
