"""Metrics for Prometheus: how they are sent, and those of the REST side, which are how many requests had
which answer, and how long they took.
"""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


def exposition(registry: CollectorRegistry) -> web.Response:
    """All that this process has to tell."""
    return web.Response(
        body=generate_latest(registry),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )


class RequestMetrics:
    """Counts declared endpoints by name: by path, each id would make a series of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counts: dict[tuple[str, int], Counter] = {}
        self._times: dict[str, Histogram] = {}
        self._requests = Counter(
            "realtime_http_requests", "REST requests answered.", ["endpoint", "status"], registry=registry
        )
        self._seconds = Histogram(
            "realtime_http_request_seconds",
            "Seconds that REST requests took.",
            ["endpoint"],
            registry=registry,
        )

    @web.middleware
    async def measure(self, request: web.Request, handler: Next) -> web.StreamResponse:
        """The outermost middleware, so that errors count with the status of their answer."""
        name = request.match_info.route.name
        if name is None:
            return await handler(request)
        started = time.perf_counter()
        response = await handler(request)
        self._time(name).observe(time.perf_counter() - started)
        self._count(name, response.status).inc()
        return response

    # A series is looked up under a lock, by all of its labels as text: once.

    def _time(self, name: str) -> Histogram:
        if (series := self._times.get(name)) is None:
            series = self._times[name] = self._seconds.labels(name)
        return series

    def _count(self, name: str, status: int) -> Counter:
        if (series := self._counts.get((name, status))) is None:
            series = self._counts[name, status] = self._requests.labels(name, status)
        return series
