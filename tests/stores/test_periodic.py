"""What is done again and again: when, and what becomes of it when it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core.errors import Unavailable
from db.periodic import BEAT_MS, PeriodicJob, PeriodicTask, on_the_beat, rest
from tests.patience import PATIENCE_S


class Nap:
    """Time as the test lets it pass: `begun` says for how long the loop rests, `over` ends that."""

    def __init__(self) -> None:
        self._begun: asyncio.Queue[float | None] = asyncio.Queue()
        self._over = asyncio.Semaphore(0)
        self.woken: asyncio.Event | None = None

    async def __call__(self, seconds: float | None, woken: asyncio.Event) -> None:
        self.woken = woken
        self._begun.put_nowait(seconds)
        await self._over.acquire()

    async def begun(self) -> float | None:
        async with asyncio.timeout(PATIENCE_S):
            return await self._begun.get()

    def over(self) -> None:
        self._over.release()


class Job:
    """Does what it is told to, and counts."""

    def __init__(self, *outcomes: object) -> None:
        self._outcomes = list(outcomes)
        self.runs = 0

    async def __call__(self) -> object:
        self.runs += 1
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@asynccontextmanager
async def running(job: Job, nap: Nap, **given: Any) -> AsyncIterator[PeriodicTask]:
    loop = PeriodicTask(given.pop("period_s", 10), job, failing="the job waits", rest=nap, **given)
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        assert not task.done(), "a loop ends only when it is told to"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_runs_at_once_and_then_after_each_period() -> None:
    job, nap = Job(), Nap()
    async with running(job, nap):
        for nth in (1, 2, 3):
            assert await nap.begun() == 10
            assert job.runs == nth
            nap.over()


async def test_it_may_rest_first() -> None:
    job, nap = Job(), Nap()
    async with running(job, nap, at_once=False):
        assert await nap.begun() == 10
        assert job.runs == 0


async def test_it_runs_again_at_once_while_there_is_more() -> None:
    job, nap = Job(True, True, False), Nap()
    async with running(job, nap):
        await nap.begun()
        assert job.runs == 3


@given(now=st.integers(0, 10**7), seconds=st.integers(500, 5_000), phase=st.integers(0, BEAT_MS - 1))
def test_loops_wake_together_and_never_late(now: int, seconds: int, phase: int) -> None:
    """With a beat, so that one wake-up serves them all, and less than a beat early; then in step."""
    beat = BEAT_MS if seconds >= BEAT_MS else BEAT_MS // 2
    until = round(on_the_beat(now / 1000, seconds / 1000, phase) * 1000)
    assert (until - phase) % beat == 0
    assert now + seconds - beat < until <= now + seconds
    assert round(on_the_beat(until / 1000, seconds / 1000, phase) * 1000) - until == seconds // beat * beat


def test_what_is_shorter_than_half_a_beat_rests_as_long_as_it_says() -> None:
    assert on_the_beat(0.123, 0.2, 7) == 0.323


@pytest.mark.parametrize("error", [ConnectionError("away"), Unavailable("away")])
async def test_an_outage_ends_a_run_and_not_the_loop(error: Exception) -> None:
    job, nap = Job(error), Nap()
    with capture_logs() as said:
        async with running(job, nap, again_s=2) as loop:
            assert await nap.begun() == 2
            nap.over()
            assert await nap.begun() == 10
            assert (job.runs, loop.faults) == (2, 0)
    assert [(entry["log_level"], "exc_info" in entry) for entry in said] == [("debug", False)]


async def test_a_fault_of_ours_is_told_and_counted_and_ends_a_run_only() -> None:
    job, nap = Job(KeyError("ours"), KeyError("ours")), Nap()
    with capture_logs() as said:
        async with running(job, nap) as loop:
            for _ in range(3):
                assert await nap.begun() == 10
                nap.over()
            assert (job.runs, loop.faults) == (3, 2)
    assert [(entry["event"], entry["exc_info"]) for entry in said] == [("the job waits", True)] * 2


async def test_whoever_wakes_it_does_not_make_a_failing_job_spin() -> None:
    job, nap = Job(KeyError("ours")), Nap()
    async with running(job, nap) as loop:
        await nap.begun()
        loop.wake()
        assert nap.woken is not None
        assert not nap.woken.is_set()
        nap.over()
        await nap.begun()
        assert job.runs == 2


async def test_it_is_woken_while_it_rests_and_while_it_runs() -> None:
    """With the clock that there is: nobody lives to see the period's end."""
    runs: asyncio.Queue[int] = asyncio.Queue()
    wake: Callable[[], None]

    async def job() -> None:
        if runs.qsize() == 0:
            wake()  # as by somebody else, while this runs
        runs.put_nowait(1)

    loop = PeriodicTask(1_000_000, job, failing="the job waits", rest=rest)
    wake = loop.wake
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(PATIENCE_S):
        while runs.qsize() < 2:
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)  # it rests by now, or hears of it before it does
        loop.wake()
        while runs.qsize() < 3:
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_nobody_may_wake_again_is_refused() -> None:
    with pytest.raises(ValueError, match="after a failure"):
        PeriodicTask(None, Job(), failing="the job waits")


async def test_the_loops_of_a_job_run_side_by_side_until_it_is_cancelled() -> None:
    """One that rests holds up no other."""
    jobs, naps = (Job(), Job()), (Nap(), Nap())

    class Both(PeriodicJob):
        loops = tuple(
            PeriodicTask(10, job, failing="", rest=nap) for job, nap in zip(jobs, naps, strict=True)
        )

    task = asyncio.create_task(Both().run())
    for nap in (*naps, naps[1]):
        await nap.begun()
        nap.over()
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    assert jobs[1].runs > 1
