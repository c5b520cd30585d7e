"""Metrics of what clients ask over their sockets: who is let in, commands with their time, refusals.

Counted in plain numbers, of which Prometheus is told when it asks: a signal costs 80 µs in all. What a
client makes up becomes no label: a command that does not exist is `unknown`, and a refusal has a code of the
catalogue.
"""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any, Final, Literal

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from core.timing import Timing

Outcome = Literal["new", "recovered", "refused", "unavailable", "failed", "gone"]
OUTCOMES: tuple[Outcome, ...] = ("new", "recovered", "refused", "unavailable", "failed", "gone")
UNKNOWN: Final = "unknown"
_COMMAND_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_JOIN_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


class GatewayMetrics(Collector):
    """`commands` are the names of all that there are, `codes` those of all refusals."""

    def __init__(self, commands: Iterable[str], codes: Iterable[str]) -> None:
        self._commands = {name: Timing(_COMMAND_S) for name in (*sorted(commands), UNKNOWN)}
        self._unknown = self._commands[UNKNOWN]
        words = sorted(set(codes))
        self._refused: dict[str, dict[str, int]] = {
            of: dict.fromkeys(words, 0) for of in ("handshake", "command")
        }
        self._handshakes = dict.fromkeys(OUTCOMES, 0)
        self._joined = Timing(_JOIN_S)

    def answered(self, name: str, begun: float, answer: dict[str, Any]) -> None:
        """A command that came at `begun` (of `perf_counter`) is answered so."""
        self._commands.get(name, self._unknown).add(perf_counter() - begun)
        if not answer["ok"]:
            self.refused("command", answer["error"])

    def refused(self, of: Literal["handshake", "command"], error: dict[str, Any]) -> None:
        """This error was answered."""
        refused, code = self._refused[of], error["code"]
        refused[code] = refused.get(code, 0) + 1

    def handshake(self, outcome: Outcome, begun: float | None = None) -> None:
        """Somebody has asked to be let in; `begun`, at that time, they were."""
        self._handshakes[outcome] += 1
        if begun is not None:
            self._joined.add(perf_counter() - begun)

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        seconds = HistogramMetricFamily(
            "realtime_command_seconds",
            "Seconds from a command's arrival to its answer; `unknown`: there is no such command.",
            labels=["command"],
        )
        for name, timing in self._commands.items():
            seconds.add_metric([name], timing.buckets, timing.total_s)
        yield seconds
        refusals = CounterMetricFamily(
            "realtime_refusals",
            "Commands, and handshakes of sockets, that were answered with an error, by its code.",
            labels=["of", "code"],
        )
        for of, codes in self._refused.items():
            for code, count in codes.items():
                refusals.add_metric([of, code], count)
        yield refusals
        handshakes = CounterMetricFamily(
            "realtime_handshakes",
            "Sockets that asked to be let in: `new` and `recovered` ones that were; `refused` ones "
            "(`realtime_refusals_total` says why), without a store (`unavailable`), by a fault of ours "
            "(`failed`), and those that were `gone` meanwhile.",
            labels=["outcome"],
        )
        for outcome, count in self._handshakes.items():
            handshakes.add_metric([outcome], count)
        yield handshakes
        joined = HistogramMetricFamily(
            "realtime_handshake_seconds",
            "Seconds in which sockets were let in, those in which they waited included.",
        )
        joined.add_metric([], self._joined.buckets, self._joined.total_s)
        yield joined
