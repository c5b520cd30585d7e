"""Nodes as they are deployed: processes of their own on one Postgres and one Redis."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.person import ClientDevice, Person
from tests.served import ROOT, Served

StartNode = Callable[..., Awaitable[Served]]


async def accepted(ana: ClientDevice, ben: ClientDevice, mode: str) -> str:
    """These two are offered to each other, and both accept: the call."""
    for device in (ana, ben):
        await device.ask("queue:join", mode=mode)
    call_id: str = (await ana.next("call:offered"))["call_id"]
    await ben.next("call:offered", call_id=call_id)
    for device in (ana, ben):
        await device.ask("call:accept", call_id=call_id)
    return call_id


async def connected(ana: ClientDevice, ben: ClientDevice, mode: str = "voice") -> str:
    """Meet, talk, decide: the room that the two have then."""
    call_id = await accepted(ana, ben, mode)
    for device in (ana, ben):
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    await ana.next("call:state", state="live")
    await ben.ask("call:end", call_id=call_id)
    await ana.next("call:ended")
    await ana.ask("decision:submit", call_id=call_id, connect=True)
    return str((await ben.next("decision:result"))["connection"]["room_id"])


@pytest.fixture
async def start_node(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[StartNode]:
    """`await start_node()`: one more node on this worker's database and Redis; or `"matchmaker"`."""
    nodes: list[Served] = []

    async def start(code: Path | str = ROOT, /, **settings: str) -> Served:
        stores = {"DATABASE_URL": nodes_database_url, "REDIS_URL": nodes_redis_url}
        own = {**stores, "LOG_LEVEL": "WARNING", **settings}
        node = Served(**own) if isinstance(code, str) else Served(code, **own)
        node.command = (code,) if isinstance(code, str) else ()
        nodes.append(node)
        await node.start()
        return node

    yield start
    # As from a terminal: nobody is left who would have to be sent away gently.
    await asyncio.gather(*(node.stop(signal.SIGINT) for node in nodes))


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def crowd(web: aiohttp.ClientSession) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """`await crowd(node, gender=...)`: a new person of that node; gone when the test ends."""
    people: list[Person] = []

    async def sign_up(node: Served, **what: Any) -> Person:
        person = await Person.sign_up(node.address, web, **what)
        people.append(person)
        return person

    yield sign_up
    await asyncio.gather(*(person.leave() for person in people), return_exceptions=True)
