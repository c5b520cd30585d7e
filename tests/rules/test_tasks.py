"""Background tasks end, also where something on the way swallows a cancellation."""

import asyncio
import gc

import pytest

from core import tasks
from tests.faults import told_to_the_loop


async def test_a_swallowed_cancellation_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.Event().wait()

    async def failing() -> None:
        raise ValueError

    started = [asyncio.create_task(deaf()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await tasks.end(started)
    assert swallowed == 2
    assert started[0].cancelled()
    await tasks.end([])


async def test_every_cancellation_reaches_those_that_run_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that has lost the first, as a library's wait can, ends by the second."""
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    ends: list[str] = []
    begun = asyncio.Semaphore(0)

    async def deaf_at_first(name: str) -> None:
        begun.release()
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ends.append(name)

    both = asyncio.create_task(tasks.until_one_fails(deaf_at_first("a"), deaf_at_first("b")))
    for _ in range(2):
        await begun.acquire()
    await tasks.end([both])
    assert ends == ["a", "b", "a", "b"]


async def test_one_that_fails_ends_the_others() -> None:
    ended = asyncio.Event()

    async def failing() -> None:
        raise ValueError("no")

    async def going_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ValueError, match="no"):
        await tasks.until_one_fails(going_on(), failing())
    assert ended.is_set()


async def test_a_task_that_nobody_waits_for_is_kept_until_it_ends() -> None:
    """And those that go on are asked to end, all at once."""
    kept, may_end = tasks.TaskSet(), asyncio.Event()

    async def waiting() -> None:
        await may_end.wait()

    first = kept.spawn(waiting())
    may_end.set()
    await first
    may_end.clear()
    others = [kept.spawn(waiting()) for _ in range(2)]
    kept.cancel()
    await asyncio.wait(others)
    assert [task.cancelled() for task in (first, *others)] == [False, True, True]


async def test_what_runs_side_by_side_runs_to_its_end_though_some_fail() -> None:
    """The first error, in the order in which they were begun, is raised."""
    done: list[str] = []

    async def doing(name: str, error: Exception | None = None) -> None:
        await asyncio.sleep(0)
        done.append(name)
        if error:
            raise error

    with pytest.raises(ValueError, match="b"):
        await tasks.all_of(doing("a"), doing("b", ValueError("b")), doing("c", KeyError("c")), doing("d"))
    assert done == ["a", "b", "c", "d"]
    await tasks.all_of(doing("e"))


async def test_work_beside_a_block_ends_with_it() -> None:
    ended = asyncio.Event()

    async def going_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with tasks.beside(going_on()):
        await asyncio.sleep(0)
        assert not ended.is_set()
    assert ended.is_set()


async def test_tasks_may_be_waited_for_a_while_and_are_then_seen_to_end() -> None:
    kept = tasks.TaskSet()

    async def going_on() -> None:
        await asyncio.Event().wait()

    first, second = kept.spawn(asyncio.sleep(0)), kept.spawn(going_on())
    assert len(kept) == 2
    await kept.ended(within_s=0.01)
    assert (first.done(), second.done()) == (True, False)
    await kept.end()
    assert second.cancelled()
    assert len(kept) == 0
    await kept.ended(within_s=60)


async def test_of_several_that_fail_it_is_enough_to_ask_the_first() -> None:
    """The others' errors are no news: asyncio would log each with a traceback when it is forgotten."""

    async def fails() -> None:
        raise ConnectionError

    with told_to_the_loop() as said:
        several = [tasks.in_any_case(asyncio.create_task(fails())) for _ in range(2)]
        with pytest.raises(ConnectionError):
            [await each for each in several]
        await asyncio.wait(several)
        del several
        gc.collect()
    assert said == []
