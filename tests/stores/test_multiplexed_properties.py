"""Whatever happens on the way to a real Redis: answers reach who asked, once, and nobody waits for ever."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from db.outage import OUTAGES
from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from tests.faults import FaultyWire
from tests.machines.redis_server import RedisServer, redis_server
from tests.patience import PATIENCE_S

SOON_S = 0.2  # the client's patience
WAYS = ("script", "command", "transaction", "list", "echo")
COUNT = "return {ARGV[1], redis.call('HINCRBY', KEYS[1], ARGV[1], 1)}"


class RoughWire(FaultyWire):
    """Passes on in pieces of so many bytes, and cuts all connections when so many more have passed."""

    piece = 65536
    until_cut = -1

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # it was cut
            while data := await source.read(self.piece):
                await self._open.wait()
                if 0 <= self.until_cut < len(data):
                    sink.write(data[: self.until_cut])
                    self.until_cut = -1
                    self.cut()
                if self.until_cut >= 0:
                    self.until_cut -= len(data)
                sink.write(data)
                await sink.drain()
        sink.close()


class Callers:
    """Ask in ways that must not happen twice, and in one that may; see what comes of it."""

    def __init__(self, client: RedisClient, count: Script) -> None:
        self._client, self._count = client, count
        self.asked: list[tuple[int, str, asyncio.Future[Any]]] = []

    def ask(self) -> None:
        n = len(self.asked)
        client, push = self._client, ("RPUSH", "order", n)
        future: asyncio.Future[Any]
        match way := WAYS[n % len(WAYS)]:
            case "script":
                future = client.run(self._count, ["done"], [n])
            case "command":
                future = client.command("HINCRBY", "done", n, 1)
            case "transaction":
                future = client.transaction([push, script_words(self._count, ["done"], [n])])
            case "list":
                future = client.command(*push)
            case _:
                future = client.command("ECHO", f"echo {n}")
        self.asked.append((n, way, future))

    async def latest(self, seconds: float) -> None:
        """Until the last one is answered."""
        if self.asked:
            await asyncio.wait([self.asked[-1][2]], timeout=seconds)

    def give_up(self, number: int) -> None:
        waiting = [future for _, _, future in self.asked if not future.done()]
        for future in waiting[:number]:
            future.cancel()

    def check_answers(self) -> set[int]:
        """Who was answered. Each with their own answer, everybody else with an outage or not any more."""
        answered = set()
        for n, way, future in self.asked:
            assert future.done(), f"{way} {n} still waits"
            if future.cancelled():
                continue
            if (error := future.exception()) is not None:
                assert isinstance(error, OUTAGES), error
                continue
            answered.add(n)
            own = {"script": [b"%d" % n, 1], "command": 1, "echo": b"echo %d" % n}
            said = future.result()
            match way:
                case "list":
                    assert said > 0
                case "transaction":
                    assert said[1] == own["script"]
                case _:
                    assert said == own[way]
        return answered


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
async def direct(server: RedisServer) -> AsyncIterator[RedisClient]:
    """The same Redis without the wire."""
    async with open_redis_client(server.url, patience_s=PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="module")
def count(tmp_path_factory: pytest.TempPathFactory) -> Script:
    path = tmp_path_factory.mktemp("lua") / "count.lua"
    path.write_text(COUNT)
    return load_script(path, repeatable=False)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(1, 30)),
        st.tuples(st.just("turns"), st.integers(1, 10)),
        st.tuples(st.just("give up"), st.integers(1, 5)),
        st.tuples(st.just("pieces"), st.sampled_from([1, 2, 3, 7, 65536])),
        st.tuples(st.just("cut after"), st.integers(0, 600)),
        st.tuples(st.sampled_from(["cut", "silence", "speak", "freeze", "forget", "answers"]), st.just(0)),
    ),
    min_size=3,
    max_size=15,
)


@given(story=steps)
@effort(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
async def test_whatever_happens(
    story: list[tuple[str, int]], server: RedisServer, direct: RedisClient, count: Script
) -> None:
    """Nothing that may not be repeated happens twice, and what was answered has happened; order is kept."""
    await direct.command("FLUSHALL")
    wire = RoughWire(str(server.socket))
    async with wire.laid(), open_redis_client(f"redis://127.0.0.1:{wire.port}", patience_s=SOON_S) as client:
        callers = Callers(client, count)
        await until_answered(client)
        for step, number in story:
            await take(step, number, callers, wire, direct, server)
        wire.speak()
        waiting = [future for _, _, future in callers.asked]
        if waiting:
            await asyncio.wait(waiting, timeout=PATIENCE_S)
        answered = callers.check_answers()
        wire.piece, wire.until_cut = 65536, -1
        async with asyncio.timeout(PATIENCE_S):
            await until_answered(client)
    happened = await direct.command("HGETALL", "done")
    times = dict(zip(map(int, happened[::2]), map(int, happened[1::2]), strict=True))
    order = [int(n) for n in await direct.command("LRANGE", "order", 0, -1)]
    assert set(times.values()) <= {1}
    assert order == sorted(set(order))
    for n, way, _ in callers.asked:
        if n in answered and way in {"script", "command", "transaction"}:
            assert times[n] == 1
        if n in answered and way in {"list", "transaction"}:
            assert n in order


async def take(
    step: str,
    number: int,
    callers: Callers,
    wire: RoughWire,
    direct: RedisClient,
    server: RedisServer,
) -> None:
    """One step of a story."""
    match step:
        case "ask":
            for _ in range(number):
                callers.ask()
        case "turns":
            for _ in range(number):
                await asyncio.sleep(0)
        case "give up":
            callers.give_up(number)
        case "forget":
            await direct.command("SCRIPT", "FLUSH")
        case "answers":
            await callers.latest(PATIENCE_S)
        case "freeze":
            with server.frozen():
                callers.ask()
                await callers.latest(SOON_S / 4)
        case _:
            spoil(wire, step, number)


def spoil(wire: RoughWire, fault: str, number: int) -> None:
    match fault:
        case "pieces":
            wire.piece = number
        case "cut after":
            wire.until_cut = number
        case "cut":
            wire.cut()
        case "silence":
            wire.silence()
        case _:
            wire.speak()


async def until_answered(client: RedisClient) -> None:
    """Once the wire is good again, so is the client."""
    while True:
        try:
            await client.command("PING")
            return
        except OUTAGES:
            continue
