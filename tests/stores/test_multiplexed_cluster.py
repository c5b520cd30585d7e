"""A cluster of real servers: each command finds the one that has its slot, also while a slot moves."""

import asyncio
import contextlib
import itertools
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from db.outage import OUTAGES
from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from db.redis.multiplexed.words import SLOTS, key_slot, slot_of
from tests.machines.redis_cluster import RedisCluster, redis_cluster
from tests.patience import PATIENCE_S

COUNT = """
if KEYS[2] then
  redis.call('INCR', KEYS[2])
end
return redis.call('INCRBY', KEYS[1], ARGV[1])
"""


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


async def knows(client: RedisClient, cluster: RedisCluster, known: set[int], *, whole: bool = True) -> None:
    """A client that is in use has learned that these servers are of the cluster; `whole`: and no others."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = {cluster.ports.index(address.port) for address in client._servers.addresses()}
            if found == known or (known < found and not whole):
                return
            client.keep_up()
            asked = (client.command("GET", f"key {n}") for n in range(60))
            await asyncio.gather(*asked, return_exceptions=True)


class Rounds:
    """Everybody asks for what must not be done twice, in all slots."""

    def __init__(self, client: RedisClient, count: Script) -> None:
        self._client, self._count = client, count
        self._asked: list[str] = []
        self._left: list[asyncio.Task[bool]] = []

    async def another(self) -> bool:
        """Whether all were answered. Each with their own answer, or an outage."""
        keys = [f"key{{{len(self._asked) + n}}}" for n in range(60)]
        self._asked += keys
        asked = [self._ask(key, n) for n, key in enumerate(keys)]
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE_S)
        failed = [answer for answer in answers if not isinstance(answer, int)]
        assert all(isinstance(error, OUTAGES) for error in failed), failed
        assert {answer for answer in answers if isinstance(answer, int)} <= {1}
        return not failed

    async def through(self) -> None:
        """Until all are answered: servers of a busy machine lose sight of each other for a moment."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.another():
                pass

    async def pass_by(self) -> None:
        """Until all are answered who ask now, while those still wait who asked one that stands still."""
        self._left.append(asyncio.create_task(self.another()))
        async with asyncio.timeout(PATIENCE_S):
            while not (self._left[-1].done() and self._left[-1].result()):
                self._left.append(asyncio.create_task(self.another()))
                await asyncio.wait(self._left[-1:], timeout=0.5)
        assert not self._left[0].done()

    def _ask(self, key: str, number: int) -> "asyncio.Future[Any]":
        return self._client.run(self._count, [key], [1]) if number % 2 else self._client.command("INCR", key)

    async def check(self) -> None:
        """Nobody waits for ever, and nothing was done twice."""
        await asyncio.wait_for(asyncio.gather(*self._left), PATIENCE_S)
        times = await asyncio.gather(*(self._client.command("GET", key) for key in self._asked))
        assert set(times) <= {b"1", None}


async def test_commands_find_their_slots(count: Script) -> None:
    """Through any of the servers, over one connection to each; a slot that moves is followed."""
    async with redis_cluster(2, 1, replicas=False) as cluster, open_redis_client(cluster.urls[1]) as client:
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
            await cluster.tell(2, "PUBLISH", "channel", "hello")  # to which nobody is connected
            assert await asyncio.wait_for(heard, PATIENCE_S) == (b"channel", b"hello")
        both = ["n{moving}", "times{moving}"]
        assert await client.run(count, both, [5]) == 5
        await follow(cluster, client, count, both)

        with contextlib.suppress(RedisError):
            await cluster.tell(0, "SHUTDOWN", "NOSAVE")
        answers = await asyncio.gather(*(client.command("GET", k) for k in keys), return_exceptions=True)
        assert 20 < sum(isinstance(answer, OUTAGES) for answer in answers) < 80  # of the one that is gone
        assert sum(isinstance(answer, bytes) for answer in answers) > 20


