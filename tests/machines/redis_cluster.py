"""A cluster of real Redis servers: masters, a replica for each, and others that have no slots."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from redis.asyncio import Redis
from redis.asyncio import RedisCluster as AskedCluster
from redis.exceptions import ResponseError

from db.redis.multiplexed.words import SLOTS, key_slot
from tests.machines.redis_server import RedisServer, redis_in
from tests.machines.room import room
from tests.patience import PATIENCE_S

SOON_MS, PATIENT_MS = 1_000, 5_000
OPTIONS = (
    *("--cluster-enabled", "yes", "--cluster-node-timeout", str(SOON_MS), "--repl-diskless-sync-delay", "0"),
    *("--cluster-replica-validity-factor", "0"),
    *("--cluster-allow-replica-migration", "no"),  # or a master without slots becomes a replica by itself
)


class WholeCluster(AskedCluster):
    """By redis-py, as one asks a single Redis."""

    async def keys(self, pattern: Any = "*", **_: Any) -> Any:
        """Of all masters."""
        return [key async for key in self.scan_iter(pattern)]


class RedisCluster:
    """Its servers by number: first the masters, then the replica of each, then those without slots."""

    def __init__(self, node_timeout_ms: int) -> None:
        self._node_timeout_ms = node_timeout_ms
        self.servers: list[RedisServer] = []
        self._clients: list[Redis] = []

    def _add(self, server: RedisServer, client: Redis) -> None:
        self.servers.append(server)
        self._clients.append(client)

    @property
    def ports(self) -> list[int]:
        """Where they listen."""
        return [server.port for server in self.servers]

    @property
    def urls(self) -> list[str]:
        """Each leads to the cluster."""
        return [server.url for server in self.servers]

    @property
    def url(self) -> str:
        """That of the first."""
        return self.servers[0].url

    def process(self, number: int) -> psutil.Process:
        """That of one of them."""
        return self.servers[number].process

    async def kill(self, number: int) -> None:
        """As by SIGKILL."""
        await self.servers[number].kill()

    async def start(self, number: int) -> None:
        """Again, with what it knew of the others."""
        await self.servers[number].start()
        await self.be_patient(number)

    async def upgrade(self, number: int, binary: Path) -> None:
        """One of them goes on as another version of the program, and all others talk to it again.

        What they would tell it before is lost: votes, too, of which each has one in ten seconds.
        """
        await self.servers[number].replace(binary)
        await self.be_patient(number)
        place = f"127.0.0.1:{self.ports[number]}"
        for other in range(len(self.servers)):
            if other != number:
                await self.until(True, other, "CLUSTER NODES", told=lambda of: of[place]["connected"])

    async def be_patient(self, number: int) -> None:
        """From now on it takes nobody's slots for standing still a little."""
        await self.tell(number, "CONFIG SET", "cluster-node-timeout", self._node_timeout_ms)

    async def tell(self, number: int, *words: str | int | bytes) -> Any:
        """One of them, whoever has the slot."""
        return await self._clients[number].execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py

    async def tell_all(self, *words: str | int | bytes) -> list[Any]:
        """Each of them."""
        return [await self.tell(number, *words) for number in range(len(self.servers))]

    async def masters(self) -> list[int]:
        """The numbers of those that are masters now, with slots or without."""
        told = await self.tell_all("INFO", "replication")
        return [number for number, about in enumerate(told) if about["role"] == "master"]

    async def empty(self) -> None:
        """No master holds a key any more, nor their replicas."""
        for number in await self.masters():
            await self.tell(number, "FLUSHALL")

    async def until(self, expected: Any, number: int, *words: str, told: Callable[[Any], Any]) -> None:
        """One of them says so."""
        async with asyncio.timeout(PATIENCE_S):
            while (said := told(await self.tell(number, *words))) != expected:
                await asyncio.sleep(0.02)
        assert said == expected

    async def take_over(self, number: int) -> None:
        """A replica becomes the master. What does not get through in 5 s is given up there: asked again.

        Not before it may stand once more, and all masters may vote, which a longer timeout makes later.
        """
        again_s = max(6, 4.2 * self._node_timeout_ms / 1000)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.tell(number, "CLUSTER FAILOVER")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(again_s):
                        await self.until("master", number, "INFO", "replication", told=lambda of: of["role"])
                        return

    async def succeed(self, number: int) -> None:
        """A replica becomes the master at once, without asking its own: that is dead, or stands still."""
        with contextlib.suppress(ResponseError):  # it has become the master by itself
            await self.tell(number, "CLUSTER FAILOVER", "TAKEOVER")
        await self.until("master", number, "INFO", "replication", told=lambda about: about["role"])

    async def linked(self, number: int) -> None:
        """A replica has all that its master has."""
        await self.until(
            "up", number, "INFO", "replication", told=lambda about: about.get("master_link_status")
        )

    async def owner(self, key: str) -> int:
        """The number of the server that has this key's slot."""
        for first, last, (_, port, *_), *_ in await self.tell(0, "CLUSTER SLOTS"):
            if first <= key_slot(key) <= last:
                return self.ports.index(int(port))
        raise AssertionError(key)


@asynccontextmanager
async def redis_cluster(
    masters: int = 3, spare: int = 0, *options: str,
    replicas: bool = True, binary: Path | None = None, password: str = "", tls: Path | None = None,
    node_timeout_ms: int = PATIENT_MS,
) -> AsyncIterator[RedisCluster]:  # fmt: skip
    """Masters with a share of the slots and a replica each. The embedded Redis unless `binary` is another.

    On a busy machine a server may stand still for `node_timeout_ms`, and does not lose its slots for that.
    """
    number = masters * (2 if replicas else 1) + spare
    secure = ("--tls-cluster", "yes", "--tls-replication", "yes") if tls else ()
    async with AsyncExitStack() as stack:
        of, cluster = await stack.enter_async_context(room()), RedisCluster(node_timeout_ms)
        for n in range(number):
            server = await stack.enter_async_context(
                redis_in(
                    of, f"r{n}", *OPTIONS, *secure, *options,
                    binary=binary, password=password, tls=tls, tcp=True, cluster=True,
                )
            )  # fmt: skip
            cluster._add(server, await stack.enter_async_context(Redis.from_url(server.near)))
        share = -(-SLOTS // masters)
        for n in range(number):
            if slots := range(n * share, min(SLOTS, (n + 1) * share)):
                await cluster.tell(n, "CLUSTER ADDSLOTS", *slots)
            await cluster.tell(n, "CLUSTER MEET", "127.0.0.1", cluster.ports[0])
        for n in range(number):
            await cluster.until("ok", n, "CLUSTER INFO", told=lambda about: about["cluster_state"])
            await cluster.until(number, n, "CLUSTER NODES", told=len)
        ids = await cluster.tell_all("CLUSTER MYID")
        if replicas:
            for n in range(masters):
                await cluster.tell(masters + n, "CLUSTER REPLICATE", ids[n])
            for n in range(masters, 2 * masters):
                await cluster.linked(n)
            for n in range(number):
                await cluster.until(masters, n, "CLUSTER NODES", told=_replicas)
        for n in range(number):
            await cluster.be_patient(n)
        yield cluster


def _replicas(nodes: dict[str, dict[str, str]]) -> int:
    return sum("slave" in each["flags"].split(",") for each in nodes.values())
