"""The time that commands have: one timer ends what is late, and nothing else."""

import asyncio

import pytest

from core.deadlines import WorkDeadlines


async def timed(deadlines: WorkDeadlines, held: "asyncio.Future[str]") -> str:
    """What `held` gives, or "late"."""
    task = deadlines.begin(asyncio.get_running_loop())
    try:
        return await held
    except asyncio.CancelledError:
        if not deadlines.was_late(task):
            raise
        return "late"
    finally:
        deadlines.end(task)


async def test_what_is_late_ends_and_what_is_in_time_does_not() -> None:
    deadlines, loop = WorkDeadlines(0.05), asyncio.get_running_loop()
    never, soon = loop.create_future(), loop.create_future()
    tasks = [asyncio.create_task(timed(deadlines, held)) for held in (never, soon)]
    await asyncio.sleep(0)
    soon.set_result("in time")
    assert await asyncio.gather(*tasks) == ["late", "in time"]
    assert [task.cancelling() for task in tasks] == [0, 0]


async def test_the_timer_goes_on_for_those_that_began_later() -> None:
    deadlines, loop = WorkDeadlines(0.05), asyncio.get_running_loop()
    tasks = []
    for _ in range(3):
        tasks.append(asyncio.create_task(timed(deadlines, loop.create_future())))
        await asyncio.sleep(0)
    assert await asyncio.gather(*tasks) == ["late"] * 3
    assert await timed(deadlines, loop.create_future()) == "late"


async def test_who_is_cancelled_by_another_stays_cancelled() -> None:
    deadlines = WorkDeadlines(60)
    task = asyncio.create_task(timed(deadlines, asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
