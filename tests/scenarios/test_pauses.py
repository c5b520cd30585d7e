"""A node, Redis or a phone stands still for a while, and goes on. Users who stay connected lose no call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis.asyncio import Redis

from db.embedded import EmbeddedServers
from tests.integration.conftest import Meeting
from tests.integration.person import ClientDevice, Person
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
LEASE_S = 8  # a node on a busy machine may stand still for some of them
ROUNDS = 4
QUICK = {"CONNECTION_LEASE_S": f"{LEASE_S}", "QUEUE_LEASE_S": f"{LEASE_S}"}
ALERT = {"OFFER_SILENCE_S": "10", "CALL_PING_S": "0.5", "CALL_SILENCE_S": "10"}  # of which we answer too


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """SIGSTOP, and SIGCONT whatever happens."""
    process = psutil.Process(pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


@contextmanager
def asleep(device: ClientDevice) -> Iterator[None]:
    """A phone whose connection stands, and which reads nothing."""
    transport = device._client.eio.ws._response.connection.transport
    transport.pause_reading()
    try:
        yield
    finally:
        transport.resume_reading()


async def live(she: Person, he: Person, ana: ClientDevice, ben: ClientDevice) -> Meeting:
    """Two who talk."""
    for device in (ana, ben):
        await device.ask("queue:join", mode="voice")
    call_id = (await ana.next("call:offered"))["call_id"]
    await ben.next("call:offered", call_id=call_id)
    return await Meeting(ana, ben, she, he, call_id).go_live()


async def two(crowd: Crowd, here: Served, there: Served) -> tuple[Person, Person, ClientDevice, ClientDevice]:
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    return she, he, await she.connect(), await he.connect()


async def ends_well(pair: Meeting) -> None:
    """It goes on until somebody hangs up."""
    await pair.ana.ask("call:end", call_id=pair.call_id)
    for device in (pair.ana, pair.ben):
        assert (await device.next("call:ended"))["reason"] == "hung_up"
        assert not device.closed.is_set()


async def test_a_call_outlives_a_pause_of_its_node(start_node: StartNode, crowd: Crowd) -> None:
    """Its leases lapse, the other node misses it, and it puts that right when it goes on."""
    here, there = await asyncio.gather(start_node(**QUICK), start_node(**QUICK))
    pair = await live(*await two(crowd, here, there))
    with standing_still(there.pid):
        await pair.ana.next("call:state", state="reconnecting")
    for device in (pair.ana, pair.ben):
        await device.next("call:state", state="live")
    await ends_well(pair)


@asynccontextmanager
async def redis_of_its_own(folder: Path) -> AsyncIterator[tuple[str, Redis, int]]:
    """One that may stand still, for nobody else is on it: its URL, a client, and its process."""
    async with (
        EmbeddedServers.open(folder, postgres=False, redis=True, log=lambda *_: None) as urls,
        Redis.from_url(urls.redis_url) as redis,
    ):
        yield urls.redis_url, redis, (await redis.info("server"))["process_id"]


async def test_nobody_is_missed_for_time_in_which_redis_stood_still(
    start_node: StartNode, crowd: Crowd, tmp_path: Path
) -> None:
    """All leases run out, and no node takes another's connections for gone."""
    async with redis_of_its_own(tmp_path) as (url, redis, pid):
        given = {**QUICK, "REDIS_URL": url, "LOG_LEVEL": "ERROR"}
        here, there = await asyncio.gather(start_node(**given), start_node(**given))
        pair = await live(*await two(crowd, here, there))
        with standing_still(pid):
            await asyncio.sleep(LEASE_S + 1)  # time itself is what this is about
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(ROUNDS):  # every node has renewed, and those that judge leases have judged
                before = await leases(redis)
                while [now for now, then in zip(await leases(redis), before, strict=True) if now <= then]:
                    await asyncio.sleep(0.05)
        for device in (pair.ana, pair.ben):
            assert not device.has_heard("call:state", state="reconnecting")
        await ends_well(pair)
        for node in (here, there):
            await node.stop()


async def leases(redis: Redis) -> list[float]:
    """When the leases of connections end, those of each user in the same place."""
    found: dict[bytes, float] = {}
    async for key in redis.scan_iter("presence:*:leases"):
        scored: list[Any] = await redis.zrange(key, 0, -1, withscores=True)
        found |= dict(scored)
    return [found[name] for name in sorted(found)]


@pytest.fixture
async def alert(start_node: StartNode) -> Served:
    """A node that soon notices who is silent."""
    return await start_node(**ALERT)


async def test_a_sleeping_phone_costs_the_other_seconds_and_no_place(alert: Served, crowd: Crowd) -> None:
    """The one who sleeps is not queued again and not at fault; once awake, they may queue at once."""
    _, _, ana, ben = await two(crowd, alert, alert)
    await ben.ask("queue:join", mode="voice")
    with asleep(ben):
        ticket = (await ana.ask("queue:join", mode="voice"))["ticket"]
        offered = await ana.next("call:offered")
        assert offered["expires_in_ms"] == 120_000
        ended = await ana.next("call:ended", reason="no_answer")
        assert ended["ticket"] == {**ticket, "state": "waiting"}
    assert "ticket" not in await ben.next("call:ended", reason="no_answer")
    assert await ben.refused("queue:explain") == "not_queued"
    await ben.ask("queue:join", mode="voice")


async def test_a_phone_that_falls_asleep_in_a_call_is_missed_and_wakes_up_in_it(
    alert: Served, crowd: Crowd
) -> None:
    """Its connection stands all the time."""
    pair = await live(*await two(crowd, alert, alert))
    with asleep(pair.ben):
        assert "deadline" in await pair.ana.next("call:state", state="reconnecting")
    for device in (pair.ana, pair.ben):
        await device.next("call:state", state="live")
    await ends_well(pair)
