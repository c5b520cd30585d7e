"""Looks now and then at what all nodes share, for metrics: how many wait in which pool, and calls by state.

Each node looks and tells the same, so that none has to be the one that does: dashboards take the largest.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.clock import Clock
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.queue_pools import POOLS, Waiting

_POOL = ("mode", "gender", "seeking")


class Pools(Protocol):
    """The queue's."""

    async def all(self) -> Mapping[tuple[str, str, str], Waiting]: ...


class Calls(Protocol):
    """Those that are not over."""

    async def by_state(self) -> Mapping[str, int]: ...


class Survey(PeriodicJob, Collector):
    """Looks every `every_s` seconds; nothing is told of what it could not read."""

    def __init__(self, pools: Pools, calls: Calls, clock: Clock, *, every_s: float = 15) -> None:
        self._pools, self._calls, self._clock = pools, calls, clock
        self._waiting: Mapping[tuple[str, str, str], Waiting] = dict.fromkeys(POOLS, Waiting(0, None))
        self._by_state: Mapping[str, int] = {}
        self.loops = (
            PeriodicTask(every_s, self._look_at_pools, failing="nobody knows how many wait in which pool"),
            PeriodicTask(every_s, self._look_at_calls, failing="nobody knows how many calls there are"),
        )

    async def _look_at_pools(self) -> None:
        self._waiting = await self._pools.all()

    async def _look_at_calls(self) -> None:
        self._by_state = await self._calls.by_state()

    def collect(self) -> Iterator[Metric]:
        """As things were at the last look; ages go on."""
        tickets = GaugeMetricFamily(
            "realtime_matching_pool_tickets",
            "Tickets that wait in a pool of the whole region, within the last quarter of a minute; "
            "who seeks several genders is in several.",
            labels=_POOL,
        )
        oldest = GaugeMetricFamily(
            "realtime_matching_pool_oldest_seconds",
            "Seconds for which the first of a pool has waited; 0: nobody waits.",
            labels=_POOL,
        )
        now = self._clock()
        for pool, waiting in self._waiting.items():
            tickets.add_metric(pool, waiting.tickets)
            oldest.add_metric(pool, 0 if waiting.since is None else max(now - waiting.since, 0) / 1000)
        yield from (tickets, oldest)
        calls = GaugeMetricFamily(
            "realtime_calls",
            "Calls of all nodes by state, offers among them; one that reconnects is `live`.",
            labels=["state"],
        )
        for state, count in self._by_state.items():
            calls.add_metric([state], count)
        yield calls
