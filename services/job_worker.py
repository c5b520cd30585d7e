"""Does the jobs that wait: takes some, does them side by side, and says how they went. Each process has one.

Jobs are taken when somebody says that there are some, and at the latest each `every_s`. A process that ends
takes no more, lets those at work finish for a while and gives the others back. Those of one that is killed
are taken by others, `LEASE_S` after its last sign of life.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from core.ending import WORKED_S, Ending
from core.job import Job
from db.outage import AWAY
from db.periodic import BesideLooks, PeriodicTask, RetryLater
from db.postgres.jobs import LEASE_S, JobStore, Schedule, Taken
from services.job_metrics import JobMetrics
from services.jobs import GivenUp, Work, pause_ms
from services.ports import AskAgain

_ENDING_S = 5.0
_SETTLING_S = 1.0
_log = structlog.get_logger()


class JobWorker(BesideLooks):
    """`at_once` jobs at the same time. `every_s` None: only when woken, by somebody who looks."""

    def __init__(
        self,
        store: JobStore,
        works: Mapping[str, Work],
        schedules: Sequence[Schedule],
        metrics: JobMetrics,
        *,
        at_once: int,
        every_s: float | None,
        plan_s: float = 60,
        ending: Ending | None = None,
    ) -> None:
        super().__init__()
        self._ending = ending or Ending()
        self._store, self._works, self._schedules, self._metrics = store, works, schedules, metrics
        self._kinds: Mapping[str, type[Job]] = {kind: work.job for kind, work in works.items()}
        self._at_work: dict[int, Taken] = {}
        self._planned = False
        self.at_once = at_once
        self._loop = PeriodicTask(every_s, self.look, failing="no jobs are done", again_s=every_s or 1)
        self.loops = (
            self._loop,
            PeriodicTask(LEASE_S / 4, self._live, failing="jobs at work are not kept"),
            PeriodicTask(plan_s, self.plan, failing="nothing is done on schedule"),
        )

    def wake(self, _: bytes = b"") -> None:
        """Something may be to be done."""
        self._loop.wake()

    async def look(self) -> bool:
        """Take what is due, as far as there is room; whether there may be more."""
        if self._ending.asked or not (room := self.free):
            return False  # whoever ends looks again
        taken = await self._store.take(self._kinds, room)
        # One of our own may be given to us again, if its sign of life came late.
        fresh = [each for each in taken if each.id not in self._at_work]
        self._at_work |= {each.id: each for each in fresh}
        self.begin(*(self._do(each) for each in fresh))
        return len(fresh) == room

    async def plan(self) -> None:
        """Add what is to be done on schedule, and count what there is."""
        await self._store.plan(self._schedules, new=not self._planned)
        self._planned = True
        self._metrics.there_are(await self._store.count())
        self.wake()

    async def run(self) -> None:
        """Until cancelled; then those at work have a while to finish."""
        try:
            await asyncio.gather(*(loop.run() for loop in self.loops))
        finally:
            await self._finish()

    async def _finish(self) -> None:
        """Whoever ends us asks again every moment, which is no reason to break off what may still finish."""
        most_s = 0 if self._ending.hurried else min(_ENDING_S, self._ending.left_s(WORKED_S))
        until = asyncio.get_running_loop().time() + most_s
        while self._begun and (left_s := until - asyncio.get_running_loop().time()) > 0:
            with suppress(asyncio.CancelledError):
                await self._begun.ended(left_s)
        while self._begun:  # the last of them are given back
            with suppress(asyncio.CancelledError):
                await self._begun.end()

    async def _live(self) -> None:
        if self._at_work:
            await self._store.alive(self._at_work)

    async def _do(self, taken: Taken) -> None:
        """One job, to its end. Endures everything but its own end."""
        try:
            error = await self._tried(taken)
            await self._settle(taken, error)
        except asyncio.CancelledError:
            with RetryLater("a job is not given back", kind=taken.kind):
                async with asyncio.timeout(_SETTLING_S):
                    await asyncio.shield(self._store.release(taken))
            raise
        finally:
            del self._at_work[taken.id]
            self.wake()

    async def _tried(self, taken: Taken) -> Exception | None:
        """Why it has failed, if it has."""
        work = self._works[taken.kind]
        if taken.job is None:
            return GivenUp("What it is cannot be read: was it written with a secret that is gone?")
        if taken.tries >= work.tries:
            return GivenUp("It was begun as often as it may be, and its worker was lost each time.")
        try:
            async with asyncio.timeout(work.within_s):
                await work.do(taken.job)
        except Exception as error:
            return error
        return None

    async def _settle(self, taken: Taken, error: Exception | None) -> None:
        """Keep how it went, when Postgres answers; otherwise somebody would do it once more."""
        while True:
            with RetryLater("how a job went is not kept", kind=taken.kind) as trying:
                await self._keep(taken, error)
            if not trying.failed or trying.fault:
                return
            await asyncio.sleep(_SETTLING_S)

    async def _keep(self, taken: Taken, error: Exception | None) -> None:
        tries, about = taken.tries + 1, {"job": taken.kind, "id": taken.id, "tries": taken.tries + 1}
        if error is None:
            await self._store.done(taken)
            self._metrics.ended(taken.kind, "done")
        elif isinstance(error, GivenUp) or tries >= self._works[taken.kind].tries:
            await self._store.failed(taken, error)
            self._metrics.ended(taken.kind, "failed")
            _log.error("a job has failed for good", error=repr(error), **about)
        else:
            pause = max(pause_ms(tries), error.after_ms if isinstance(error, AskAgain) else 0)
            await self._store.again(taken, pause, error)
            self._metrics.ended(taken.kind, "again")
            _log.warning("a job is tried again", error=repr(error), **about, exc_info=_fault(error))


def _fault(error: Exception) -> Exception | None:
    """What is no outage is a fault of ours, and has its traceback in the log."""
    return None if isinstance(error, AWAY) else error
