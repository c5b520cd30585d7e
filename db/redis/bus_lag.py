"""How long it takes until one node hears what another says: each says now and then what time it is.

All nodes share one clock (`core/clock.py`), so that a difference is the way through both nodes and Redis. Of
others it is right to a millisecond or so; of what a node hears of itself, exactly.
"""

from collections.abc import Iterator
from time import perf_counter

from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from core.clock import Clock
from core.timing import Timing
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.bus import Bus

CHANNEL = "nodes:time"
_LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class BusLag(PeriodicJob, Collector):
    """Says the time while it runs; `hear` is to be subscribed to `CHANNEL`."""

    def __init__(self, bus: Bus, node_id: str, clock: Clock, *, every_s: float = 5) -> None:
        self._bus, self._name, self._clock = bus, node_id.encode(), clock
        self._said_at = 0.0
        self._lags = {"itself": Timing(_LAG_S), "another": Timing(_LAG_S)}
        self.loops = (PeriodicTask(every_s, self._say, failing="nobody knows how long the bus takes"),)

    async def _say(self) -> None:
        self._said_at = perf_counter()
        await self._bus.publish(CHANNEL, b"%d %b" % (self._clock(), self._name))

    def hear(self, message: bytes) -> None:
        """A node has said the time."""
        at, _, name = message.partition(b" ")
        if name == self._name:
            self._lags["itself"].add(perf_counter() - self._said_at)
        elif at.isdigit():
            self._lags["another"].add(max(self._clock() - int(at), 0) / 1000)

    def collect(self) -> Iterator[Metric]:
        """Both, from the start."""
        lags = HistogramMetricFamily(
            "realtime_bus_lag_seconds",
            "Seconds until this node heard over the bus what a node had said, looked at every five seconds.",
            labels=["said_by"],
        )
        for said_by, timing in self._lags.items():
            lags.add_metric([said_by], timing.buckets, timing.total_s)
        yield lags
