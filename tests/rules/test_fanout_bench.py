"""A bench that lost events is no bench: `make bench-fanout` says when one is missing, late or there twice."""

import asyncio

import pytest

from bench.commands.people import Person
from bench.fanout.talks import LostError, Talk


class Two:
    """One tells, and the other hears what this test says."""

    def __init__(self) -> None:
        self.one, self.other = (Person(0, {"id": name}) for name in ("ana", "ben"))
        self.talk = Talk(self.one, self.other, "tell")
        self.talk.lane.start()

    def hears(self, number: int) -> None:
        self.acknowledged()
        self.other.message(self.other, b'42["told",{"text":"%09d and so on"}]' % number)

    def acknowledged(self) -> None:
        self.one.message(self.one, b'431[{"ok":true}]')

    async def hears_and_no_more_is_said(self, number: int) -> None:
        ended = asyncio.create_task(self.talk.lane.end())
        await asyncio.sleep(0)  # it has begun
        self.hears(number)
        await ended


async def test_everything_has_arrived() -> None:
    """Once and in order."""
    two = Two()
    two.hears(1)
    two.hears(2)
    await two.hears_and_no_more_is_said(3)
    two.talk.check()
    assert two.talk.lane.done == 3


@pytest.mark.parametrize("heard", [(1, 3, 3), (2, 1, 3), (1, 1, 2)], ids=["lost", "out of order", "twice"])
async def test_something_else_has_arrived(heard: tuple[int, int, int]) -> None:
    two = Two()
    two.hears(heard[0])
    two.hears(heard[1])
    await two.hears_and_no_more_is_said(heard[2])
    with pytest.raises(LostError):
        two.talk.check()


async def test_the_last_one_has_not_arrived() -> None:
    """Though it was acknowledged."""
    two = Two()
    two.hears(1)
    two.acknowledged()
    with pytest.raises(LostError, match="2 said, 1 heard"):
        two.talk.check()
