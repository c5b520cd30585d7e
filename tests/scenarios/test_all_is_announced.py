"""Everything that is stored is announced: in `seq` order, once, to both, whatever fails meanwhile.

One dialogue on two nodes, as servers take long to start. Ana's node goes to Redis through a gate.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil
from redis.asyncio import Redis

from db.embedded import EmbeddedServers, Urls
from tests.delivery.test_event_log import Gate, gate_before
from tests.integration.person import ClientDevice, Person, Refused
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import connected
from tests.scenarios.test_announcing import hears
from tests.served import Served

EACH, AT_ONCE = 12, 4
LEASES = {"CONNECTION_LEASE_S": "60", "QUEUE_LEASE_S": "60"}


class Scene:
    """Ana and Ben, each on a node of their own, their room, and the servers under it."""

    def __init__(
        self, urls: Urls, gate: Gate, nodes: tuple[Served, Served], web: aiohttp.ClientSession
    ) -> None:
        self.urls, self.gate, self.nodes, self._web = urls, gate, nodes, web
        self.said = 0
        self._repeated: dict[str | None, int] = {}

    async def meet(self) -> None:
        here, there = self.nodes
        self.she = await Person.sign_up(here.address, self._web, gender="female")
        he = await Person.sign_up(there.address, self._web, gender="male")
        self.ana, self.ben = await self.she.connect(), await he.connect()
        self.room = await connected(self.ana, self.ben)

    async def say(self, device: ClientDevice, text: str) -> None:
        """Send it again until it is acknowledged, as clients do."""
        async with asyncio.timeout(PATIENCE_S):
            while (code := await self._code(device, text)) is not None:
                assert code == "unavailable"
                await asyncio.sleep(0.05)
        self.said += 1

    async def _code(self, device: ClientDevice, text: str) -> str | None:
        """Of the error, if it is refused."""
        try:
            await device.ask("chat:send", room_id=self.room, client_id=text, content=text)
        except Refused as refused:
            return refused.code
        return None

    async def talk(self) -> None:
        """Both write at the same time, and all of it is acknowledged."""
        texts = [f"{self.said}-{n}" for n in range(EACH)]
        for start in range(0, EACH, AT_ONCE):
            some = texts[start : start + AT_ONCE]
            await asyncio.gather(*(self.say(who, text) for text in some for who in (self.ana, self.ben)))

    async def both_have_heard_all(self, when: str, *, again: bool = False) -> None:
        """Every message in order, and once; `again`: some may have come once more."""
        for device in (self.ana, self.ben):
            while len(seqs := list(dict.fromkeys(await hears(device, 0)))) < self.said:
                await device.next("chat:message")
            assert seqs == list(range(1, self.said + 1)), when
            repeated = device.has_heard("chat:message") - self.said
            assert again or repeated == self._repeated.get(device.device_id, 0), when
            self._repeated[device.device_id] = repeated

    @asynccontextmanager
    async def redis(self) -> AsyncIterator[tuple[Any, psutil.Process]]:
        async with Redis.from_url(self.urls.redis_url) as client:
            yield client, psutil.Process((await client.info("server"))["process_id"])


async def redis_resets_all_connections(scene: Scene) -> None:
    async with scene.redis() as (redis, _):
        for kind in ("pubsub", "normal"):
            await redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


async def redis_loses_its_data(scene: Scene) -> None:
    async with scene.redis() as (redis, _):
        await redis.flushall()


async def redis_is_killed(scene: Scene) -> None:
    async with scene.redis() as (_, process):
        process.kill()


async def redis_freezes(scene: Scene) -> None:
    """Until Ana is told that what she says is stored all the same."""
    async with scene.redis() as (_, process):
        process.suspend()
        try:
            await scene.say(scene.ana, "while it is frozen")
        finally:
            process.resume()


async def postgres_is_killed(scene: Scene) -> None:
    connection = await asyncpg.connect(scene.urls.database_url)
    server = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).parent()
    assert server is not None
    server.kill()
    connection.terminate()


FAULTS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    redis_resets_all_connections,
    redis_freezes,
    redis_loses_its_data,
    redis_is_killed,
    postgres_is_killed,
)


@asynccontextmanager
async def two_nodes(folder: Path, web: aiohttp.ClientSession) -> AsyncIterator[Scene]:
    async with (
        EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None) as urls,
        gate_before(urls.redis_url) as (gate, through_gate),
    ):
        stores = {"DATABASE_URL": urls.database_url, "LOG_LEVEL": "ERROR", **LEASES}
        nodes = Served(**stores, REDIS_URL=through_gate), Served(**stores, REDIS_URL=urls.redis_url)
        try:
            for node in nodes:
                await node.start()
            yield Scene(urls, gate, nodes, web)
        finally:
            for node in nodes:
                await node.stop()


async def test_everything_that_is_stored_is_announced(tmp_path: Path, web: aiohttp.ClientSession) -> None:
    """While both write, the stores fail in every way; at last a node dies between commit and announcement."""
    async with two_nodes(tmp_path, web) as scene:
        await scene.meet()
        await scene.talk()
        await scene.both_have_heard_all("at first")
        for fault in FAULTS:
            talking = asyncio.create_task(scene.talk())
            await fault(scene)
            await talking
            # What Redis was told of those who heard it is lost, too.
            await scene.both_have_heard_all(fault.__name__, again=fault is redis_loses_its_data)

        await scene.gate.shut()
        await scene.say(scene.ana, "my last words")
        here, there = scene.nodes
        await here.stop(signal.SIGKILL)
        before = scene.ana
        scene.ana = await scene.she.connect(address=there.address, offset=before.offset)
        assert scene.ana.ready["recovered"] is True
        scene.ana.heard[:0] = before.heard
        await scene.both_have_heard_all("a node was killed")
