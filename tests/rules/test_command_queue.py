"""The queue of commands: first come, first served, bounded, and nobody's death stops those behind."""

import asyncio

import pytest

from core.errors import RateLimited
from realtime.gateway.command_queue import CommandQueue


async def visit(queue: CommandQueue, name: str, log: list[str]) -> None:
    if (turn := queue.take()) is not None:
        await queue.wait(turn)
    try:
        log.append(f"{name} in")
        await asyncio.sleep(0)
        log.append(f"{name} out")
    finally:
        queue.give()


async def test_one_after_the_other_in_the_order_of_their_coming() -> None:
    queue, log = CommandQueue(10), list[str]()
    await asyncio.gather(*(visit(queue, name, log) for name in "abc"))
    assert log == ["a in", "a out", "b in", "b out", "c in", "c out"]
    assert queue.take() is None


async def test_who_is_one_too_many_is_told() -> None:
    queue = CommandQueue(1)
    assert queue.take() is None
    assert queue.take() is not None
    with pytest.raises(RateLimited):
        queue.take()


@pytest.mark.parametrize("turn_has_come", [False, True])
async def test_who_gives_up_waiting_holds_nobody_up(turn_has_come: bool) -> None:
    """Also in the very moment in which the turn comes."""
    queue, log = CommandQueue(10), list[str]()
    assert queue.take() is None
    tasks = [asyncio.create_task(visit(queue, name, log)) for name in "ab"]
    await asyncio.sleep(0)
    if turn_has_come:
        queue.give()
    tasks[0].cancel()
    if not turn_has_come:
        queue.give()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert log == ["b in", "b out"]
    assert queue.take() is None


async def test_concurrent_ones_run_beside_each_other_and_beside_no_other() -> None:
    """Two of them run; what is not concurrent waits for both, and the next concurrent one for that."""
    queue = CommandQueue(10)
    assert queue.take(concurrent=True) is None
    assert queue.take(concurrent=True) is None
    alone, after, beside = queue.take(), queue.take(concurrent=True), queue.take(concurrent=True)
    assert alone is not None
    assert after is not None
    assert beside is not None
    queue.give()
    assert not alone.done()
    queue.give()
    assert (alone.done(), after.done()) == (True, False)
    queue.give()
    assert (after.done(), beside.done()) == (True, True)
    assert queue.take(concurrent=True) is None
    for _ in range(3):
        queue.give()
    assert queue.take() is None


async def test_those_that_run_beside_each_other_count_as_well() -> None:
    queue = CommandQueue(2)
    for _ in range(3):
        assert queue.take(concurrent=True) is None
    with pytest.raises(RateLimited):
        queue.take(concurrent=True)
