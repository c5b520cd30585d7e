"""Metrics of the policy that is tried beside the one in force (`MATCH_SHADOW`). All 0 where none is."""

from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter

from matching.shadow import Compared, Parting

Outcome = Literal["matched", "left"]
_PAIRS = ("in_force", "tried")


class ShadowMetrics:
    """Counters; means are sums over the decisions in which both chose somebody."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._decisions = Counter(
            "realtime_matching_shadow_decisions",
            "Searches that the policy tried in the shadow has judged too, by how the two part.",
            ["parting"],
            registry=registry,
        )
        self._scores = Counter(
            "realtime_matching_shadow_score",
            "Scores of the pairs where both policies chose somebody: of which one, and by whose weights.",
            ["pair", "by"],
            registry=registry,
        )
        self._fates = Counter(
            "realtime_matching_shadow_sooner",
            "Of those whom only the policy in the shadow would have matched then, how it ended (a sample).",
            ["outcome"],
            registry=registry,
        )
        self._dropped = Counter(
            "realtime_matching_shadow_dropped",
            "Searches that the shadow left out, as it may take only so much time.",
            registry=registry,
        )
        self._seconds = Counter(
            "realtime_matching_shadow_seconds",
            "Seconds that judging in the shadow took.",
            registry=registry,
        )
        for parting in get_args(Parting):
            self._decisions.labels(parting)
        for outcome in get_args(Outcome):
            self._fates.labels(outcome)
        for pair in _PAIRS:
            for by in _PAIRS:
                self._scores.labels(pair, by)

    def judged(self, found: Compared, seconds: float) -> None:
        """A search was judged, which took so long."""
        self._decisions.labels(found.parting).inc()
        self._seconds.inc(seconds)
        if found.won is None or found.instead is None:
            return
        for pair, measured in zip(_PAIRS, (found.won, found.instead), strict=True):
            self._scores.labels(pair, "in_force").inc(measured.in_force)
            self._scores.labels(pair, "tried").inc(measured.tried)

    def ended(self, outcome: Outcome) -> None:
        """Somebody whom the shadow would have matched sooner waits no more."""
        self._fates.labels(outcome).inc()

    def dropped(self) -> None:
        """A search was left out."""
        self._dropped.inc()
