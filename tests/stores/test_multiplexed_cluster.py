"""A cluster of real servers: each command finds the one that has its slot, also while a slot moves."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.outage import OUTAGES
from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from db.redis.multiplexed.words import SLOTS, key_slot, slot_of
from tests.faults import cluster_port, frozen, redis_server
from tests.patience import PATIENCE_S

COUNT = """
if KEYS[2] then
  redis.call('INCR', KEYS[2])
end
return redis.call('INCRBY', KEYS[1], ARGV[1])
"""


class Cluster:
    """Its servers: how to ask each alone, and where it listens."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._servers: list[Redis] = []
        self.ports: list[int] = []
        self.urls: list[str] = []

    async def add(self) -> None:
        """One more, that knows nobody."""
        while True:
            self.ports.append(port := cluster_port())
            (self._folder / str(port)).mkdir()
            url = await self.start(len(self.ports) - 1)
            server = await self._stack.enter_async_context(Redis.from_url(url))
            with contextlib.suppress(RedisError):  # somebody else was faster at its ports
                await server.ping()
                break
            self.ports.pop()
        self.urls.append(f"redis://127.0.0.1:{port}")
        self._servers.append(server)

    async def start(self, number: int) -> str:
        """Also again, with what it knew of the others."""
        port = self.ports[number]
        return await self._stack.enter_async_context(
            redis_server(
                self._folder / str(port), "--bind", "127.0.0.1", "--port", str(port),
                "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                "--repl-diskless-sync-delay", "0",
            )
        )  # fmt: skip

    async def process(self, number: int) -> psutil.Process:
        """That of one of them."""
        return psutil.Process(int((await self.tell(number, "INFO", "server"))["process_id"]))

    async def kill(self, number: int) -> None:
        """As by SIGKILL."""
        process = await self.process(number)
        process.kill()
        (self._folder / str(self.ports[number]) / "r.sock").unlink()
        async with asyncio.timeout(PATIENCE_S):
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.01)

    async def tell(self, number: int, *words: str | int | bytes) -> Any:
        """One of them, whoever has the slot."""
        return await self._servers[number].execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py

    async def tell_all(self, *words: str | int | bytes) -> list[Any]:
        """Each of them."""
        return [await self.tell(number, *words) for number in range(len(self.ports))]

    async def until(self, expected: Any, number: int, *words: str, told: Callable[[Any], Any]) -> None:
        """One of them says so."""
        async with asyncio.timeout(PATIENCE_S):
            while (said := told(await self.tell(number, *words))) != expected:
                await asyncio.sleep(0.02)
        assert said == expected

    async def take_over(self, number: int) -> None:
        """A replica becomes the master. What does not get through in 5 s is given up there: asked again."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.tell(number, "CLUSTER FAILOVER")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(6):
                        await self.until("master", number, "INFO", "replication", told=lambda of: of["role"])
                        return

    async def owner(self, key: str) -> int:
        """The number of the server that has this key's slot."""
        for first, last, (_, port, *_), *_ in await self.tell(0, "CLUSTER SLOTS"):
            if first <= key_slot(key) <= last:
                return self.ports.index(int(port))
        raise AssertionError(key)


@asynccontextmanager
async def running(folder: Path, masters: int, spare: int) -> AsyncIterator[Cluster]:
    """Masters, each with a share of the slots, and others that have none."""
    async with AsyncExitStack() as stack:
        cluster, number, share = Cluster(folder, stack), masters + spare, -(-SLOTS // masters)
        for n in range(number):
            await cluster.add()
            if slots := range(n * share, min(SLOTS, (n + 1) * share)):
                await cluster.tell(n, "CLUSTER ADDSLOTS", *slots)
            await cluster.tell(n, "CLUSTER MEET", "127.0.0.1", cluster.ports[0])
        for n in range(number):
            await cluster.until("ok", n, "CLUSTER INFO", told=lambda about: about["cluster_state"])
            await cluster.until(number, n, "CLUSTER NODES", told=len)
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


async def knows(client: RedisClient, cluster: Cluster, known: set[int], *, whole: bool = True) -> None:
    """A client that is in use has learned that these servers are of the cluster; `whole`: and no others."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = {cluster.ports.index(address.port) for address in client._servers.addresses()}
            if found == known or (known < found and not whole):
                return
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


async def test_commands_find_their_slots(tmp_path: Path, count: Script) -> None:
    """Through any of the servers, over one connection to each; a slot that moves is followed."""
    async with running(tmp_path, 2, 1) as cluster, open_redis_client(cluster.urls[1]) as client:
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


async def test_who_is_left_still_answers(tmp_path: Path) -> None:
    """A server that has no slot any more is left when it has answered all that it was asked."""
    first, last = (next(str(n) for n in itertools.count() if key_slot(str(n)) == m) for m in (0, SLOTS - 1))
    async with (
        running(tmp_path, 1, 2) as cluster,
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


async def test_a_replica_takes_over(tmp_path: Path, count: Script) -> None:
    """When the server dies through which all was found, when one stands still, and when the first is back."""
    async with (
        running(tmp_path, 3, 3) as cluster,
        open_redis_client(cluster.urls[0], patience_s=20) as client,
    ):
        ids = await cluster.tell_all("CLUSTER MYID")
        for n in range(3):
            await cluster.tell(n + 3, "CLUSTER REPLICATE", ids[n])
            await cluster.until(
                "up", n + 3, "INFO", "replication", told=lambda about: about["master_link_status"]
            )
        returned = asyncio.Event()
        heard = asyncio.Queue[tuple[bytes, bytes]]()
        async with client.subscriber(lambda *said: heard.put_nowait(said), returned.set) as subscriber:
            await subscriber.subscribe(b"channel")
            rounds = Rounds(client, count)
            await rounds.through()
            before = asyncio.gather(*(rounds.another() for _ in range(3)))
            await asyncio.sleep(0)  # they go out
            await cluster.kill(0)
            await before
            await rounds.through()
            await asyncio.wait_for(returned.wait(), PATIENCE_S)
            await cluster.tell(3, "PUBLISH", "channel", "hello")
            assert await asyncio.wait_for(heard.get(), PATIENCE_S) == (b"channel", b"hello")
            await knows(client, cluster, {1, 2, 3, 4, 5})

            with frozen([await cluster.process(1)]):
                await rounds.pass_by()
            await cluster.start(0)
            await cluster.until(
                "up", 0, "INFO", "replication", told=lambda about: about.get("master_link_status")
            )
            await cluster.take_over(0)
            await rounds.through()
            await knows(client, cluster, {0}, whole=False)
        await rounds.check()


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
