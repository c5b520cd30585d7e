"""Background jobs: ending when asked is no fault, ending by oneself is, and so is failing at every run."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from db.periodic import PeriodicTask
from realtime.background.jobs import MOST_IN_A_ROW, Jobs
from tests.patience import PATIENCE_S


class Errand:
    """A job without loops."""

    loops = ()

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work

    async def run(self) -> None:
        await self._work()


class Rounds:
    """A job of two loops: one that succeeds, and one that fails or not as the test says, once for each."""

    def __init__(self) -> None:
        self._outcomes: asyncio.Queue[Exception | None] = asyncio.Queue()
        self._asked = self._begun = 0
        self._loop = PeriodicTask(0.001, self._round, failing="the round was not made")
        self.loops = (PeriodicTask(0.001, self._idle, failing="never"), self._loop)

    async def run(self) -> None:
        await asyncio.gather(*(loop.run() for loop in self.loops))

    async def make(self, *outcomes: Exception | None) -> None:
        """Returns when all these runs are over, and the next one has begun."""
        for outcome in outcomes:
            self._outcomes.put_nowait(outcome)
        self._asked += len(outcomes)
        async with asyncio.timeout(PATIENCE_S):
            while self._begun <= self._asked:
                await asyncio.sleep(0.001)

    async def lose(self, error: Exception) -> None:
        """One thing of a run fails, and the run goes on."""
        with self._loop.enduring("one of them has to wait"):
            raise error

    async def _idle(self) -> None:
        return

    async def _round(self) -> None:
        self._begun += 1
        outcome = await self._outcomes.get()
        if outcome is not None:
            raise outcome


async def run(**jobs: Errand) -> list[Any]:
    """What is logged while these jobs begin and are ended."""
    with capture_logs() as lines:
        async with Jobs(CollectorRegistry(), **jobs):
            await asyncio.sleep(0)
    return lines


async def test_a_job_that_is_ended_is_no_fault() -> None:
    """Also one whose first cancellation was lost on the way, and that looked whether it was asked to end."""

    async def obedient() -> None:
        await asyncio.Event().wait()

    async def deaf() -> None:
        this = asyncio.current_task()
        assert this is not None
        while not this.cancelling():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    assert await run(obedient=Errand(obedient), deaf=Errand(deaf)) == []


async def test_a_job_that_ends_by_itself_is_a_fault() -> None:
    async def short() -> None:
        return

    jobs = Jobs(CollectorRegistry(), short=Errand(short))
    with capture_logs() as lines:
        async with jobs, asyncio.timeout(PATIENCE_S):
            while not lines:
                await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="ended: short"):
                await jobs.check()
    assert [(line["event"], line["job"]) for line in lines] == [("a job has ended", "short")]


async def test_a_job_that_fails_as_it_is_ended_says_how() -> None:
    async def clumsy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError

    (line,) = await run(clumsy=Errand(clumsy))
    assert isinstance(line["exc_info"], LookupError)


async def test_a_job_that_fails_at_every_run_is_a_fault_until_a_run_succeeds() -> None:
    """Whatever else the job does meanwhile succeeds."""
    rounds = Rounds()
    async with Jobs(CollectorRegistry(), rounds=rounds, others=Rounds()) as jobs:
        with capture_logs():
            await rounds.make(*[KeyError("ours")] * (MOST_IN_A_ROW - 1))
            await jobs.check()
            await rounds.make(ConnectionError("away"), KeyError("ours"))
        with pytest.raises(RuntimeError, match=r"every run: rounds\."):
            await jobs.check()
        await rounds.make(None)
        await jobs.check()


async def test_an_outage_is_no_fault_of_a_job_however_long_it_lasts() -> None:
    registry, rounds = CollectorRegistry(), Rounds()
    async with Jobs(registry, rounds=rounds) as jobs:
        await rounds.make(*[ConnectionError("away")] * (2 * MOST_IN_A_ROW))
        await jobs.check()
        assert faults(registry) == 0


async def test_faults_are_counted_those_of_one_thing_too() -> None:
    """The count is there before the first. One thing that always fails does not fail the node."""
    registry, rounds = CollectorRegistry(), Rounds()
    async with Jobs(registry, rounds=rounds) as jobs:
        assert faults(registry) == 0
        with capture_logs():
            await rounds.make(KeyError("ours"), None, KeyError("ours"))
            for _ in range(MOST_IN_A_ROW):
                await rounds.lose(KeyError("ours"))
        assert faults(registry) == 2 + MOST_IN_A_ROW
        await jobs.check()


def faults(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("realtime_job_faults_total", {"job": "rounds"})
