"""Two nodes on one Redis, and people who know each other: presence as its users meet it."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, suppress

from core.contract.presence import Presence as Shown
from core.contract.presence import PresenceChanged, PresenceSet, PresenceWatch
from core.ids import new_id
from core.vocabulary import OwnStatus, Status
from core.wire.message import Event
from db.redis.bus import Bus
from db.redis.multiplexed import RedisClient
from db.redis.presence import RedisPresence
from realtime.gateway.caller import Caller
from realtime.presence.presence import PresenceService
from realtime.presence.views import Views
from realtime.presence.watches import Watches
from tests.patience import PATIENCE_S

LEASE_S = 30


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_750_000_000_000

    def __call__(self) -> int:
        return self.now


class Society:
    """What Postgres and the queue would say: connections between users, who is in a call, who waits."""

    def __init__(self) -> None:
        self.friends: set[frozenset[str]] = set()
        self.calling: set[str] = set()
        self.waiting: set[str] = set()
        self.hiding: set[str] = set()
        self.held_up: asyncio.Event | None = None
        self.asked: Counter[str] = Counter()

    def connected(self, pairs: Collection[tuple[str, str]]) -> asyncio.Future[frozenset[tuple[str, str]]]:
        self.asked["who may see"] += 1
        found = frozenset(pair for pair in pairs if frozenset(pair) in self.friends)
        return asyncio.ensure_future(asyncio.sleep(0, found))

    def hiding_last_seen(self, user_ids: Collection[str]) -> asyncio.Future[frozenset[str]]:
        self.asked["who hides"] += 1
        return asyncio.ensure_future(asyncio.sleep(0, frozenset(user_ids) & self.hiding))

    async def in_call(self, user_ids: Collection[str]) -> frozenset[str]:
        self.asked["who is in a call"] += 1
        if self.held_up is not None:  # one question, and none after it
            held_up, self.held_up = self.held_up, None
            await held_up.wait()
        return frozenset(user_ids) & self.calling

    async def queuing(self, user_ids: Collection[str]) -> frozenset[str]:
        return frozenset(user_ids) & self.waiting


class FakeSockets:
    """The connections of a node, and what was sent to each."""

    def __init__(self) -> None:
        self.inbox: dict[str, asyncio.Queue[Event]] = defaultdict(asyncio.Queue)
        self.here: set[str] = set()

    def __len__(self) -> int:
        return len(self.here)

    def holds(self, sid: str) -> bool:
        return sid in self.here

    def send(self, sids: Iterable[str], event: Event) -> None:
        for sid in sids:
            self.inbox[sid].put_nowait(event)


class PresenceClient:
    """A connection of a user to a node."""

    def __init__(self, node: "PresenceNode", user_id: str, device: str) -> None:
        self.node, self.user_id = node, user_id
        self.caller = Caller(user_id, new_id(), device, new_id())

    async def arrive(self) -> "PresenceClient":
        self.node.sockets.here.add(self.caller.sid)
        await self.node.presence.arrived(self.caller)
        return self

    async def leave(self) -> frozenset[str]:
        self.node.sockets.here.discard(self.caller.sid)
        return await self.node.presence.departed(self.caller)

    async def set(self, status: OwnStatus) -> None:
        await self.node.presence.set(self.caller, PresenceSet(status=status))

    async def watch(self, *user_ids: str) -> dict[str, Shown]:
        answer = await self.node.presence.watch(self.caller, PresenceWatch(user_ids=list(user_ids)))
        return {shown.user_id: shown for shown in answer.presences}

    async def hears(self, user_id: str, status: Status) -> PresenceChanged:
        """Events until this one; fails with what came instead."""
        heard: list[Event] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    event = await self.node.sockets.inbox[self.caller.sid].get()
                    heard.append(event)
                    assert isinstance(event, PresenceChanged)
                    if (event.user_id, event.status) == (user_id, status):
                        return event
        raise AssertionError(f"never heard that {user_id} is {status}; heard {heard}")

    @property
    def heard_nothing(self) -> bool:
        return self.node.sockets.inbox[self.caller.sid].empty()


class PresenceNode:
    """One process: its own bus, sockets and watches."""

    def __init__(self, redis: RedisClient, bus: Bus, society: Society, time: Time) -> None:
        self.sockets, self.watches, self.bus = FakeSockets(), Watches[Shown](), bus
        self.store = RedisPresence(redis)
        self.presence = PresenceService(
            store=self.store,
            companions=society,
            choices=society,
            calls=society,
            queue=society,
            channels=bus,
            sockets=self.sockets,
            watches=self.watches,
            views=Views(lambda: time.now / 1000),
            clock=time,
            lease_s=LEASE_S,
        )

    def client(self, user_id: str, device: str = "phone") -> PresenceClient:
        return PresenceClient(self, user_id, device)


@asynccontextmanager
async def node_on(redis: RedisClient, society: Society, time: Time) -> AsyncIterator[PresenceNode]:
    async with Bus(redis, new_id()) as bus:
        node = PresenceNode(redis, bus, society, time)
        running = asyncio.create_task(node.presence.run())
        yield node
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
