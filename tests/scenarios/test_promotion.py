"""The primary is lost under load and its standby promoted: what was acknowledged is there, and it goes on."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import NewRedis
from tests.integration.person import ClientDevice, Person, Refused
from tests.machines.postgres_server import PostgresServer, postgres_server
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode, connected

Crowd = Callable[..., Awaitable[Person]]
Loss = Callable[[PostgresServer], Awaitable[AbstractContextManager[None]]]


@dataclass
class Writer:
    """Says one number after the other, each until it is acknowledged."""

    device: ClientDevice
    room_id: str
    acknowledged: list[str] = field(default_factory=list)

    async def write(self) -> None:
        for number in map(str, itertools.count()):
            what = {"room_id": self.room_id, "client_id": number, "content": number}
            while not await self._said(what):
                await asyncio.sleep(0.05)
            self.acknowledged.append(number)

    async def _said(self, what: dict[str, Any]) -> bool:
        try:
            await self.device.ask("chat:send", **what)
        except Refused as refused:
            if refused.code == "unavailable":
                return False
            raise
        return True

    async def until(self, count: int) -> None:
        """So many have been acknowledged."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.acknowledged) < count:
                await asyncio.sleep(0.02)


async def heard(device: ClientDevice, sender: Person, last: str) -> list[str]:
    """What the device was told of this sender, in order, up to the last."""

    def contents() -> list[str]:
        told = [payload["message"] for name, payload, _ in device.heard if name == "chat:message"]
        return [message["content"] for message in told if message["sender_id"] == sender.id]

    async with asyncio.timeout(PATIENCE_S):
        while last not in contents():
            await asyncio.sleep(0.02)
    return contents()[: contents().index(last) + 1]


@pytest.fixture
async def primary() -> AsyncIterator[PostgresServer]:
    async with postgres_server(tcp=True) as server:
        yield server


@pytest.fixture
async def standby(primary: PostgresServer) -> AsyncIterator[PostgresServer]:
    """Without which the primary acknowledges nothing."""
    async with primary.standby() as server:
        await primary.until_streaming(server)
        await primary.tell("ALTER SYSTEM SET synchronous_standby_names = 'standby1'")
        await primary.tell("SELECT pg_reload_conf()")
        yield server


async def killed(server: PostgresServer) -> AbstractContextManager[None]:
    """Its connections are reset."""
    await server.kill()
    return nullcontext()


async def cut_off(server: PostgresServer) -> AbstractContextManager[None]:
    """It says nothing any more, to those who are connected nor to those who try."""
    return server.frozen()


@pytest.mark.parametrize("lose", [killed, cut_off])
async def test_a_promoted_standby_is_found_and_has_what_was_acknowledged(
    primary: PostgresServer,
    standby: PostgresServer,
    start_node: StartNode,
    new_redis: NewRedis,
    crowd: Crowd,
    lose: Loss,
) -> None:
    both = f"postgresql://realtime@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/realtime"
    given = {"DATABASE_URL": both, "REDIS_URL": await new_redis(), "ANSWER_S": "10"}
    here = await start_node(**given)
    there = await start_node(**given)
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    room = await connected(ana, ben)

    writers = [Writer(ana, room), Writer(ben, room)]
    async with asyncio.TaskGroup() as group:
        writing = [group.create_task(writer.write()) for writer in writers]
        for writer in writers:
            await writer.until(50)
        with await lose(primary):
            await standby.promote()
            before = [len(writer.acknowledged) for writer in writers]
            for writer, count in zip(writers, before, strict=True):
                await writer.until(count + 50)
            for task in writing:
                task.cancel()
            for writer, person in zip(writers, (she, he), strict=True):
                kept = await standby.tell(
                    "SELECT array_agg(content ORDER BY seq) FROM communication.messages WHERE sender_id = $1",
                    person.id,
                    database="realtime",
                )
                # One more may have been stored whose acknowledgement was not awaited.
                assert kept[: len(writer.acknowledged)] == writer.acknowledged
                assert len(kept) <= len(writer.acknowledged) + 1
            for writer, listener, person in zip(writers, (ben, ana), (she, he), strict=True):
                assert await heard(listener, person, writer.acknowledged[-1]) == writer.acknowledged
    for node in (here, there):
        assert "Traceback" not in node.log
