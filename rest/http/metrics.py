"""Metrics for Prometheus: how they are sent, and those of the REST side, which are how many requests had
which answer, and how long they took.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from core.timing import Timing

_TOOK_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


def exposition(registry: CollectorRegistry) -> web.Response:
    """All that this process has to tell."""
    return web.Response(
        body=generate_latest(registry),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )


class RequestMetrics(Collector):
    """Counts declared endpoints by name: by path, each id would make a series of its own.

    In plain numbers, which are told when somebody asks: every request is counted.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered: Counter[tuple[str, int]] = Counter()
        self._took: defaultdict[str, Timing] = defaultdict(lambda: Timing(_TOOK_S))
        registry.register(self)

    def count(self, request: web.Request, response: web.StreamResponse, seconds: float) -> None:
        """One more request, if its endpoint is a declared one."""
        if (name := request.match_info.route.name) is not None:
            self._took[name].add(seconds)
            self._answered[name, response.status] += 1

    def collect(self) -> Iterator[Metric]:
        """What has been counted so far."""
        requests = CounterMetricFamily(
            "realtime_http_requests", "REST requests answered.", labels=["endpoint", "status"]
        )
        seconds = HistogramMetricFamily(
            "realtime_http_request_seconds", "Seconds that REST requests took.", labels=["endpoint"]
        )
        for (name, status), count in self._answered.items():
            requests.add_metric([name, str(status)], count)
        for name, took in self._took.items():
            seconds.add_metric([name], took.buckets, took.total_s)
        yield from (requests, seconds)
