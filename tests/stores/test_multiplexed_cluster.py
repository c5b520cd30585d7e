"""A cluster of real servers: each command finds the one that has its slot, also while a slot moves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.outage import OUTAGES
from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from db.redis.multiplexed.words import SLOTS, key_slot, slot_of
from tests.faults import cluster_port, redis_server
from tests.patience import PATIENCE_S

COUNT = """
if KEYS[2] then
  redis.call('INCR', KEYS[2])
end
return redis.call('INCRBY', KEYS[1], ARGV[1])
"""


class Cluster:
    """Its servers: how to ask each alone, and where it listens."""

    def __init__(self, servers: list[Redis], ports: list[int]) -> None:
        self._servers, self.ports = servers, ports
        self.urls = [f"redis://127.0.0.1:{port}" for port in ports]

    async def tell(self, number: int, *words: str | int | bytes) -> Any:
        """One of them, whoever has the slot."""
        return await self._servers[number].execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py

    async def tell_all(self, *words: str | int | bytes) -> list[Any]:
        """Each of them."""
        return [await self.tell(number, *words) for number in range(len(self.ports))]

    async def owner(self, key: str) -> int:
        """The number of the server that has this key's slot."""
        for first, last, (_, port, *_), *_ in await self.tell(0, "CLUSTER SLOTS"):
            if first <= key_slot(key) <= last:
                return self.ports.index(int(port))
        raise AssertionError(key)


@asynccontextmanager
async def running(folder: Path, number: int) -> AsyncIterator[Cluster]:
    """Masters, each with a share of the slots but the last, which has none."""
    async with AsyncExitStack() as stack:
        servers, ports = [], [cluster_port() for _ in range(number)]
        for port in ports:
            (own := folder / str(port)).mkdir()
            options = ("--cluster-enabled", "yes", "--bind", "127.0.0.1", "--port", str(port))
            url = await stack.enter_async_context(redis_server(own, *options))
            servers.append(await stack.enter_async_context(Redis.from_url(url)))
        cluster, share = Cluster(servers, ports), -(-SLOTS // (number - 1))
        for n in range(number):
            if slots := range(n * share, min(SLOTS, (n + 1) * share)):
                await cluster.tell(n, "CLUSTER ADDSLOTS", *slots)
            await cluster.tell(n, "CLUSTER MEET", "127.0.0.1", ports[0])
        async with asyncio.timeout(PATIENCE_S):
            while {about["cluster_state"] for about in await cluster.tell_all("CLUSTER INFO")} != {"ok"}:
                await asyncio.sleep(0.02)
            while min([len(known) for known in await cluster.tell_all("CLUSTER NODES")]) < number:
                await asyncio.sleep(0.02)
        yield cluster


@pytest.fixture
def count(tmp_path: Path) -> Script:
    """Adds to one key, and counts in another how often."""
    (tmp_path / "count.lua").write_text(COUNT)
    return load_script(tmp_path / "count.lua", repeatable=False)


def test_a_key_has_the_slot_that_redis_gives_it() -> None:
    """By the specification's own examples."""
    assert key_slot("123456789") == 0x31C3
    assert key_slot("{user1000}.following") == key_slot(b"{user1000}.followers") == key_slot("user1000")
    assert key_slot("foo{}{bar}") != key_slot("bar")
    assert key_slot("foo{{bar}}zap") == key_slot("{bar")
    assert slot_of(("EVALSHA", "sha", 1, "key", "argument")) == slot_of(("GET", "key")) == key_slot("key")
    assert (
        slot_of(("EVALSHA", "sha", 0)) is slot_of(("TIME",)) is slot_of(("PUBLISH", "channel", "x")) is None
    )


async def test_commands_find_their_slots(tmp_path: Path, count: Script) -> None:
    """Through any of the servers, over one connection to each; a slot that moves is followed."""
    async with running(tmp_path, 3) as cluster, open_redis_client(cluster.urls[1]) as client:
        keys = [f"key{{{n}}}" for n in range(100)]
        await asyncio.gather(*(client.command("SET", key, key) for key in keys))
        assert await asyncio.gather(*(client.command("GET", key) for key in keys)) == [
            k.encode() for k in keys
        ]
        assert min((await cluster.tell_all("DBSIZE"))[:2]) > 20
        for clients in (await cluster.tell_all("CLIENT LIST"))[:2]:
            assert sum(client["addr"].startswith("127.0.0.1") for client in clients) == 1
        heard: asyncio.Future[tuple[bytes, bytes]] = asyncio.get_running_loop().create_future()
        async with client.subscriber(lambda *said: heard.set_result(said), lambda: None) as subscriber:
            await subscriber.subscribe(b"channel")
            await cluster.tell(0, "PUBLISH", "channel", "hello")  # it is connected to the other
            assert await asyncio.wait_for(heard, PATIENCE_S) == (b"channel", b"hello")
        both = ["n{moving}", "times{moving}"]
        assert await client.run(count, both, [5]) == 5
        await follow(cluster, client, count, both)

        with contextlib.suppress(RedisError):
            await cluster.tell(0, "SHUTDOWN", "NOSAVE")
        answers = await asyncio.gather(*(client.command("GET", k) for k in keys), return_exceptions=True)
        assert 20 < sum(isinstance(answer, OUTAGES) for answer in answers) < 80  # of the one that is gone
        assert sum(isinstance(answer, bytes) for answer in answers) > 20


async def follow(cluster: Cluster, client: RedisClient, count: Script, both: list[str]) -> None:
    """Move the slot of these keys, and ask at every step."""
    slot, old = key_slot(both[0]), await cluster.owner(both[0])
    ids, new = await cluster.tell_all("CLUSTER MYID"), 2
    await cluster.tell(new, "CLUSTER SETSLOT", slot, "IMPORTING", ids[old])
    await cluster.tell(old, "CLUSTER SETSLOT", slot, "MIGRATING", ids[new])

    asked = client.run(count, ["a{moving}"], [1])  # not there any more: ASK
    commands = [("INCR", "b{moving}"), script_words(count, ["b{moving}"], [1])]
    assert (await client.transaction(commands), await asked) == ([1, 2], 1)
    assert await client.run(count, both, [5]) == 10  # still there

    there = ("127.0.0.1", cluster.ports[new])
    await cluster.tell(old, "MIGRATE", *there, both[0], 0, 1_000)
    half = client.run(count, both, [5])  # one of the two is on its way: TRYAGAIN
    await client.command("PING")
    await cluster.tell(old, "MIGRATE", *there, both[1], 0, 1_000)
    assert await half == 15
    await cluster.tell_all("CLUSTER SETSLOT", slot, "NODE", ids[new])
    assert await client.run(count, both, [5]) == 20  # MOVED
    assert await client.command("GET", both[1]) == b"4"
