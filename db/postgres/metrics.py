"""What Prometheus is told of the pools of connections: read off them when it asks."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from db.postgres.pool import Pool


class PoolMetrics(Collector):
    """`pools` gives those that are open, by what they are for: `primary`, `standby`."""

    def __init__(self, pools: Callable[[], Mapping[str, Pool]]) -> None:
        self._pools = pools

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        most = GaugeMetricFamily(
            "realtime_postgres_connections_max", "Connections that there may be.", labels=["pool"]
        )
        there = GaugeMetricFamily(
            "realtime_postgres_connections",
            "Connections that are open, at work or idle.",
            labels=["pool", "state"],
        )
        waiters = GaugeMetricFamily(
            "realtime_postgres_waiters", "Those who wait for a connection to become free.", labels=["pool"]
        )
        waits = HistogramMetricFamily(
            "realtime_postgres_wait_seconds",
            "Seconds for which those waited who found no open connection free: for one, or until giving up.",
            labels=["pool"],
        )
        for name, pool in self._pools().items():
            idle = pool.get_idle_size()
            most.add_metric([name], pool.get_max_size())
            there.add_metric([name, "busy"], pool.get_size() - idle)
            there.add_metric([name, "idle"], idle)
            waiters.add_metric([name], pool.waiting)
            waits.add_metric([name], pool.waits.buckets, pool.waits.total_s)
        yield from (most, there, waiters, waits)
