"""A node is told to end: its clients go elsewhere, and neither they nor those they are with lose anything."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import asyncpg

from composition.realtime import running as running_node
from composition.rest import running
from core.ending import Ending
from core.settings import Settings
from tests.integration.conftest import Meeting
from tests.integration.person import Person
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode, accepted, connected
from tests.scenarios.test_outages import until
from tests.scenarios.test_pauses import asleep
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
Condition = Callable[[], Awaitable[bool]]
HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
HELD = """
    SELECT query FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""


def answers(web: aiohttp.ClientSession, address: str, path: str, status: int) -> Condition:
    async def holds() -> bool:
        async with web.get(f"{address}{path}") as answer:
            return answer.status == status

    return holds


def refuses(address: str) -> Condition:
    """It takes no connection."""

    async def holds() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        except ConnectionError:
            return True
        writer.close()
        return False

    return holds


def waiting(holder: Any, count: int, *, also: str = "") -> Condition:
    """So many statements wait for a lock that this connection of Postgres holds, one of them this; a node may
    have one of its own beside them."""

    async def holds() -> bool:
        await holder.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction the first look stays
        held = [row["query"] for row in await holder.fetch(HELD)]
        return len(held) >= count and any(also in statement for statement in held)

    return holds


async def talking(start_node: StartNode, crowd: Crowd, **settings: str) -> tuple[Served, Served, Meeting]:
    """Ana on the first of two nodes and Ben on the other are in a call."""
    here, there = await asyncio.gather(start_node(**settings), start_node(**settings))
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    call_id = await accepted(ana, ben, "voice")
    for device in (ana, ben):
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in (ana, ben):
        await device.next("call:state", state="live")
    return here, there, Meeting(ana, ben, she, he, call_id)


async def test_balancers_see_it_first_and_whoever_hurries_it_is_heard(
    nodes_database_url: str, nodes_redis_url: str, web: aiohttp.ClientSession
) -> None:
    """Until then all goes on, for a day: people come, commands are answered."""
    settings = Settings(
        database_url=nodes_database_url,
        redis_url=nodes_redis_url,
        port=0,
        rate_limits="off",
        answer_s=20,
        drain_notice_s=86_400,
        drain_s=86_400,
    )
    ending = Ending(time_s=lambda: 0.0)  # which has all the time it wants
    async with asyncio.timeout(2 * PATIENCE_S), AsyncExitStack() as stack:
        address = await stack.enter_async_context(running_node(settings, ending))
        person = await Person.sign_up(address, web)
        device = await person.connect()
        ending.ask()
        ended = asyncio.create_task(stack.aclose())
        await until(answers(web, address, "/readyz", 404), "/readyz fails")
        late = await person.connect("laptop")
        for each in (device, late):
            await each.ask("presence:set", status="away")
        ending.ask(hurry=True)
        for each in (device, late):
            await each.closed.wait()
        await ended


async def test_clients_are_sent_away_one_by_one_and_nobody_new_is_let_in(
    start_node: StartNode, crowd: Crowd, web: aiohttp.ClientSession
) -> None:
    """Some have gone, and others are still served, over both transports. Nor do those keep it from its end
    who do not read, poll no more, or never joined."""
    node = await start_node(DRAIN_S="15")
    person = await crowd(node)
    sleeper = await person.connect("sleeper")
    ways = [["websocket"], ["polling"]] * 4
    devices = [await person.connect(f"device {n}", transports=way) for n, way in enumerate(ways)]
    url = f"{node.address}/socket.io/?EIO=4&transport=websocket"
    async with asyncio.timeout(2 * PATIENCE_S), web.ws_connect(url) as newcomer:
        await newcomer.receive()
        assert await answers(web, node.address, HANDSHAKE, 200)()
        with asleep(sleeper):
            for _ in range(200):
                await sleeper.begin("session:refresh", token=person.token)
            node.send(signal.SIGTERM)
            await until(answers(web, node.address, HANDSHAKE, 503), "handshakes are refused")
            await asyncio.wait(
                [asyncio.create_task(device.closed.wait()) for device in devices],
                return_when="FIRST_COMPLETED",
            )
            left = [device for device in devices if not device.closed.is_set()]
            assert left, "all went at once"
            asked = (device.ask("presence:set", status="online") for device in left)
            served = await asyncio.gather(*asked, return_exceptions=True)  # who goes just now is not
            assert {} in served, served
            node.send(signal.SIGTERM)
            assert await node.ended() == 0
        await sleeper.closed.wait()


