"""Signals between two nodes: checked as the call's record has it, in order, whatever is lost on the way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.integration.person import ClientDevice, Person
from tests.scenarios.conftest import StartNode, accepted
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]


def candidate(number: int) -> dict[str, Any]:
    text = f"candidate:{number} 1 udp 2122260223 192.0.2.7 {50_000 + number} typ host"
    return {"candidate": text, "sdpMid": "0"}


@dataclass
class FarCall:
    """A call that has started, with one of the two on each node."""

    here: Served
    there: Served
    she: Person
    he: Person
    ana: ClientDevice
    ben: ClientDevice
    call_id: str

    def signal(self, number: int, **other: Any) -> dict[str, Any]:
        return {"call_id": self.call_id, "epoch": 1, "candidate": candidate(number), **other}

    async def passes(self, *numbers: int, **other: Any) -> None:
        """Ana says all of these at once, and is answered."""
        await asyncio.gather(*(self.ana.ask("call:signal", **self.signal(n, **other)) for n in numbers))

    async def arrive(self, *numbers: int) -> None:
        """What Ben hears next is these, in this order."""
        heard = [(await self.ben.next("call:signal"))["candidate"]["candidate"] for _ in numbers]
        assert heard == [candidate(number)["candidate"] for number in numbers]


@pytest.fixture
async def far(start_node: StartNode, crowd: Crowd) -> FarCall:
    here, there = await asyncio.gather(start_node(), start_node())
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    call_id = await accepted(ana, ben, "video")
    for device in (ana, ben):
        await device.next("call:started", call_id=call_id)
    return FarCall(here, there, she, he, ana, ben, call_id)


async def test_all_that_is_said_at_once_arrives_in_its_order(far: FarCall, nodes_redis_url: str) -> None:
    """Also while the peer is away, and when Redis has lost whose signals may come."""
    await far.passes(*range(20))
    await far.arrive(*range(20))
    async with Redis.from_url(nodes_redis_url) as redis:
        assert await redis.delete(f"signals:{{{far.he.id}}}") == 1
    await far.passes(*range(20, 25))
    await far.arrive(*range(20, 25))
    offset = far.ben.offset
    await far.ben.drop()
    await far.passes(*range(25, 30))
    far.ben = await far.he.connect(address=far.here.address, offset=offset)
    assert far.ben.ready["recovered"] is True
    await far.arrive(*range(25, 30))


async def test_what_is_wrong_with_a_signal_is_said_in_this_order(far: FarCall, crowd: Crowd) -> None:
    """Its call, its epoch, its device, and last what it says; of a call that is over nothing passes."""
    wrong = {"candidate": {"candidate": "candidate:1", "sdpMid": "0"}}
    stranger = await (await crowd(far.here)).connect()
    laptop = await far.she.connect("laptop")
    for number in (1, 2):  # with the call unknown to the node, and known
        assert await stranger.refused("call:signal", **far.signal(number, **wrong)) == "not_found"
        assert await far.ana.refused("call:signal", **far.signal(number, epoch=0, **wrong)) == "stale_epoch"
        assert await laptop.refused("call:signal", **far.signal(number, **wrong)) == "conflict"
        assert await laptop.refused("call:signal", **far.signal(number)) == "conflict"
        assert await far.ana.refused("call:signal", **far.signal(number, **wrong)) == "invalid_request"
        await far.passes(number)
    await far.arrive(1, 2)
    await far.ben.ask("call:restart", call_id=far.call_id, epoch=1)
    for device in (far.ana, far.ben):
        await device.next("call:started", epoch=2)
    assert await far.ana.refused("call:signal", **far.signal(3)) == "stale_epoch"
    await far.passes(4, epoch=2)
    await far.arrive(4)
    status, _ = await far.he.rest("POST", "/v1/blocks", json={"user_id": far.she.id})
    assert status == 201
    for device in (far.ana, far.ben):
        await device.next("call:ended")
        assert await device.refused("call:signal", **far.signal(5, epoch=2)) == "gone"
        assert await device.refused("call:signal", **far.signal(5, epoch=1, **wrong)) == "gone"


async def test_each_of_those_that_are_too_many_is_told(far: FarCall) -> None:
    """Forty pass, whether they came one by one or together."""
    answers = await asyncio.gather(
        *(far.ana.send_raw("call:signal", far.signal(number)) for number in range(45))
    )
    assert [answer["ok"] for answer in answers] == [True] * 40 + [False] * 5
    assert {answer["error"]["code"] for answer in answers[40:]} == {"rate_limited"}
    await far.arrive(*range(40))
