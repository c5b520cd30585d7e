"""Chat is announced as it is stored: in `seq` order, from any node, also after an outage of Redis."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from tests.delivery.test_event_log import gate_before
from tests.integration.person import ClientDevice, Person
from tests.scenarios.conftest import StartNode, connected
from tests.scenarios.test_outages import child_of
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
MESSAGES, AT_ONCE = 150, 10


async def say(device: ClientDevice, room: str, *contents: str) -> None:
    """Some at a time without waiting for an answer; returns when all are acknowledged."""
    for start in range(0, len(contents), AT_ONCE):
        said = ({"room_id": room, "client_id": text, "content": text} for text in contents[start:][:AT_ONCE])
        await asyncio.gather(*(device.ask("chat:send", **what) for what in said))


async def hears(device: ClientDevice, last: int) -> list[int]:
    """The `seq` of every message as it came, when `last` of them are there."""
    while device.has_heard("chat:message") < last:
        await device.next("chat:message")
    return [told["message"]["seq"] for name, told, _ in device.heard if name == "chat:message"]


async def test_both_hear_what_two_nodes_store_in_the_order_of_seq(
    start_node: StartNode, crowd: Crowd
) -> None:
    """Both write at once, each on a node of their own."""
    here, there = await asyncio.gather(start_node(), start_node())
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    room = await connected(ana, ben)
    await asyncio.gather(
        say(ana, room, *(f"ana {n}" for n in range(MESSAGES))),
        say(ben, room, *(f"ben {n}" for n in range(MESSAGES))),
    )
    for device in (ana, ben):
        assert await hears(device, 2 * MESSAGES) == list(range(1, 2 * MESSAGES + 1))


async def test_what_was_stored_while_redis_was_cut_is_announced_when_it_is_back(
    start_node: StartNode, crowd: Crowd, nodes_redis_url: str
) -> None:
    """Acknowledged, since it is stored; and told before anything that is said after it."""
    async with gate_before(nodes_redis_url) as (gate, url):
        node = await start_node(REDIS_URL=url, CONNECTION_LEASE_S="60", QUEUE_LEASE_S="60")
        she, he = await crowd(node, gender="female"), await crowd(node, gender="male")
        ana, ben = await she.connect(), await he.connect()
        room = await connected(ana, ben)
        await say(ana, room, "before")
        await gate.shut()
        await say(ana, room, *(f"during {n}" for n in range(3)))
        await gate.open()
        for device in (ana, ben):
            assert await hears(device, 4) == [1, 2, 3, 4]
        await say(ben, room, "after")
        for device in (ana, ben):
            assert await hears(device, 5) == [1, 2, 3, 4, 5]


async def test_what_is_stored_while_redis_is_frozen_is_acknowledged(
    tmp_path: Path, web: aiohttp.ClientSession
) -> None:
    """No acknowledgement waits for the announcement of what is committed."""
    node = Served(DATA_DIR=str(tmp_path), DATABASE_URL="", REDIS_URL="", LOG_LEVEL="ERROR")
    await node.start()
    try:
        she, he = [await Person.sign_up(node.address, web, gender=g) for g in ("female", "male")]
        ana, ben = await she.connect(), await he.connect()
        room = await connected(ana, ben)
        redis = child_of(node, "redis-server")
        redis.suspend()
        try:
            await say(ana, room, "one", "two")
        finally:
            redis.resume()
        for device in (ana, ben):
            assert await hears(device, 2) == [1, 2]
    finally:
        await node.stop()
