"""How Redis fails, each case as the real server brings it about, and what is a fault of ours instead."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from db.outage import OUTAGES, Outages
from db.redis.multiplexed import RedisClient, open_redis_client
from tests.faults import FaultyWire
from tests.machines.redis_server import redis_server
from tests.patience import PATIENCE_S
from tests.ports import Ports

AWAY, FULL = "Redis does not answer: begun", "Redis takes no writes: begun"


@asynccontextmanager
async def going_on(job: Awaitable[object]) -> AsyncIterator[None]:
    """Something that another client waits for meanwhile."""
    task = asyncio.ensure_future(job)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_refused(redis: RedisClient) -> None:
    """Write until Redis says that it cannot."""
    until = asyncio.get_running_loop().time() + PATIENCE_S
    while asyncio.get_running_loop().time() < until:
        await redis.command("SET", "key", 1)
        await asyncio.sleep(0.01)


def configured(name: str, value: str) -> Callable[[RedisClient, RedisClient, Path], Awaitable[None]]:
    """Redis is told so, and then asked to write."""

    async def provoke(redis: RedisClient, other: RedisClient, _: Path) -> None:
        await other.command("CONFIG", "SET", name, value)
        await redis.command("SET", "key", 1)

    return provoke


async def cannot_save(redis: RedisClient, other: RedisClient, folder: Path) -> None:
    """The folder that it saves to is gone."""
    (folder / "gone").mkdir()
    await other.command("CONFIG", "SET", "dir", str(folder / "gone"))
    (folder / "gone").rmdir()
    await other.command("CONFIG", "SET", "save", "3600 1")
    with contextlib.suppress(RedisError):  # one is going on
        await other.command("BGSAVE")
    await until_refused(redis)


async def is_replica(redis: RedisClient, other: RedisClient, _: Path) -> None:
    """Of a server that there is not."""
    await other.command("REPLICAOF", "127.0.0.1", "1")
    await redis.command("SET", "key", 1)


async def without_its_master(redis: RedisClient, other: RedisClient, folder: Path) -> None:
    """And told to give no old answers: it does not even read."""
    await other.command("CONFIG", "SET", "replica-serve-stale-data", "no")
    with contextlib.suppress(*OUTAGES):
        await is_replica(redis, other, folder)
    await redis.command("GET", "key")


async def runs_a_long_script(redis: RedisClient, other: RedisClient, _: Path) -> None:
    """For longer than `lua-time-limit`."""
    await other.command("CONFIG", "SET", "lua-time-limit", "1")
    async with going_on(other.command("EVAL", "while true do end", 0)):
        try:
            await until_refused(redis)
        finally:
            await redis.command("SCRIPT", "KILL")


async def is_loading(redis: RedisClient, other: RedisClient, _: Path) -> None:
    """As after a start: it reads its journal, for longer than anybody stands still before asking.

    It answers after each thousand entries.
    """
    await other.command("CONFIG", "SET", "aof-use-rdb-preamble", "no")
    await other.command("CONFIG", "SET", "appendonly", "yes")
    while b"aof_rewrite_in_progress:1" in await other.command("INFO", "persistence"):
        await asyncio.sleep(0.01)
    await other.command("EVAL", "for i = 1, 40000 do redis.call('SET', i, i) end", 0)
    await other.command("CONFIG", "SET", "key-load-delay", "500")  # µs
    async with going_on(other.command("DEBUG", "LOADAOF")):
        await until_refused(redis)


async def has_too_many_clients(redis: RedisClient, other: RedisClient, _: Path) -> None:
    """One too many."""
    await other.command("CONFIG", "SET", "maxclients", "1")
    await redis.command("GET", "key")


async def has_stopped(redis: RedisClient, other: RedisClient, _: Path) -> None:
    """In good order."""
    with contextlib.suppress(*OUTAGES):
        await other.command("SHUTDOWN", "NOSAVE")
    await redis.command("GET", "key")


CASES = {
    "OOM": (configured("maxmemory", "1"), FULL),
    "MISCONF": (cannot_save, FULL),
    "READONLY": (is_replica, FULL),
    "NOREPLICAS": (configured("min-replicas-to-write", "1"), FULL),
    "MASTERDOWN": (without_its_master, AWAY),
    "BUSY": (runs_a_long_script, AWAY),
    "LOADING": (is_loading, AWAY),
    "max number of clients": (has_too_many_clients, AWAY),
    "stopped": (has_stopped, AWAY),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_redis_that_cannot_is_an_outage(tmp_path: Path, case: str) -> None:
    """Told of once, as what it is."""
    provoke, told = CASES[case]
    async with (
        redis_server() as server,
        open_redis_client(server.url, outages=Outages("Redis"), patience_s=PATIENCE_S) as redis,
        open_redis_client(server.url, outages=Outages("other")) as other,
    ):
        await other.command("PING")
        with capture_logs() as said, pytest.raises(OUTAGES):
            await provoke(redis, other, tmp_path)
        assert told in [entry["event"] for entry in said]


async def test_a_cluster_that_lacks_slots_is_an_outage(ports: Ports) -> None:
    """CLUSTERDOWN."""
    port = ports.take(among_them=10_000)
    alone = ("--cluster-enabled", "yes", "--bind", "127.0.0.1", "--port", str(port))
    async with redis_server(*alone) as server, open_redis_client(server.url) as redis:
        with pytest.raises(OUTAGES, match="CLUSTERDOWN"):
            await redis.command("GET", "key")


class ShortWire(FaultyWire):
    """Cuts a connection in the middle of an answer that is longer than what it lets pass."""

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        passed = 0
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
            passed += len(data)
            if passed > 1_000_000:
                self.cut()
        sink.close()


async def test_a_connection_that_is_cut_in_an_answer_is_an_outage() -> None:
    """Each time that it is asked for."""
    async with redis_server() as server, open_redis_client(server.url) as redis:
        await redis.command("SET", "long", b"x" * 10_000_000)
        wire = ShortWire(str(server.socket))
        async with wire.laid(), open_redis_client(f"redis://127.0.0.1:{wire.port}") as far:
            with pytest.raises(OUTAGES):
                await far.command("GET", "long")


FAULTS: dict[str, tuple[Any, ...]] = {
    "of another type": ("INCR", "text"),
    "a script that fails": ("EVAL", "return redis.call('INCR', KEYS[1])", 1, "text"),
    "no such command": ("NONSENSE",),
    "too many arguments": ("GET", "one", "two"),
    "what is no value": ("SET", "text", object()),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_wrong_with_a_command_is_no_outage(redis_client: RedisClient, fault: str) -> None:
    await redis_client.command("SET", "text", "no number")
    with pytest.raises((RedisError, TypeError)) as wrong:
        await redis_client.command(*FAULTS[fault])
    assert not isinstance(wrong.value, OUTAGES)
    assert await redis_client.command("GET", "text") == b"no number"
