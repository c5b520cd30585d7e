"""What Prometheus is told of jobs."""

from collections.abc import Iterable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from db.postgres.jobs import Count

_STATES = {"queued": "waiting", "picked": "at_work", "failed": "failed"}


class JobMetrics:
    """Counts what this process does, and shows what all of them have to do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "realtime_jobs",
            "Jobs that this process began: `done`, tried `again` later, or `failed` for good.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._there = Gauge(
            "realtime_jobs_there",
            "Jobs of all processes, within the last minute: `waiting`, `at_work`, or `failed` for good.",
            ["kind", "state"],
            registry=registry,
        )

    def ended(self, kind: str, outcome: Literal["done", "again", "failed"]) -> None:
        """One more."""
        self._ended.labels(kind, outcome).inc()

    def there_are(self, counts: Iterable[Count]) -> None:
        """As the queue was just now."""
        self._there.clear()
        for count in counts:
            self._there.labels(count.kind, _STATES[count.state]).set(count.jobs)
