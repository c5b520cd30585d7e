"""How many rows this node has forgotten as their time was over, by the table that they were in."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class ForgottenRows(Collector):
    """Those who forget say it here, by the table; that they have forgotten none yet, too."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()

    def add(self, kind: str, rows: int) -> None:
        """So many more."""
        self._rows[kind] += rows

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        family = CounterMetricFamily(
            "realtime_forgotten_rows",
            "Rows that this node has forgotten after their time: of messages with those of who got and read"
            " them. A suspicion is over then, and stays.",
            labels=["kind"],
        )
        for kind in sorted(self._rows):
            family.add_metric([kind], self._rows[kind])
        yield family