async def test_what_was_begun_is_answered(
    start_node: StartNode, crowd: Crowd, nodes_database_url: str
) -> None:
    """A command and a request wait for Postgres; who waits for nothing goes meanwhile."""
    node = await start_node()
    she, he = await crowd(node, gender="female"), await crowd(node, gender="male")
    ana, ben = await she.connect(), await he.connect()
    room = await connected(ana, ben)
    holder = await asyncpg.connect(nodes_database_url)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE communication.messages IN ACCESS EXCLUSIVE MODE")
            sending = asyncio.create_task(
                ana.ask("chat:send", room_id=room, client_id="1", content="Are you there?")
            )
            reading = asyncio.create_task(he.rest("GET", f"/v1/rooms/{room}/messages"))
            await until(waiting(holder, 2, also="communication.say_one"), "both wait")
            node.send(signal.SIGTERM)
            await ben.closed.wait()
            assert not ana.closed.is_set()
        assert (await sending)["message"]["content"] == "Are you there?"
        assert (await reading)[0] == 200
        await ana.closed.wait()
    finally:
        await holder.close()
    assert await node.ended() == 0


async def test_a_call_does_not_notice_that_somebody_changed_nodes(
    start_node: StartNode, crowd: Crowd
) -> None:
    """Neither the other one nor those who see her presence; and signals reach her where she is then."""
    here, there, pair = await talking(start_node, crowd)
    await pair.ben.ask("presence:watch", user_ids=[pair.she.id])
    pair.ben.forget()
    here.send(signal.SIGTERM)
    await pair.ana.closed.wait()
    back = await pair.she.connect(address=there.address, offset=pair.ana.offset, pid=pair.ana.ready["pid"])
    assert await here.ended() == 0
    assert back.ready["recovered"]
    assert back.ready["call"]["state"] == "live"
    await pair.ben.ask("call:media", call_id=pair.call_id, audio=False, video=False)
    await back.next("call:media", audio=False)
    await back.ask("call:media", call_id=pair.call_id, audio=True, video=False)
    await pair.ben.next("call:media", audio=True)
    assert {name for name, _, _ in pair.ben.heard} == {"call:media"}
    await back.ask("call:end", call_id=pair.call_id)
    await pair.ben.next("call:ended")


async def test_who_does_not_come_back_is_lost_to_the_call(start_node: StartNode, crowd: Crowd) -> None:
    """As with a node that died: another one notices."""
    here, _, pair = await talking(start_node, crowd, CONNECTION_LEASE_S="8", QUEUE_LEASE_S="8")
    assert await here.stop() == 0
    await pair.ben.next("call:state", state="reconnecting")


async def test_who_waits_keeps_the_place(start_node: StartNode, crowd: Crowd) -> None:
    """Since when they wait, and so before whom."""
    here, there = await asyncio.gather(start_node(REGION="kept"), start_node(REGION="kept"))
    first, second = [await crowd(here) for _ in range(2)]
    assert (await first.rest("POST", "/v1/blocks", json={"user_id": second.id}))[0] == 201
    devices = [await each.connect() for each in (first, second)]
    tickets = [(await device.ask("queue:join", mode="voice"))["ticket"] for device in devices]
    here.send(signal.SIGTERM)
    for device in devices:
        await device.closed.wait()
    later = await second.connect(address=there.address, offset=devices[1].offset)
    sooner = await first.connect(address=there.address, offset=devices[0].offset)
    assert [sooner.ready["ticket"], later.ready["ticket"]] == tickets
    assert await here.ended() == 0


async def test_the_rest_side_alone_says_so_too_and_finishes_what_was_begun(
    nodes_database_url: str, nodes_redis_url: str, web: aiohttp.ClientSession
) -> None:
    """It answers as before until it is time to go; a request that waits then is still answered."""
    settings = Settings(
        database_url=nodes_database_url,
        redis_url=nodes_redis_url,
        port=0,
        rate_limits="off",
        answer_s=20,
        drain_notice_s=86_400,
        drain_s=0,
    )
    ending, holder = Ending(), await asyncpg.connect(nodes_database_url)
    try:
        async with AsyncExitStack() as stack:
            address = await stack.enter_async_context(running(settings, ending))
            ready, over = answers(web, address, "/readyz", 200), answers(web, address, "/readyz", 404)
            assert await ready()
            ending.ask()
            assert await over()
            person = await Person.sign_up(address, web)
            held = holder.transaction()
            await held.start()
            await holder.execute("LOCK TABLE identity.users IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(person.rest("GET", "/v1/me"))
            await until(waiting(holder, 1), "it waits")
            ending.ask(hurry=True)
            ended = asyncio.create_task(stack.aclose())
            await until(refuses(address), "nobody is let in")
            assert not reading.done()
            await held.rollback()
            assert (await reading)[0] == 200
            await ended
    finally:
        await holder.close()