async def test_who_is_left_still_answers() -> None:
    """A server that has no slot any more is left when it has answered all that it was asked."""
    first, last = (next(str(n) for n in itertools.count() if key_slot(str(n)) == m) for m in (0, SLOTS - 1))
    async with (
        redis_cluster(1, 2, replicas=False) as cluster,
        open_redis_client(cluster.urls[0], patience_s=30) as client,
    ):
        ids = await cluster.tell_all("CLUSTER MYID")
        await cluster.tell_all("CLUSTER SETSLOT", 0, "NODE", ids[1])
        await client.command("GET", first)
        await knows(client, cluster, {0, 1})
        slow = client.command("WAIT", 1, 0)  # asked where slot 0 is, and for a replica, which it has not

        def waits(clients: list[dict[str, str]]) -> list[str]:
            return [each["id"] for each in clients if each["cmd"] == "wait"]

        await cluster.until(1, 1, "CLIENT LIST", told=lambda clients: len(waits(clients)))
        await cluster.tell_all("CLUSTER SETSLOT", 0, "NODE", ids[0])
        await cluster.tell_all("CLUSTER SETSLOT", SLOTS - 1, "NODE", ids[2])
        await client.command("GET", last)  # MOVED
        await knows(client, cluster, {0, 2})
        await cluster.tell(1, "CLIENT UNBLOCK", *waits(await cluster.tell(1, "CLIENT LIST")))
        assert await slow == 0
        await cluster.until(1, 1, "CLIENT LIST", told=len)  # ourselves


async def test_a_replica_takes_over(count: Script) -> None:
    """When the server dies through which all was found, when one stands still, and when the first is back."""
    async with (
        redis_cluster(3) as cluster,
        open_redis_client(cluster.urls[0], patience_s=20) as client,
    ):
        returned = asyncio.Event()
        heard = asyncio.Queue[tuple[bytes, bytes]]()
        async with client.subscriber(lambda *said: heard.put_nowait(said), returned.set) as subscriber:
            await subscriber.subscribe(b"channel")
            rounds = Rounds(client, count)
            await rounds.through()
            before = asyncio.gather(*(rounds.another() for _ in range(3)))
            await asyncio.sleep(0)  # they go out
            await cluster.kill(0)
            await cluster.succeed(3)
            await before
            await rounds.through()
            await asyncio.wait_for(returned.wait(), PATIENCE_S)
            await cluster.tell(3, "PUBLISH", "channel", "hello")
            assert await asyncio.wait_for(heard.get(), PATIENCE_S) == (b"channel", b"hello")
            await knows(client, cluster, {1, 2, 3, 4, 5})

            with cluster.servers[1].frozen():
                await asyncio.gather(rounds.pass_by(), cluster.succeed(4))
            await cluster.start(0)
            await cluster.linked(0)
            await cluster.take_over(0)
            await rounds.through()
            await knows(client, cluster, {0}, whole=False)
        await rounds.check()


async def follow(cluster: RedisCluster, client: RedisClient, count: Script, both: list[str]) -> None:
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


async def test_a_replica_that_was_taken_out_is_forgotten() -> None:
    """Though nobody says so, and the one that was given still answers."""
    async with redis_cluster(1) as cluster, open_redis_client(cluster.url) as client:
        await client.command("GET", "key")
        await knows(client, cluster, {0, 1})
        out = await cluster.tell(1, "CLUSTER MYID")
        await cluster.tell(0, "CLUSTER FORGET", out)
        await cluster.tell(1, "CLUSTER RESET")
        await knows(client, cluster, {0})


async def writable(client: RedisClient) -> None:
    """Each master says so of itself, a little after the others chose the new one."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(*OUTAGES):
                await client.replicated()
                return


async def test_no_connection_is_left_to_a_master_of_the_past_that_answers_late() -> None:
    """One that was asked for its replicas, stood still, and is back when it is asked no more."""
    elsewhere = next(key for key in map(str, itertools.count()) if key_slot(key) * 3 // SLOTS == 1)
    async with redis_cluster() as cluster, open_redis_client(cluster.urls[2], patience_s=20) as client:
        await replicated(client, elsewhere, 3)
        with cluster.servers[0].frozen():
            asking = asyncio.create_task(client.replicated())
            await cluster.succeed(3)
            await replicated(client, elsewhere, 2)
            await writable(client)
        with contextlib.suppress(*OUTAGES):
            await asking
        await cluster.until("slave", 0, "INFO", "replication", told=lambda about: about["role"])
        async with asyncio.timeout(PATIENCE_S):
            while await asks_for_replicas(cluster, 0):
                await client.command("GET", elsewhere)


async def replicated(client: RedisClient, key: str, masters: int) -> None:
    """It knows that so many have replicas."""
    async with asyncio.timeout(PATIENCE_S):
        while len(client._servers.replicated) != masters:
            with contextlib.suppress(*OUTAGES):
                await client.command("GET", key)
            client.keep_up()


async def asks_for_replicas(cluster: RedisCluster, number: int) -> list[str]:
    """Connections that were made for that, by what they did last."""
    clients = await cluster.tell(number, "CLIENT LIST")
    return [each["cmd"] for each in clients if each["cmd"] in {"hello", "set", "wait"}]
