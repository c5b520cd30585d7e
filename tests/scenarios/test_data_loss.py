"""Redis loses its data under the running product: everybody whom it concerns is told, and can go on."""

import asyncio
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from tests.integration.person import ClientDevice, Person
from tests.scenarios.conftest import StartNode, connected
from tests.scenarios.test_announcing import say

Crowd = Callable[..., Awaitable[Person]]


async def emptied(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()


async def offered(*devices: ClientDevice) -> str:
    for device in devices:
        await device.ask("queue:join", mode="voice")
    call_ids = {(await device.next("call:offered"))["call_id"] for device in devices}
    assert len(call_ids) == 1
    return str(call_ids.pop())


async def live(*devices: ClientDevice) -> str:
    call_id = await offered(*devices)
    for device in devices:
        await device.ask("call:accept", call_id=call_id)
    for device in devices:
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in devices:
        await device.next("call:state", state="live")
    return call_id


async def test_who_was_in_a_call_or_waited_is_told_and_may_queue_again(
    start_node: StartNode, crowd: Crowd, nodes_redis_url: str
) -> None:
    """Two nodes notice it at once; each is told once. What is open to decide stays open."""
    nodes = await asyncio.gather(*(start_node(DECISION_S="300", OFFER_S="300") for _ in range(2)))

    async def pair() -> list[ClientDevice]:
        people = [await crowd(node, gender=g) for node, g in zip(nodes, ("female", "male"), strict=True)]
        return [await person.connect() for person in people]

    deciding, talking, ringing = await pair(), await pair(), await pair()
    ended = await live(*deciding)
    await deciding[1].ask("call:end", call_id=ended)
    await deciding[0].next("call:ended")
    calls = {await live(*talking): talking, await offered(*ringing): ringing}
    [waiting] = (await pair())[:1]
    ticket = (await waiting.ask("queue:join", mode="video"))["ticket"]

    await emptied(nodes_redis_url)

    for call_id, devices in calls.items():
        for device in devices:
            told = await device.next("call:ended", call_id=call_id)
            assert told["reason"] == "connection_lost"
            assert ("decision" in told) == (devices is talking)
    assert await waiting.next("queue:left") == {"ticket_id": ticket["id"], "reason": "disconnected"}
    for device in (*talking, *ringing, waiting):
        await device.ask("queue:leave")
        assert await device.ask("queue:join", mode="video")
        await device.ask("queue:leave")
    await deciding[0].ask("decision:submit", call_id=ended, connect=True)
    await deciding[1].next("decision:result", outcome="connected")
    for call_id, devices in calls.items():
        assert [device.has_heard("call:ended", call_id=call_id) for device in devices] == [1, 1]


async def test_an_offset_of_what_redis_has_lost_recovers_nothing(
    start_node: StartNode, crowd: Crowd, nodes_redis_url: str
) -> None:
    """Also where the new log already has events of its own; live connections go on in it."""
    node = await start_node()
    she, he = await crowd(node, gender="female"), await crowd(node, gender="male")
    ana, ben = await she.connect(), await he.connect()
    room = await connected(ana, ben)
    await ben.next("connection:created")
    await ben.drop()
    await say(ana, room, "lost 1", "lost 2")
    await emptied(nodes_redis_url)
    await say(ana, room, "kept")
    back = await he.connect("back", offset=ben.offset)
    assert (back.ready["recovered"], back.ready["unread"]["rooms"]) == (False, {room: 3})
    while (await ana.next("chat:message"))["message"]["content"] != "kept":
        pass
    await back.drop()
    await say(ana, room, "missed")
    again = await he.connect("back", offset=back.offset)
    assert again.ready["recovered"] is True
    assert (await again.next("chat:message"))["message"]["content"] == "missed"
