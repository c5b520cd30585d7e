"""Lanes of signals: none overtakes another of its sender, and each ends, whatever the store does."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from core.clock import now_ms
from core.later import Later
from core.wire.message import Empty
from db.redis.signals import Allowed, Request, Sender, Signal
from realtime.calls.signal_lanes import SignalLanes

Answers = asyncio.Future[list[bytes | Exception]]
ANA, BEN = Sender("call", 1, "ana", "her phone", "ben"), Sender("call", 1, "ben", "his phone", "ana")


class Desk:
    """A store that is asked, and answers when it is told to; while it is `broken` it raises, from `at` on."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Request], Answers]] = []
        self.broken: Exception | None = None
        self.at = 0

    def pass_on_all(
        self, asked: Sequence[Request], *, now: int
    ) -> Iterator[tuple[Sequence[Request], Answers]]:
        assert now
        for number, each in enumerate(asked):
            if self.broken is not None and number >= self.at:
                raise self.broken
            answers: Answers = asyncio.get_running_loop().create_future()
            self.asked.append(([each], answers))
            yield [each], answers

    def pass_on(
        self, sender: Sender, signals: Sequence[Signal], *, now: int, allowed: Allowed | None = None
    ) -> asyncio.Future[bytes]:
        raise AssertionError("Nothing is refused.")

    @property
    def texts(self) -> list[list[bytes]]:
        return [[signal.data for signal in signals] for ((_, signals),), _ in self.asked]


@pytest.fixture
async def desk() -> Desk:
    return Desk()


@pytest.fixture
async def lanes(desk: Desk) -> SignalLanes:
    async def ask_record(_: Sender) -> str:
        raise AssertionError("Nothing is refused.")

    return SignalLanes(desk, ask_record, now_ms, retry_ms=1)


def candidate(text: str) -> Signal:
    return Signal("candidate", text.encode())


async def failed(passed: Later[Empty]) -> BaseException:
    with pytest.raises(RedisConnectionError, match="away") as fault:
        await passed
    return fault.value


@pytest.mark.parametrize("at", [0, 1])
async def test_a_store_that_raises_fails_what_it_did_not_take_and_the_lane_goes_on(
    desk: Desk, lanes: SignalLanes, at: int
) -> None:
    desk.broken, desk.at = RedisConnectionError("away"), at
    hers, his = lanes.pass_on(ANA, candidate("a")), lanes.pass_on(BEN, candidate("b"))
    await failed(his)
    if at:
        desk.asked[0][1].set_result([b"+1"])
        assert await hers == Empty()
    else:
        await failed(hers)
    desk.broken = None
    again = lanes.pass_on(BEN, candidate("c"))
    await asyncio.sleep(0)
    assert desk.texts[-1] == [b"c"]
    desk.asked[-1][1].set_result([b"+1"])
    assert await again == Empty()


async def test_each_raises_an_outage_of_their_own(desk: Desk, lanes: SignalLanes) -> None:
    """Whether it was one script that failed, or the store itself."""
    passed = [lanes.pass_on(ANA, candidate("a")), lanes.pass_on(ANA, candidate("b"))]
    await asyncio.sleep(0)
    desk.asked[0][1].set_exception(RedisConnectionError("away"))
    desk.broken = RedisConnectionError("away")
    passed += [lanes.pass_on(sender, candidate("c")) for sender in (BEN, Sender("other", 1, "c", "d", "e"))]
    faults = [await failed(each) for each in passed]
    assert len({id(fault) for fault in faults}) == 4
    assert [fault.__cause__ for fault in faults[2:]] == [desk.broken] * 2, "which knows where it was raised"


class Unique(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


async def test_a_fault_that_cannot_be_made_again_ends_the_wait_too(desk: Desk, lanes: SignalLanes) -> None:
    desk.broken = Unique("a", "b")
    for passed in [lanes.pass_on(ANA, candidate("a")), lanes.pass_on(BEN, candidate("b"))]:
        with pytest.raises(Unique):
            await passed


async def test_what_comes_meanwhile_goes_next_together_and_what_nobody_waits_for_does_not(
    desk: Desk, lanes: SignalLanes
) -> None:
    first = lanes.pass_on(ANA, candidate("a"))
    await asyncio.sleep(0)
    later = [lanes.pass_on(ANA, candidate(text)) for text in "bcd"]
    later[1].cancel()
    await asyncio.sleep(0)
    assert desk.texts == [[b"a"]]
    desk.asked[0][1].set_result([b"+1"])
    assert await first == Empty()
    assert desk.texts == [[b"a"], [b"b", b"d"]]
    desk.asked[1][1].set_result([b"+11"])
    assert [await later[0], await later[2]] == [Empty(), Empty()]
    with pytest.raises(asyncio.CancelledError):
        await later[1]
