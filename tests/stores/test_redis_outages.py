"""How Redis fails, each case as the real server brings it about, and what is a fault of ours instead."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from db.outage import OUTAGES, Outages
from db.redis.client import open_redis
from tests.faults import FaultyWire, cluster_port, redis_server
from tests.patience import PATIENCE_S

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


async def say(redis: Redis, *words: str) -> None:
    """A command of which the library knows nothing."""
    await redis.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py


async def until_refused(redis: Redis) -> None:
    """Write until Redis says that it cannot."""
    until = asyncio.get_running_loop().time() + PATIENCE_S
    while asyncio.get_running_loop().time() < until:
        await redis.set("key", 1)
        await asyncio.sleep(0.01)


def configured(name: str, value: str) -> Callable[[Redis, Redis, Path], Awaitable[None]]:
    """Redis is told so, and then asked to write."""

    async def provoke(redis: Redis, other: Redis, _: Path) -> None:
        await other.config_set(name, value)
        await redis.set("key", 1)

    return provoke


async def cannot_save(redis: Redis, other: Redis, folder: Path) -> None:
    """The folder that it saves to is gone."""
    (folder / "gone").mkdir()
    await other.config_set("dir", str(folder / "gone"))
    (folder / "gone").rmdir()
    await other.config_set("save", "3600 1")
    with contextlib.suppress(RedisError):  # one is going on
        await say(other, "BGSAVE")
    await until_refused(redis)


async def is_replica(redis: Redis, other: Redis, _: Path) -> None:
    """Of a server that there is not."""
    await say(other, "REPLICAOF", "127.0.0.1", "1")
    await redis.set("key", 1)


async def without_its_master(redis: Redis, other: Redis, folder: Path) -> None:
    """And told to give no old answers: it does not even read."""
    await other.config_set("replica-serve-stale-data", "no")
    with contextlib.suppress(*OUTAGES):
        await is_replica(redis, other, folder)
    await redis.get("key")


async def runs_a_long_script(redis: Redis, other: Redis, _: Path) -> None:
    """For longer than `lua-time-limit`."""
    await other.config_set("lua-time-limit", "1")
    async with going_on(other.eval("while true do end", 0)):
        try:
            await until_refused(redis)
        finally:
            await say(redis, "SCRIPT", "KILL")


async def is_loading(redis: Redis, other: Redis, _: Path) -> None:
    """As after a start: it reads its journal, for some seconds, and answers after each thousand entries."""
    await other.config_set("aof-use-rdb-preamble", "no")
    await other.config_set("appendonly", "yes")
    while (await other.info("persistence"))["aof_rewrite_in_progress"]:
        await asyncio.sleep(0.01)
    await other.eval("for i = 1, 40000 do redis.call('SET', i, i) end", 0)
    await other.config_set("key-load-delay", "50")  # µs
    async with going_on(say(other, "DEBUG", "LOADAOF")):
        await until_refused(redis)


async def has_too_many_clients(redis: Redis, other: Redis, _: Path) -> None:
    """One too many."""
    await other.config_set("maxclients", "1")
    await redis.get("key")


async def has_stopped(redis: Redis, other: Redis, _: Path) -> None:
    """In good order."""
    with contextlib.suppress(*OUTAGES):
        await say(other, "SHUTDOWN", "NOSAVE")
    await redis.get("key")


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
        redis_server(tmp_path) as url,
        open_redis(url, size=1, outages=Outages("Redis"), patience_s=PATIENCE_S) as redis,
        open_redis(url, size=1, outages=Outages("other")) as other,
    ):
        await other.ping()
        with capture_logs() as said, pytest.raises(OUTAGES):
            await provoke(redis, other, tmp_path)
        assert told in [entry["event"] for entry in said]


async def test_a_cluster_that_lacks_slots_is_an_outage(tmp_path: Path) -> None:
    """CLUSTERDOWN."""
    alone = ("--cluster-enabled", "yes", "--bind", "127.0.0.1", "--port", str(cluster_port()))
    async with redis_server(tmp_path, *alone) as url, open_redis(url, size=1) as redis:
        with pytest.raises(OUTAGES, match="CLUSTERDOWN"):
            await redis.get("key")


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


async def test_a_connection_that_is_cut_in_an_answer_is_an_outage(tmp_path: Path) -> None:
    """Each time that it is asked for."""
    async with redis_server(tmp_path) as url, open_redis(url, size=1) as redis:
        await redis.set("long", b"x" * 10_000_000)
        wire = ShortWire(str(tmp_path / "r.sock"))
        async with wire.laid(), open_redis(f"redis://127.0.0.1:{wire.port}", size=1) as far:
            with pytest.raises(OUTAGES):
                await far.get("long")


FAULTS = {
    "of another type": lambda redis: redis.incr("text"),
    "a script that fails": lambda redis: redis.eval("return redis.call('INCR', KEYS[1])", 1, "text"),
    "no such command": lambda redis: redis.execute_command("NONSENSE"),
    "too many arguments": lambda redis: redis.execute_command("GET", "one", "two"),
    "what is no value": lambda redis: redis.set("text", object()),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_wrong_with_a_command_is_no_outage(redis_url: str, fault: str) -> None:
    async with open_redis(redis_url, size=1) as redis:
        await redis.set("text", "no number")
        with pytest.raises(RedisError) as wrong:
            await FAULTS[fault](redis)
        assert not isinstance(wrong.value, OUTAGES)
        assert await redis.get("text") == b"no number"
