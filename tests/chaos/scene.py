"""All that runs: three nodes behind the balancer, a network before it, stores below, and the population."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from tests.chaos import checks
from tests.chaos.history import Unserved
from tests.chaos.population import Population
from tests.chaos.stores import Kind, Stores, open_stores
from tests.chaos.wire import ClientWire
from tests.machines.haproxy import Balancer, balancer
from tests.served import Served

NODES = 3
# As by default, where a test's server has it otherwise; and what a run of half an hour in one network needs.
SETTINGS = {
    "ANSWER_S": "3",
    "OFFER_SILENCE_S": "2",
    "CALL_SILENCE_S": "7",
    "OFFER_S": "8",
    "CONNECT_S": "15",
    "GRACE_S": "20",
    "RING_S": "30",
    "DECISION_S": "30",
    "DRAIN_NOTICE_S": "3",
    "DRAIN_S": "10",
    "TRUSTED_PROXIES": "127.0.0.1",
    "ACCESS_TOKEN_S": "14400",
    "COOL_DOWNS_S": "0",  # offers fail through the faults, not through users
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How long what lasts has to last, and how much of it there is."""

    before_s: float = 2.0
    restart_s: float = 5.0  # until a supervisor has noticed that a node is gone
    times: int = 5  # that clients are cut off
    every_s: float = 3.0
    ghosts_s: float = 20.0  # after which nobody may be seen who is gone
    watched: bool = True  # for all of this time, also when nobody is seen any more
    answer_s: float = 3.0


class Scene:
    """What a fault may lay hands on."""

    def __init__(
        self,
        nodes: Sequence[Served],
        balance: Balancer,
        wire: ClientWire,
        stores: Stores,
        people: Population,
        web: aiohttp.ClientSession,
        chance: Random,
        pace: Pace,
    ) -> None:
        self.nodes, self.balance, self.wire, self.stores = nodes, balance, wire, stores
        self.people, self.web, self.chance, self.pace = people, web, chance, pace
        self._over: float | None = None
        self._read = [0] * len(nodes)

    def begin(self) -> None:
        """Another fault is about to strike."""
        self._over = None

    def over(self) -> None:
        """From here on recovery is counted; without it, from the moment in which the fault's work ends."""
        self._over = time.monotonic()

    @property
    def over_at(self) -> float:
        """When that was."""
        return time.monotonic() if self._over is None else self._over

    async def all_in_use(self) -> None:
        """The balancer uses all nodes."""
        await self.balance.until_in_use(self.web, len(self.nodes))

    async def busiest(self, count: int) -> list[int]:
        """So many nodes, those with most clients: who was killed before, and has none yet, shows nothing."""
        clients = Counter((await self.balance.nodes_of()).values())
        numbers = self.chance.sample(range(len(self.nodes)), len(self.nodes))
        return sorted(numbers, key=lambda number: -clients[number])[:count]

    async def stands_still(self, node: int, seconds: float) -> None:
        """Write down that whoever is with this node now is not served for so long."""
        nodes_of = await self.balance.nodes_of()
        now = time.monotonic()
        for client in self.people.present:
            port = self.wire.outgoing.get(client.port or 0, 0)
            if nodes_of.get(port) == node:
                self.people.history.moments.append(Unserved(now, client.number, now + seconds))

    def tracebacks(self) -> int:
        """How many the nodes have logged since this was asked last, and how many errors."""
        logs = [node.log for node in self.nodes]
        found = sum(checks.faults_logged(log[read:]) for log, read in zip(logs, self._read, strict=True))
        self._read = [len(log) for log in logs]
        return found


@asynccontextmanager
async def scene(
    users: int,
    chance: Random,
    say: Callable[[str], None],
    *,
    kind: Kind = "single",
    stores: Stores | None = None,
    pace: Pace = Pace(),
    settings: Mapping[str, str] = {},
) -> AsyncIterator[Scene]:
    """Set, with everybody there; nothing is left of it. Stores of its own, unless some are given."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rc-chaos-")))
        if stores is None:
            stores = await stack.enter_async_context(open_stores(kind))
        given = {**SETTINGS, **settings, "DATABASE_URL": stores.database_url, "REDIS_URL": stores.redis_url}
        given["MEDIA_STORE"] = f"file://{folder}/media"
        nodes = [Served(**given, NODE_ID=f"node-{number}") for number in range(1, NODES + 1)]
        say("starting three nodes")
        stack.push_async_callback(_stopped, nodes)
        await nodes[0].start()  # it migrates
        await asyncio.gather(*(node.start() for node in nodes[1:]))
        balance = await stack.enter_async_context(balancer(*nodes, quiet=True))
        target = balance.address.removeprefix("http://")
        wire = ClientWire(target, chance)
        await stack.enter_async_context(wire.laid())
        # For all clients, each with a connection of its own.
        connector, no_cookies = aiohttp.TCPConnector(limit=0), aiohttp.DummyCookieJar()
        web = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, cookie_jar=no_cookies)
        )
        await balance.until_in_use(web, NODES)
        people = Population(f"http://127.0.0.1:{wire.port}", web, chance)
        say(f"signing up {users} users")
        await people.sign_up(users)
        stack.push_async_callback(people.end)
        await people.begin()
        yield Scene(nodes, balance, wire, stores, people, web, chance, pace)


async def _stopped(nodes: Sequence[Served]) -> None:
    await asyncio.gather(*(node.stop() for node in nodes), return_exceptions=True)  # some may be dead
