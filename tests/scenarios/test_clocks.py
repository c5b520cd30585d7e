"""Nodes whose clocks differ: they go by Redis' time, and the one that is off says so."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from tests.integration.person import ClientDevice, Person
from tests.scenarios.conftest import StartNode, accepted

PAIRS = 3
AHEAD = Path(__file__).parents[1] / "ahead"


async def talk(ana: ClientDevice, ben: ClientDevice) -> str:
    """Meet, and be live: the call."""
    call_id = await accepted(ana, ben, "video")
    for device in (ana, ben):
        await device.next("call:started", call_id=call_id)
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in (ana, ben):
        await device.next("call:state", state="live")
    return call_id


async def test_a_node_whose_clock_is_ahead_loses_nobody(
    start_node: StartNode, crowd: Callable[..., Awaitable[Person]], web: aiohttp.ClientSession
) -> None:
    """Nobody is taken for gone, though each lease is over by its clock; log and metrics name the offset."""
    lease = {"CONNECTION_LEASE_S": "12", "QUEUE_LEASE_S": "12", "QUEUE_UPDATE_S": "1"}
    right, ahead = await asyncio.gather(
        start_node(**lease), start_node(**lease, PYTHONPATH=str(AHEAD), AHEAD_S="20")
    )
    devices: list[ClientDevice] = []
    for number in range(PAIRS):
        she = await crowd((right, ahead)[number % 2], gender="female")
        he = await crowd((ahead, right)[number % 2], gender="male")
        devices += [await she.connect(), await he.connect()]
        await talk(devices[-2], devices[-1])
    waiting = await (await crowd(right, gender="other")).connect()
    await waiting.ask("queue:join", mode="voice")
    for _ in range(13):  # a second each: more than a lease
        await waiting.next("queue:updated")
    assert not waiting.has_heard("queue:left")
    for device in devices:
        assert not device.has_heard("call:state", state="reconnecting")
        assert not device.has_heard("call:ended")
    assert "more than a second off: begun" in ahead.log
    assert "more than a second off" not in right.log
    async with web.get(f"{ahead.address}/metrics") as answer:
        [line] = [x for x in (await answer.text()).splitlines() if x.startswith("clock_offset_seconds ")]
    assert abs(float(line.split()[1]) - 20) < 1
