"""What a process does again and again: one way to wait, to be woken, and to go on after whatever fails.

It stands beside what an outage is: the loops of all rooms above run on it, and those of the stores too.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, cast

import structlog

from core.tasks import TaskSet
from db.outage import AWAY

Job = Callable[[], Awaitable[object]]
Rest = Callable[[float | None, asyncio.Event], Awaitable[None]]
Period = float | Callable[[], float]
# One wake-up of the process serves all loops that rest for a beat or longer, or for half a one. Nodes do not
# beat together.
BEAT_MS = 1_000
_PHASE_MS = random.randrange(BEAT_MS)  # noqa: S311 - no secret
_log = structlog.get_logger()


class RetryLater:
    """What fails in the block is tried again later: an outage is no news, a fault of ours has a traceback."""

    __slots__ = ("_about", "_what", "failed", "fault")

    def __init__(self, what: str, **about: Any) -> None:
        self._what, self._about = what, about
        self.failed = self.fault = False

    def __enter__(self) -> "RetryLater":
        return self

    def __exit__(self, _: type | None, error: BaseException | None, __: TracebackType | None) -> bool:
        self.failed = isinstance(error, Exception)
        self.fault = self.failed and not isinstance(error, AWAY)
        if self.fault:
            _log.exception(self._what, **self._about)
        elif self.failed:
            _log.debug(self._what, error=repr(error), **self._about)
        return self.failed


def on_the_beat(now: float, seconds: float, phase_ms: int = 0) -> float:
    """When a rest that begins now is over: with a beat, up to one earlier and never later."""
    rest_ms = round(seconds * 1000)
    if rest_ms < BEAT_MS // 2:
        return now + seconds
    beat_ms = BEAT_MS if rest_ms >= BEAT_MS else BEAT_MS // 2
    # In whole ms, as timers are: one that rings a trace too early must not make it one beat less.
    return ((round(now * 1000) + rest_ms - phase_ms) // beat_ms * beat_ms + phase_ms) / 1000


def next_beat(seconds: float) -> float:
    """When a rest of this process that begins now is over, by the clock of the loop."""
    return on_the_beat(asyncio.get_running_loop().time(), seconds, _PHASE_MS)


async def rest(seconds: float | None, woken: asyncio.Event) -> None:
    """For so long, or until woken, as `woken` says then; None: until woken."""
    if seconds is None:
        await woken.wait()
        return
    # Not by a timeout: its errors at each end of a rest cost more than what most jobs then do.
    timer = asyncio.get_running_loop().call_at(next_beat(seconds), woken.set)
    try:
        await woken.wait()
    finally:
        timer.cancel()


class PeriodicTask:
    """Runs a job until cancelled: `period_s` after it has ended, when woken, and at once when it gave True.

    A period that is a function is asked for before each rest: where nothing is at stake it may be longer.
    After a failure it rests for `again_s`, or a period, and cannot be woken meanwhile: nothing makes it spin.
    `faults` counts what failed and was no outage; `in_a_row` such runs since the last that succeeded.
    """

    def __init__(
        self,
        period_s: Period | None,
        job: Job,
        *,
        failing: str,
        at_once: bool = True,
        again_s: Period | None = None,
        rest: Rest = rest,
    ) -> None:
        again_s = period_s if again_s is None else again_s
        if again_s is None:
            raise ValueError("what has no period has to know how long it rests after a failure")
        self._period_s, self._again_s = period_s, again_s
        self._job, self._failing, self._at_once = job, failing, at_once
        self._rest = rest
        self._woken = asyncio.Event()
        self.faults = self.in_a_row = 0

    def wake(self) -> None:
        """Run now, or once more if it is running."""
        self._woken.set()

    def enduring(self, what: str, **about: Any) -> RetryLater:
        """For one thing among others: that it fails is counted, and says nothing about the whole run."""
        return _Enduring(self, what, **about)

    async def run(self) -> None:
        """Until cancelled."""
        this = cast("asyncio.Task[None]", asyncio.current_task())
        if not self._at_once:
            await self._rest(_seconds(self._period_s), self._woken)
        # Asked, not only raised: a library may lose a cancellation on its way.
        while not this.cancelling():
            await self._turn()

    async def _turn(self) -> None:
        self._woken.clear()
        more: object = False
        with RetryLater(self._failing, faults_before=self.faults) as trying:
            more = await self._job()
        if trying.fault:
            self.faults, self.in_a_row = self.faults + 1, self.in_a_row + 1
        elif not trying.failed:  # an outage says nothing about the job
            self.in_a_row = 0
        if trying.failed:
            await self._rest(_seconds(self._again_s), asyncio.Event())
        elif more is True:
            await asyncio.sleep(0)  # it may have waited for nothing, and others want to run
        else:
            await self._rest(_seconds(self._period_s), self._woken)


def _seconds(period: Period | None) -> float | None:
    return period() if callable(period) else period


class _Enduring(RetryLater):
    __slots__ = ("_task",)

    def __init__(self, task: PeriodicTask, what: str, **about: Any) -> None:
        super().__init__(what, **about)
        self._task = task

    def __exit__(self, *raised: Any) -> bool:
        endured = super().__exit__(*raised)
        self._task.faults += self.fault
        return endured


class PeriodicJob:
    """A job that is its `loops`, which run side by side."""

    loops: Sequence[PeriodicTask]

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(*(loop.run() for loop in self.loops))


class BesideLooks(PeriodicJob):
    """One whose loop looks for what is due, and begins with it: the next look does not wait for that.

    What is more than `at_once` stays for the next look.
    """

    at_once = 50

    def __init__(self) -> None:
        self._begun = TaskSet()

    @property
    def free(self) -> int:
        """For how much there is room."""
        return max(0, self.at_once - len(self._begun))

    def begin(self, *work: Coroutine[Any, Any, None]) -> None:
        """Side by side; it endures its own failures."""
        for each in work:
            self._begun.spawn(each)

    async def run(self) -> None:
        """Until cancelled, and what was begun with it."""
        try:
            await super().run()
        finally:
            await self._begun.end()
