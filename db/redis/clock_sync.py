"""Keeps this node's clock at Redis' time, which is one for all nodes."""

import asyncio

from prometheus_client import CollectorRegistry, Gauge

from core.clock import SharedClock, monotonic_ms
from core.tasks import end
from db.outage import Outage
from db.periodic import PeriodicTask
from db.redis.multiplexed import RedisClient

_LOOKS_AT_START = 3
_MOST_MS = 1_000


class ClockSync:
    """Looks at Redis' time every `every_s` seconds; tells when this machine is more than a second off."""

    def __init__(
        self, redis: RedisClient, clock: SharedClock, registry: CollectorRegistry, *, every_s: float = 2
    ) -> None:
        self._redis, self._clock = redis, clock
        self._loop = PeriodicTask(
            every_s, self._keep, failing="the shared time cannot be asked for", at_once=False
        )
        self._off = Outage("this machine's clock is more than a second off", quiet_s=0)
        about = "Seconds that this machine's clock is ahead of the time that all nodes share."
        Gauge("clock_offset_seconds", about, registry=registry).set_function(
            lambda: clock.wall_ahead_ms() / 1000
        )

    async def __aenter__(self) -> "ClockSync":
        """The clock is right from here on. Raises what an outage raises."""
        for _ in range(_LOOKS_AT_START):
            await self._look()
        self._clock.start()
        self._compare()
        self._task = asyncio.create_task(self._loop.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await end([self._task])

    async def _keep(self) -> None:
        """While Redis does not answer, the clock goes on by itself."""
        await self._look()
        self._compare()

    async def _look(self) -> None:
        asked = monotonic_ms()
        seconds, micros = await self._redis.command("TIME")
        self._clock.look(asked, int(seconds) * 1000 + int(micros) / 1000, monotonic_ms())

    def _compare(self) -> None:
        ahead_ms = self._clock.wall_ahead_ms()
        if abs(ahead_ms) > _MOST_MS:
            self._off.failed(ValueError(f"{ahead_ms / 1000:+.1f} s"))
        else:
            self._off.worked()
