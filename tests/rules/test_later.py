"""An answer that comes later: told once, in the turn in which it is known, whoever asks first."""

import asyncio

import pytest

from core.later import Later


def test_who_asked_before_is_told_as_it_is_settled() -> None:
    told: list[str] = []
    later = Later[str]()
    later.then(told.append)
    assert told == []
    later.settle("yes")
    assert told == ["yes"]


def test_who_asks_afterwards_is_told_at_once() -> None:
    told: list[str] = []
    later = Later[str]()
    later.settle("yes")
    later.then(told.append)
    assert told == ["yes"]


async def test_it_can_be_awaited_before_and_after() -> None:
    later = Later[str]()
    later.settle("yes")
    assert await later == "yes"
    other = Later[str]()
    asyncio.get_running_loop().call_soon(other.settle, "later")
    assert await other == "later"


async def test_who_no_longer_waits_is_left_alone() -> None:
    later = Later[str]()

    async def wait() -> str:
        return await later

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    later.settle("too late")
