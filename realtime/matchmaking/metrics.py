"""Metrics of matching for Prometheus. Each process counts what it does itself; sum them over all nodes.

The exception is `realtime_matching_waiting_tickets`: each node says how many wait in the whole region.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TypeVar, cast, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from core.ticket import Claim, Departure, Road, Taken
from core.vocabulary import LeftReason, Mode
from db.postgres.call_records import RefusalReason

_F = TypeVar("_F", Counter, Gauge, Histogram)
_MODES: tuple[Mode, ...] = get_args(Mode)
_REFUSALS = ("first_gone", "second_gone", *get_args(RefusalReason))
_WAIT_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 180, 300, 600)
_OFFER_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5)
_SWEEP_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class MatchingMetrics:
    """The counters and histograms of matching."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, about: str, **words: Iterable[str]) -> Counter:
            return _from_the_start(Counter(name, about, tuple(words), registry=registry), words)

        def histogram(name: str, about: str, buckets: tuple[float, ...], **words: Iterable[str]) -> Histogram:
            made = Histogram(name, about, tuple(words), buckets=buckets, registry=registry)
            return _from_the_start(made, words)

        self._series: dict[tuple[object, ...], Counter | Gauge | Histogram] = {}
        self._double = counter(
            "double_match",
            "Matches of somebody who was in another matched call already, as PostgreSQL found at last.",
        )
        self._joins = counter("realtime_matching_joins", "Tickets that joined the queue.", mode=_MODES)
        self._left = counter(
            "realtime_matching_departures", "Tickets that left the queue.", reason=get_args(LeftReason)
        )
        self._offers = counter("realtime_matching_offers", "Offers made.", mode=_MODES, road=get_args(Road))
        self._refused = counter(
            "realtime_matching_refused_claims",
            "Claims that came to nothing: the first or second ticket was gone, or what the fence said.",
            reason=_REFUSALS,
        )
        self._waiting = Gauge(
            "realtime_matching_waiting_tickets",
            "Tickets that wait, in the whole region.",
            ["mode"],
            registry=registry,
        )
        self._waits = histogram(
            "realtime_matching_wait_seconds", "Seconds that the matched have waited.", _WAIT_S, mode=_MODES
        )
        self._answers = histogram(
            "realtime_matching_join_to_offer_seconds",
            "Seconds from joining to the offer, for those matched on joining.",
            _OFFER_S,
        )
        self._sweeps = histogram(
            "realtime_matching_sweep_seconds", "Seconds a sweep took.", _SWEEP_S, mode=_MODES
        )

    def joined(self, mode: str) -> None:
        """Somebody waits who did not wait before."""
        self._of(self._joins, mode).inc()

    def waiting(self, mode: str, tickets: int) -> None:
        """So many wait by now."""
        self._of(self._waiting, mode).set(tickets)

    def departed(self, reason: LeftReason, tickets: int = 1) -> None:
        """Tickets left the queue."""
        self._of(self._left, reason).inc(tickets)

    def told(self, departures: Iterable[Departure]) -> None:
        """These left, and nobody had counted them."""
        for departure in departures:
            self.departed(departure.reason)

    def refused(self, reason: Taken | RefusalReason) -> None:
        """A claim came to nothing; `double_match` is the one that must not happen."""
        self._of(self._refused, reason).inc()
        if reason == "double_match":
            self._double.inc()

    def offered(self, claim: Claim) -> None:
        """An offer was made of the claim."""
        mode = claim.first.mode
        self._of(self._offers, mode, claim.decision.road if claim.decision else "unknown").inc()
        for ticket in (claim.first, claim.second):
            self._of(self._waits, mode).observe((claim.claimed_at - ticket.joined_at) / 1000)
        self.departed("matched", 2)

    def found_on_joining(self, ms: int) -> None:
        """Somebody who joined so long ago has an offer, and no sweep was needed."""
        self._answers.observe(ms / 1000)

    def swept(self, mode: str, seconds: float) -> None:
        """A sweep is done."""
        self._of(self._sweeps, mode).observe(seconds)

    def _of(self, metric: _F, *words: str) -> _F:
        """The series of these labels, looked up once: words of ours, of which there are few."""
        series = self._series.get((metric, *words))
        if series is None:
            series = self._series[metric, *words] = metric.labels(*words)
        return cast("_F", series)


def _from_the_start(metric: _F, words: Mapping[str, Iterable[str]]) -> _F:
    """Each series is there from the start: one that never moved is not one that is missing."""
    for labels in product(*words.values()) if words else ():
        metric.labels(*labels)
    return metric
