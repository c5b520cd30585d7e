"""What each process tells Prometheus of itself: memory, CPU, file descriptors, and how late its loop is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, GCCollector, Histogram, PlatformCollector, ProcessCollector

from db.periodic import next_beat

_EVERY_S = 1.0
_LATE_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@contextmanager
def process_metrics(registry: CollectorRegistry) -> Iterator[None]:
    """Told for as long as the block lasts."""
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    lateness = _Lateness(registry)
    try:
        yield
    finally:
        lateness.end()


class _Lateness:
    """Looks each second how late it is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._late = Histogram(
            "realtime_loop_late_seconds",
            "Seconds by which the loop came late to what it was to do at a certain time,"
            " looked at each second.",
            buckets=_LATE_S,
            registry=registry,
        )
        self._loop = asyncio.get_running_loop()
        self._look_later()

    def end(self) -> None:
        """No more looks."""
        self._timer.cancel()

    def _look_later(self) -> None:
        self._due = next_beat(_EVERY_S)  # when there is most to do anyway
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._late.observe(max(self._loop.time() - self._due, 0.0))
        self._look_later()
