"""Metrics of matching for Prometheus. Each process counts what it does itself; sum them over all nodes.

The exception is `realtime_matching_waiting_tickets`: each node says how many wait in the whole region. They
are plain numbers, of which Prometheus is told when it asks: each match moves seven of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import get_args

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from core.probes import IDS
from core.ticket import Claim, Departure, Road, Taken
from core.timing import Timing
from core.vocabulary import LeftReason, Mode
from db.postgres.call_records import RefusalReason
from realtime.matchmaking.shadow_metrics import ShadowMetrics

Labels = tuple[str, ...]
_MODES: tuple[Mode, ...] = get_args(Mode)
_REFUSALS = ("first_gone", "second_gone", *get_args(RefusalReason))
_WAIT_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)
_OFFER_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SWEEP_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class MatchingMetrics(Collector):
    """The counters and histograms of matching. What probes do is no figure of people.

    Each series is there from the start: one that never moved is not one that is missing.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._double = 0
        self._joins = _none(_MODES)
        self._left = _none(get_args(LeftReason))
        self._offers = _none(_MODES, get_args(Road))
        self._refused = _none(_REFUSALS)
        self._waiting: dict[str, int] = {}
        self._waits = {mode: Timing(_WAIT_S) for mode in _MODES}
        self._answers = Timing(_OFFER_S)
        self._sweeps = {mode: Timing(_SWEEP_S) for mode in _MODES}
        self.shadow = ShadowMetrics(registry)
        registry.register(self)

    def joined(self, mode: Mode) -> None:
        """Somebody waits who did not wait before."""
        self._joins[mode,] += 1

    def waiting(self, mode: Mode, tickets: int) -> None:
        """So many wait by now."""
        self._waiting[mode] = tickets

    def departed(self, reason: LeftReason, tickets: int = 1) -> None:
        """Tickets left the queue."""
        _count(self._left, reason, more=tickets)

    def told(self, departures: Iterable[Departure]) -> None:
        """These left, and nobody had counted them."""
        for departure in departures:
            if departure.user_id not in IDS:
                self.departed(departure.reason)

    def refused(self, claim: Claim, reason: Taken | RefusalReason) -> None:
        """A claim came to nothing; `double_match` is the one that must not happen."""
        if claim.first.probe:
            return
        _count(self._refused, reason)
        if reason == "double_match":
            self._double += 1

    def offered(self, claim: Claim) -> None:
        """An offer was made of the claim."""
        if claim.first.probe:
            return
        mode = claim.first.call_mode
        _count(self._offers, mode, claim.decision.road if claim.decision else "unknown")
        if (waits := self._waits.get(mode)) is not None:
            for ticket in (claim.first, claim.second):
                waits.add((claim.claimed_at - ticket.joined_at) / 1000)
        self.departed("matched", 2)

    def found_on_joining(self, ms: int) -> None:
        """Somebody who joined so long ago has an offer, and no sweep was needed."""
        self._answers.add(ms / 1000)

    def swept(self, mode: Mode, seconds: float) -> None:
        """A sweep is done."""
        self._sweeps[mode].add(seconds)

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield CounterMetricFamily(
            "double_match",
            "Matches of somebody who was in another matched call already, as PostgreSQL found at last.",
            value=self._double,
        )
        yield _counter("realtime_matching_joins", "Tickets that joined the queue.", self._joins, "mode")
        yield _counter("realtime_matching_departures", "Tickets that left the queue.", self._left, "reason")
        yield _counter("realtime_matching_offers", "Offers made.", self._offers, "mode", "road")
        yield _counter(
            "realtime_matching_refused_claims",
            "Claims that came to nothing: the first or second ticket was gone, or what the fence said.",
            self._refused,
            "reason",
        )
        waiting = GaugeMetricFamily(
            "realtime_matching_waiting_tickets", "Tickets that wait, in the whole region.", labels=["mode"]
        )
        for mode, tickets in self._waiting.items():
            waiting.add_metric([mode], tickets)
        yield waiting
        yield _histogram(
            "realtime_matching_wait_seconds", "Seconds that the matched have waited.", self._waits
        )
        answers = HistogramMetricFamily(
            "realtime_matching_join_to_offer_seconds",
            "Seconds from joining to the offer, for those matched on joining.",
        )
        answers.add_metric([], self._answers.buckets, self._answers.total_s)
        yield answers
        yield _histogram("realtime_matching_sweep_seconds", "Seconds a sweep took.", self._sweeps)


def _none(*words: Iterable[str]) -> dict[Labels, int]:
    """Nothing was counted yet, by these labels."""
    return dict.fromkeys(product(*words), 0)


def _count(counts: dict[Labels, int], *labels: str, more: int = 1) -> None:
    """A word of another version counts too."""
    counts[labels] = counts.get(labels, 0) + more


def _counter(name: str, about: str, counts: Mapping[Labels, int], *labels: str) -> Metric:
    family = CounterMetricFamily(name, about, labels=labels)
    for words, number in counts.items():
        family.add_metric(words, number)
    return family


def _histogram(name: str, about: str, timings: Mapping[Mode, Timing]) -> Metric:
    family = HistogramMetricFamily(name, about, labels=["mode"])
    for mode, timing in timings.items():
        family.add_metric([mode], timing.buckets, timing.total_s)
    return family
