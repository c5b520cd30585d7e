"""Nodes as they are deployed: processes of their own on one Postgres and one Redis."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.dialogues.person import Person

ROOT = Path(__file__).parents[2]
START_S = 60
StartNode = Callable[[], Awaitable["Node"]]


class Node:
    """One server process."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self.process = process
        self.address = address

    @classmethod
    async def start(cls, **settings: str) -> "Node":
        """Run `python -m realtime` on a free port, until it says where it is."""
        environment = {**os.environ, "PORT": "0", "RATE_LIMITS": "off", "LOG_LEVEL": "WARNING", **settings}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "realtime", cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            while line := (await process.stdout.readline()).decode():
                if found := re.search(r"http://\S+", line):
                    return cls(process, found[0])
        raise AssertionError(f"the node ended with {await process.wait()}")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """The exit code."""
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await self.process.wait()


@pytest.fixture
async def start_node(database_url: str, redis_url: str) -> AsyncIterator[StartNode]:
    """`await start_node()`: one more node on this worker's database and Redis."""
    nodes: list[Node] = []

    async def start(**settings: str) -> Node:
        cheap = {"PASSWORD_MEMORY_KIB": "1024", "PASSWORD_PASSES": "1"}
        given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **cheap, **settings}
        nodes.append(await Node.start(**given))
        return nodes[-1]

    yield start
    for node in nodes:
        await node.stop()


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def crowd(web: aiohttp.ClientSession) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """`await crowd(node, gender=...)`: a new person of that node; gone when the test ends."""
    people: list[Person] = []

    async def sign_up(node: Node, **what: str) -> Person:
        person = await Person.sign_up(node.address, web, **what)
        people.append(person)
        return person

    yield sign_up
    await asyncio.gather(*(person.leave() for person in people), return_exceptions=True)
