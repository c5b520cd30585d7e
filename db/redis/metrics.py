"""What Prometheus is told of the way to Redis: read off the client when it asks."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from db.redis.multiplexed import RedisClient


class RedisMetrics(Collector):
    """Of one client."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        about = "What was asked of Redis and has no answer yet, on its way or waiting for a connection."
        yield GaugeMetricFamily("realtime_redis_in_flight", about, value=self._redis.unanswered)
        about = "Connections to Redis that were lost after they had served."
        yield CounterMetricFamily("realtime_redis_resets", about, value=self._redis.resets)
