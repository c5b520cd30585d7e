"""`python -m bench.faults`: how soon a call knows of a client that froze, of a tab that closed, of a pause.

The product on its default settings: two processes on a real Redis and a real PostgreSQL, clients over real
sockets. Freezing is what a phone does that sleeps: its connection stands, and nobody reads it. Each figure is
measured a few times, all at once, for most of it is waiting. Prints Markdown.
"""

import argparse
import asyncio
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from redis.asyncio import Redis

from db.embedded import EmbeddedServers
from tests.integration import person
from tests.integration.conftest import Meeting
from tests.integration.person import ClientDevice, Person, Refused
from tests.served import Served

_PATIENCE_S = 100
Measure = Callable[["FaultScene"], Awaitable[str]]


class FaultScene:
    """Two nodes, the Redis under them, and couples: she on the first, he on the second."""

    def __init__(
        self, nodes: Sequence[Served], redis_pid: int, web: aiohttp.ClientSession, pairs: int
    ) -> None:
        self.nodes, self.redis_pid, self.pairs = nodes, redis_pid, pairs
        self._web = web

    async def couple(self, join_both: bool = True) -> tuple[ClientDevice, ClientDevice]:
        """Two who seek nobody but each other: countries keep others away, and pairs come one by one."""
        first, second = (node.address for node in self.nodes)
        she = await Person.sign_up(first, self._web, gender="female")
        he = await Person.sign_up(first, self._web, gender="male")
        ana, ben = await she.connect("phone", address=first), await he.connect("phone", address=second)
        await ben.ask("queue:join", mode="voice")
        if join_both:
            await ana.ask("queue:join", mode="voice")
        return ana, ben

    async def live(self) -> Meeting:
        """A call in which media flows."""
        ana, ben = await self.couple()
        call_id = (await ana.next("call:offered"))["call_id"]
        await ben.next("call:offered", call_id=call_id)
        return await Meeting(ana, ben, None, None, call_id).go_live()  # type: ignore[arg-type]

    async def all_live(self) -> list[Meeting]:
        """So many calls at once."""
        return [await self.live() for _ in range(self.pairs)]


def freeze(device: ClientDevice) -> None:
    """Its connection stands, and nobody reads it: pings stay unanswered."""
    device._client.eio.ws._response.connection.transport.pause_reading()


async def seconds(waiting: Awaitable[object]) -> float:
    """How long this takes."""
    begun = time.perf_counter()
    await waiting
    return time.perf_counter() - begun


def spread(figures: Sequence[float]) -> str:
    """Least, median and most."""
    return f"{min(figures):.1f} / {statistics.median(figures):.1f} / {max(figures):.1f} s (n={len(figures)})"


async def frozen_at_offer(town: FaultScene) -> str:
    """He waits and freezes; she joins, accepts, and is back in the queue."""
    figures = []
    for _ in range(5):
        ana, ben = await town.couple(join_both=False)
        freeze(ben)
        await ana.ask("queue:join", mode="voice")
        offered = await ana.next("call:offered")
        begun = time.perf_counter()
        await ana.ask("call:accept", call_id=offered["call_id"])
        ended = await ana.next("call:ended", reason="no_answer")
        figures.append(time.perf_counter() - begun)
        assert ended["ticket"]
        await ana.ask("queue:leave")
        await ana.leave()
    return spread(figures)


async def frozen_in_call(town: FaultScene) -> str:
    """He freezes in a call; she hears `reconnecting`."""
    pairs = await town.all_live()

    async def freeze_one(number: int, pair: Meeting) -> float:
        await asyncio.sleep(number * 0.37)  # at no special time of a ping
        freeze(pair.ben)
        return await seconds(pair.ana.next("call:state", state="reconnecting"))

    return spread(await asyncio.gather(*(freeze_one(*each) for each in enumerate(pairs))))


async def closed_tab(town: FaultScene) -> str:
    """He closes his page; she restarts every 6 s, as a page does whose media has failed."""
    pairs = await town.all_live()

    async def close_one(pair: Meeting) -> float:
        await pair.ben.leave()

        async def restart() -> None:
            for epoch in range(1, 6):
                await asyncio.sleep(6)
                await pair.ana.ask("call:restart", call_id=pair.call_id, epoch=epoch)

        restarting = asyncio.create_task(restart())
        took = await seconds(pair.ana.next("call:ended", call_id=pair.call_id))
        restarting.cancel()
        await asyncio.gather(restarting, return_exceptions=True)
        return took

    return spread(await asyncio.gather(*(close_one(pair) for pair in pairs)))


async def _survivors(pairs: Sequence[Meeting], afterwards_s: float) -> str:
    await asyncio.sleep(afterwards_s)
    lost = sum(pair.ana.has_heard("call:ended") > 0 or pair.ben.has_heard("call:ended") > 0 for pair in pairs)
    closed = sum(device.closed.is_set() for pair in pairs for device in (pair.ana, pair.ben))
    return f"{lost} of {len(pairs)} calls lost ({closed} sockets closed)"


@asynccontextmanager
async def _stopped(pid: int) -> AsyncIterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def paused_node(town: FaultScene) -> str:
    """The second node stands still for 17 s, longer than a lease."""
    pairs = await town.all_live()
    async with _stopped(town.nodes[1].pid):
        await asyncio.sleep(17)
    return await _survivors(pairs, 30)


async def frozen_redis(town: FaultScene) -> str:
    """Redis stands still for 33 s."""
    pairs = await town.all_live()
    async with _stopped(town.redis_pid):
        await asyncio.sleep(33)
    return await _survivors(pairs, 40)


MEASURES: dict[str, Measure] = {
    m.__name__: m for m in (frozen_at_offer, frozen_in_call, closed_tab, paused_node, frozen_redis)
}


@asynccontextmanager
async def town(pairs: int) -> AsyncIterator[FaultScene]:
    """Everything that runs; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="rc-faults-") as folder:
        async with (
            EmbeddedServers.open(Path(folder), postgres=True, redis=True, log=lambda *_: None) as urls,
            Redis.from_url(urls.redis_url) as redis,
            aiohttp.ClientSession() as web,
        ):
            redis_pid = int((await redis.info("server"))["process_id"])
            given = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url, "LOG_LEVEL": "ERROR"}
            given |= {"ANSWER_S": "3", "OFFER_SILENCE_S": "2", "CALL_SILENCE_S": "7"}  # as by default
            nodes = [Served(**given), Served(**given)]
            for node in nodes:
                await node.start()
            try:
                yield FaultScene(nodes, redis_pid, web, pairs)
            finally:
                for node in nodes:
                    await node.stop(signal.SIGKILL)


async def main(names: Sequence[str], pairs: int) -> None:
    """Each on a town of its own, so that none pays for the fault before."""
    print("| what | least / median / most |\n|---|---|")
    for name in names:
        async with town(pairs) as here:
            try:
                said = await MEASURES[name](here)
            except (AssertionError, Refused) as missing:
                said = f"failed: {missing}"
            print(f"| {name.replace('_', ' ')} | {said} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES], help="all unless named")
    parser.add_argument("--pairs", type=int, default=20, help="calls at once")
    options = parser.parse_args()
    person.PATIENCE_S = _PATIENCE_S  # type: ignore[attr-defined]  # all that its people wait for
    asyncio.run(main(options.measures or list(MEASURES), options.pairs))
