"""What Prometheus is told of pushes."""

from itertools import product
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter

PushOutcome = Literal["sent", "failed", "refused", "gone"]
_PLATFORMS = ("web", "android", "ios")


class PushMetrics:
    """Counts what this process sends to devices."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "realtime_pushes",
            "Pushes to a device: `sent`, `failed` to be tried again, `refused` by its push service, which has"
            " to know us, or the device is `gone`.",
            ["platform", "outcome"],
            registry=registry,
        )
        for platform, outcome in product(_PLATFORMS, get_args(PushOutcome)):
            self._ended.labels(platform, outcome)

    def ended(self, platform: str, outcome: PushOutcome) -> None:
        """One more."""
        self._ended.labels(platform, outcome).inc()
