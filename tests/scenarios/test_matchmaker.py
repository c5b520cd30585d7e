"""Matching as a process of its own: nodes that search for nobody, and what becomes of people when it dies."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

import aiohttp

from tests.integration.person import ClientDevice, Person
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
APART = {"MATCHMAKER": "apart", "QUEUE_LEASE_S": "60", "CONNECTION_LEASE_S": "60"}


async def metric(web: aiohttp.ClientSession, served: Served, name: str) -> float:
    """The sum of its series."""
    async with web.get(f"{served.address}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


async def until_on_duty(web: aiohttp.ClientSession, served: Served) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await metric(web, served, "realtime_matchmaker_on_duty"):
            await asyncio.sleep(0.05)


async def join(device: ClientDevice, gender: str, seeks: str) -> None:
    await device.ask("queue:join", mode="voice", preferences={"genders": [seeks]})


async def test_a_process_matches_for_nodes_and_another_takes_over(
    start_node: StartNode, crowd: Crowd, web: aiohttp.ClientSession
) -> None:
    """A pair meets across nodes; of two matchmakers one works; killed amid a rush, nobody meets two."""
    here, there, first = await asyncio.gather(
        start_node(**APART), start_node(**APART), start_node("matchmaker", **APART)
    )
    await until_on_duty(web, first)
    second = await start_node("matchmaker", **APART)
    async with web.get(f"{second.address}/readyz") as answer:
        assert answer.status == 200, "ready to take over"
    async with web.get(f"{second.address}/v1/me") as answer:
        assert answer.status == 404, "it serves nobody"

    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    call_id = (await ana.next("call:offered"))["call_id"]
    await ben.next("call:offered", call_id=call_id)
    made = [
        await metric(web, each, "realtime_matching_offers_total") for each in (first, second, here, there)
    ]
    # The first, unless a busy machine let it stand still for longer than its lease.
    assert made in ([1, 0, 0, 0], [0, 1, 0, 0])

    people = await asyncio.gather(
        *(crowd((here, there)[n % 2], gender=("female", "male")[n // 2 % 2]) for n in range(24))
    )
    devices = await asyncio.gather(*(person.connect() for person in people))
    genders = [("female", "male")[n // 2 % 2] for n in range(24)]
    seeks = [("male", "female")[n // 2 % 2] for n in range(24)]
    joins = [join(*each) for each in zip(devices, genders, seeks, strict=True)]
    await asyncio.gather(*joins[:8])
    first.send(signal.SIGKILL)
    await asyncio.gather(*joins[8:])
    offers = await asyncio.gather(*(device.next("call:offered") for device in devices))
    await until_on_duty(web, second)
    assert set(Counter(offer["call_id"] for offer in offers).values()) == {2}
    assert {offer["peer"]["user_id"] for offer in offers} == {person.id for person in people}
    assert all(device.has_heard("call:offered") == 1 for device in devices)

    third = await start_node("matchmaker", **APART)
    assert await second.stop() == 0, "told to stop, it ends in good order"
    await until_on_duty(web, third)


async def test_nodes_say_so_when_people_wait_and_nobody_matches(
    start_node: StartNode, crowd: Crowd, web: aiohttp.ClientSession
) -> None:
    """And those who waited meanwhile meet as soon as somebody does."""
    node = await start_node(**APART)
    ana, ben = [await (await crowd(node, gender=gender)).connect() for gender in ("female", "male")]
    for device in (ana, ben):
        await device.ask("queue:join", mode="voice")
    async with asyncio.timeout(PATIENCE_S):
        while await metric(web, node, "realtime_matching_unattended_seconds") < 10:
            await asyncio.sleep(0.1)
        while "start `python -m realtime matchmaker`" not in node.log:
            await asyncio.sleep(0.1)
    assert not ana.has_heard("call:offered")
    await start_node("matchmaker", **APART)
    call_id = (await ana.next("call:offered"))["call_id"]
    await ben.next("call:offered", call_id=call_id)
