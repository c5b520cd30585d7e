"""Matching as a process of its own: of several, one has the lease of the region, and the others take over.

The lease spares them the same work, and keeps nobody from being matched twice: that is what a claim does,
which takes two tickets or none. So it does no harm that two match for a moment.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

import structlog
from prometheus_client import CollectorRegistry, Gauge

from core.tasks import end
from core.ticket import Claim
from db.periodic import PeriodicTask, RetryLater
from realtime.matchmaking.ports import Offers

_FAREWELL_S = 2.0
_log = structlog.get_logger()


class Lease(Protocol):
    """Of one region: one process at a time has it."""

    async def hold(self, process: str) -> bool: ...

    async def leave(self, process: str) -> None: ...


class LastingOffers:
    """Makes offers that outlast whoever asks: what was claimed is offered, though the search be ended."""

    def __init__(self, offers: Offers) -> None:
        self._offers, self._begun = offers, set[asyncio.Task[bool]]()

    async def make(self, claim: Claim) -> bool:
        """As `Offers`."""
        making: asyncio.Task[bool] = asyncio.create_task(self._offers_of(claim))
        self._begun.add(making)
        making.add_done_callback(self._begun.discard)
        return await asyncio.shield(making)

    async def ended(self, within_s: float) -> None:
        """Wait until those that were begun are made, for so long at most."""
        if self._begun:
            await asyncio.wait(tuple(self._begun), timeout=within_s)

    async def _offers_of(self, claim: Claim) -> bool:
        return await self._offers.make(claim)


class Duty:
    """Runs the `work` while this `process` has the lease, for which it asks every `every_s` seconds.

    `told(on)` is called when that changes, and `renewed` whenever Redis has answered, with when it was asked
    (by `time_s`). `loops` of the work say how it fares.
    """

    def __init__(
        self,
        process: str,
        *,
        lease: Lease,
        work: Callable[[], Coroutine[Any, Any, None]],
        loops: Sequence[PeriodicTask],
        told: Callable[[bool], None],
        renewed: Callable[[float], None],
        time_s: Callable[[], float],
        registry: CollectorRegistry,
        every_s: float = 1.0,
    ) -> None:
        self._process, self._lease, self._work = process, lease, work
        self._told, self._renewed, self._time_s = told, renewed, time_s
        self._doing: asyncio.Task[None] | None = None
        self._hold = PeriodicTask(every_s, self.hold, failing="the lease of matching cannot be had")
        self.loops = (self._hold, *loops)
        on_duty = Gauge(
            "realtime_matchmaker_on_duty",
            "Whether this process of matching has the lease of its region: of all of them one has.",
            registry=registry,
        )
        on_duty.set_function(lambda: self._doing is not None)

    async def run(self) -> None:
        """Until cancelled; then another process need not wait for the end of the lease."""
        try:
            await self._hold.run()
        finally:
            await self._rest()
            with RetryLater("a process of matching ends without a word"):
                async with asyncio.timeout(_FAREWELL_S):
                    await self._lease.leave(self._process)

    async def hold(self) -> None:
        """Ask for the lease, and begin or end the work as that says. Raises what the work has raised."""
        asked = self._time_s()
        held = await self._lease.hold(self._process)
        self._renewed(asked)
        if self._doing is not None and self._doing.done():
            doing, self._doing = self._doing, None
            await doing
        if held and self._doing is None:
            _log.info("This process matches from now on.")
            self._doing = asyncio.create_task(self._work())
            self._told(True)
        elif not held and self._doing is not None:
            _log.warning("Another process matches now.")
            await self._rest()

    async def _rest(self) -> None:
        self._told(False)
        if self._doing is not None:
            doing, self._doing = self._doing, None
            await end([doing])
