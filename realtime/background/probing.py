"""Has a probe go its way now and then, from one of all nodes, and tells Prometheus what came of it.

The node whose turn it is counts steps and failures: sum them over nodes. When one last came through, all
nodes tell, so that it is known after that node has gone.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

import structlog
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector

from core.clock import Clock
from core.probes import STEPS, Done
from db.periodic import PeriodicJob, PeriodicTask

_NOT_BEGUN = "start"  # it failed before its first step
_log = structlog.get_logger()

Run = Callable[[Callable[[Done], None]], Awaitable[None]]


class Turns(Protocol):
    """Those of all nodes. Times are Unix ms."""

    async def take(self, ms: int) -> bool: ...

    async def succeeded(self, at: int) -> None: ...

    async def last_success(self) -> int | None: ...


class Probing(PeriodicJob, Collector):
    """A run of the probe every `every_s` seconds; 0: none, and there is nothing to run."""

    def __init__(self, turns: Turns, run: Run, clock: Clock, *, every_s: int, look_s: float = 15) -> None:
        self._turns, self._probe, self._clock, self._every_s = turns, run, clock, every_s
        self._succeeded_at = 0
        self._times = {step: [0, 0.0] for step in STEPS}
        self._failures = dict.fromkeys((_NOT_BEGUN, *STEPS), 0)
        rest_s = min(look_s, every_s or look_s)
        self.loops = (PeriodicTask(rest_s, self.look, failing="no probe goes its way", at_once=False),)

    async def look(self) -> None:
        """See when one last came through, and have one go if it is this node's turn."""
        self._came_through(await self._turns.last_success() or 0)
        if await self._turns.take(self._every_s * 1000):
            await self._go()

    async def _go(self) -> None:
        done: list[Done] = []

        def tell(step: Done) -> None:
            done.append(step)
            self._count(step)

        await self._probe(tell)
        wrong = next((step for step in done if step.wrong), None)
        if wrong is not None:
            _log.warning("a probe has failed", step=wrong.step, why=wrong.wrong)
        elif len(done) == len(STEPS):
            self._came_through(self._clock())
            await self._turns.succeeded(self._succeeded_at)
        else:  # it was killed, or has never begun
            reached = STEPS[len(done)] if done else _NOT_BEGUN
            self._failures[reached] += 1
            _log.warning("a probe has failed", step=reached, why="its process ended")

    def _count(self, step: Done) -> None:
        if step.wrong:
            self._failures[step.step] += 1
        else:
            times = self._times[step.step]
            times[0], times[1] = times[0] + 1, times[1] + step.seconds

    def _came_through(self, at: int) -> None:
        self._succeeded_at = max(self._succeeded_at, at)  # what Redis has lost is still known here

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        yield GaugeMetricFamily(
            "realtime_probe_every_seconds",
            "Seconds after which a probe goes its way again; 0: none does.",
            self._every_s,
        )
        yield GaugeMetricFamily(
            "realtime_probe_succeeded_at_seconds",
            "When a probe of any node last came through, in Unix time; 0: none has.",
            self._succeeded_at / 1000,
        )
        times = SummaryMetricFamily(
            "realtime_probe_step_seconds",
            "Seconds that the steps of this node's probes took, where they succeeded.",
            labels=["step"],
        )
        for step, (count, total_s) in self._times.items():
            times.add_metric([step], int(count), total_s)
        yield times
        failures = CounterMetricFamily(
            "realtime_probe_failures",
            "Probes of this node that failed, by the step; `start`: before the first.",
            labels=["step"],
        )
        for step, number in self._failures.items():
            failures.add_metric([step], number)
        yield failures
