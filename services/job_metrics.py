"""What Prometheus is told of jobs."""

from collections.abc import Iterable
from itertools import product
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from db.postgres.jobs import Count

Outcome = Literal["done", "again", "failed"]
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_STATES = {"queued": "waiting", "picked": "at_work", "failed": "failed"}


class JobMetrics:
    """Counts what this process does, and shows what all of them have to do: of these kinds from the start."""

    def __init__(self, registry: CollectorRegistry, kinds: Iterable[str] = ()) -> None:
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
        self._kinds = sorted(kinds)
        for kind, outcome in product(self._kinds, _OUTCOMES):
            self._ended.labels(kind, outcome)
        self.there_are(())

    def ended(self, kind: str, outcome: Outcome) -> None:
        """One more."""
        self._ended.labels(kind, outcome).inc()

    def there_are(self, counts: Iterable[Count]) -> None:
        """As the queue was just now."""
        self._there.clear()
        for kind, state in product(self._kinds, _STATES.values()):
            self._there.labels(kind, state)
        for count in counts:
            self._there.labels(count.kind, _STATES[count.state]).set(count.jobs)
