"""Looks whether somebody matches those who wait: a node says so when nobody does, whoever it should be."""

from collections.abc import Iterator, Mapping
from typing import Protocol

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.clock import Clock
from core.vocabulary import Mode
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.queue_pools import Swept

_PATIENCE_MS = 10_000  # a sweep comes each half second, and takes a few at most
_log = structlog.get_logger()


class Queues(Protocol):
    """Those of the region."""

    async def swept(self) -> Mapping[Mode, Swept]: ...


def unattended_ms(found: Swept, now: int) -> int:
    """For how long somebody waits and nobody has swept. Pure."""
    return 0 if found.since is None else max(0, now - max(found.since, found.swept or 0))


class Attendance(PeriodicJob, Collector):
    """Looks every `every_s` seconds, and says it once for each time that nobody matches."""

    def __init__(self, queues: Queues, clock: Clock, *, every_s: float = 5) -> None:
        self._queues, self._clock = queues, clock
        self._unattended: dict[Mode, int] = {}
        self._told: set[Mode] = set()
        self.loops = (PeriodicTask(every_s, self.look, failing="nobody knows whether somebody matches"),)

    async def look(self) -> None:
        """As things are now."""
        found, now = await self._queues.swept(), self._clock()
        for mode, swept in found.items():
            self._unattended[mode] = late = unattended_ms(swept, now)
            if late < _PATIENCE_MS:
                if mode in self._told:
                    _log.warning("somebody matches again", mode=mode)
                self._told.discard(mode)
            elif mode not in self._told:
                self._told.add(mode)
                _log.error(
                    "People wait and nobody matches them: start `python -m realtime matchmaker`,"
                    " or set MATCHMAKER=here.",
                    mode=mode,
                    seconds=late // 1000,
                )

    def collect(self) -> Iterator[Metric]:
        """As things were at the last look."""
        family = GaugeMetricFamily(
            "realtime_matching_unattended_seconds",
            "Seconds for which somebody waits and nobody has looked for pairs, in the whole region.",
            labels=["mode"],
        )
        for mode, late in self._unattended.items():
            family.add_metric([mode], late / 1000)
        yield family
