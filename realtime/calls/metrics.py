"""Metrics of offers and calls, counted by the node that has saved what became of them: sum them over nodes.

Calls by state are read from the record, of which every node tells the same: `realtime/background/survey.py`.
"""

from collections.abc import Iterator
from itertools import product
from typing import get_args

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from core.contract.calls import MediaPath
from core.timing import Timing
from core.vocabulary import EndReason, Outcome
from signaling.call import STARTED, Call, State

_REASONS: tuple[str, ...] = get_args(EndReason)
_PATHS = ("host", "srflx", "relay", "other")
_PROTOCOLS = ("udp", "tcp", "other")
# A candidate that only its peer has found out (`prflx`) is one behind a NAT, as `srflx` is.
_FAR = {"srflx": "srflx", "prflx": "srflx", "host": "host"}
_CONNECT_S = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
_TALK_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)


def path_of(path: MediaPath) -> tuple[str, str]:
    """How far about the media goes, and by which protocol: what a client says, as few words of ours."""
    ends = {path.local.lower(), path.remote.lower()}
    protocol = path.protocol.lower()
    if protocol not in _PROTOCOLS:
        protocol = "other"
    if "relay" in ends:
        return "relay", protocol
    if not ends <= _FAR.keys():
        return "other", protocol
    return ("srflx" if ends - {"host"} else "host"), protocol


class CallMetrics(Collector):
    """Told of each change that was saved."""

    def __init__(self) -> None:
        self._offers = dict.fromkeys(("accepted", *_REASONS), 0)
        self._ended = dict.fromkeys(_REASONS, 0)
        self._echoes = dict.fromkeys(_REASONS, 0)
        self._entered = {state.value: 0 for state in State}
        self._outcomes: dict[str, int] = dict.fromkeys(get_args(Outcome), 0)
        self._paths = dict.fromkeys(product(_PATHS, _PROTOCOLS), 0)
        self._restarts = 0
        self._connecting, self._talks = Timing(_CONNECT_S), Timing(_TALK_S)

    def offered(self, call: Call) -> None:
        """There is a new call."""
        if not call.probe:
            self._entered[State.OFFERED] += 1

    def changed(self, before: Call, after: Call) -> None:
        """This has become of it. What people do with the server itself is no figure of calls, nor probes."""
        if after.probe:
            return
        if after.origin == "echo":
            if after.ended_at is not None and before.ended_at is None:
                _count(self._echoes, after.reason)
            return
        self._restarts += after.restarts > before.restarts
        if after.live_at is not None and before.live_at is None:
            self._connecting.add((after.live_at - after.offered_at) / 1000)
        if after.outcome is not None and before.outcome is None:
            _count(self._outcomes, after.outcome)
        if after.state is before.state:
            return
        self._entered[after.state] += 1
        if before.state is State.OFFERED:
            _count(self._offers, "accepted" if after.state in STARTED else after.reason)
        elif before.state in STARTED and after.state not in STARTED:
            _count(self._ended, after.reason)
            self._talks.add(after.talked_ms / 1000)

    def connected(self, path: tuple[str, str]) -> None:
        """The media of one side goes this way."""
        self._paths[path] += 1

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        yield _by(
            "realtime_offers_ended",
            "Offers that ended: `accepted` by both, or why not.",
            "outcome",
            self._offers,
        )
        yield _by(
            "realtime_calls_ended",
            "Calls that both had accepted and that ended, by why.",
            "reason",
            self._ended,
        )
        yield _by(
            "realtime_echo_calls_ended",
            "Calls with the server itself that ended, offers among them, by why; they count nowhere else.",
            "reason",
            self._echoes,
        )
        yield _by(
            "realtime_calls_entered",
            "Calls that came into a state, offers among them.",
            "state",
            self._entered,
        )
        yield _by("realtime_decisions", "Calls by what was decided after them.", "outcome", self._outcomes)
        restarts = CounterMetricFamily("realtime_call_restarts", "Times that a call was connected anew.")
        restarts.add_metric([], self._restarts)
        yield restarts
        paths = CounterMetricFamily(
            "realtime_call_paths",
            "Sides of calls whose media flows, as clients say: direct (`host`), out of a NAT, or by TURN.",
            labels=["path", "protocol"],
        )
        for labels, count in self._paths.items():
            paths.add_metric(labels, count)
        yield paths
        for name, about, timing in (
            (
                "realtime_call_connect_seconds",
                "Seconds from the offer to media that flows both ways.",
                self._connecting,
            ),
            ("realtime_call_talk_seconds", "Seconds for which calls that ended were live.", self._talks),
        ):
            seconds = HistogramMetricFamily(name, about)
            seconds.add_metric([], timing.buckets, timing.total_s)
            yield seconds


def _count(counts: dict[str, int], word: str | None) -> None:
    """A word of another version is none of ours."""
    if word in counts:
        counts[word] += 1


def _by(name: str, about: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, about, labels=[label])
    for word, count in counts.items():
        family.add_metric([word], count)
    return family
