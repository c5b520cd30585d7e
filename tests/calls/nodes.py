"""One node's stores and services, and the steps of a call that a crash may fall between."""

import time
from collections.abc import Callable, Iterable
from functools import partial

from composition.foundation import Foundation
from composition.gateway import leases, liveness
from composition.live_stores import LiveStores
from composition.services import Services
from core.clock import now_ms
from core.ids import new_id
from core.settings import Settings
from core.ticket import Claim, Ticket
from core.token_bucket import Pace
from db.postgres.pool import Pool
from db.redis.bus import Bus
from db.redis.event_log import EventId
from db.redis.multiplexed import RedisClient
from realtime.background.leases import LeaseJudge, Leases
from realtime.gateway.caller import Caller
from realtime.gateway.command_queue import CommandQueue
from realtime.gateway.connection import Connection, Opening
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.liveness import LivenessMonitor
from realtime.gateway.socket_writer import SocketWriter, T
from realtime.gateway.subscription import Subscription
from signaling.call import Call, Rules, offer
from signaling.messages import Accept, CallMessage, Connected
from signaling.transitions import advance
from tests.stores.world import since

REGION = "mishaps"  # nobody of another test is matched with who waits here


class Silence:
    """The writer of a node that nobody is connected to."""

    def together(self, work: Callable[[], T]) -> T:
        return work()

    def emit_encoded(
        self,
        event: str,
        payload: bytes,
        to: str | Iterable[str],
        *,
        offset: str | None = None,
        volatile: bool = False,
    ) -> int:
        return 0

    async def disconnect(self, sid: str) -> None:
        return

    def close(self, sid: str, reason: str) -> None:
        return

    def owes(self, sid: str) -> bool:
        return False

    def ping(self, sid: str) -> None:
        return

    def heard(self, sid: str) -> bool:
        return False


class CallNode:
    """What composition/realtime.py puts together, less the gateway."""

    def __init__(self, pool: Pool, redis: RedisClient, bus: Bus, settings: Settings) -> None:
        base = Foundation(settings, pool, redis, bus, node_id=new_id())
        self.stores = LiveStores(base)
        self.connections = ConnectionRegistry(Silence())
        self.metrics = base.registry
        self.services = Services(self.stores, base, self.connections)
        self.rules = Rules.of(settings)
        self.settings = settings

    def liveness(self, writer: SocketWriter, time_s: Callable[[], float] = time.monotonic) -> LivenessMonitor:
        """What notices that one of those whom this node holds has fallen silent."""
        return liveness(self.services, self.settings, self.connections, writer, time_s)

    def leases(self, *, every_s: float, lease_s: float) -> Leases:
        """What renews for those whom this node holds, and looks for what others have left."""
        lease_judge = LeaseJudge(every_s=every_s, lease_s=lease_s)
        return leases(
            self.services,
            self.connections,
            self.liveness(Silence()),
            every_s=every_s,
            lease_judge=lease_judge,
        )

    def holds(self, user_id: str) -> Caller:
        """A connection of this user to this node, which nothing is sent to."""
        caller, now = Caller(user_id, new_id(), f"phone of {user_id}", new_id()), now_ms()
        connection = Connection(
            caller,
            Opening(new_id(), False, EventId(now, 0), ""),
            expires_at=now + 900_000,
            subscription=Subscription(lambda _: None, partial(self.stores.events.after, user_id)),
            command_queue=CommandQueue(8),
            pace=Pace(()),
            listener=lambda _: None,
        )
        self.connections.add(connection)
        return caller

    async def ticket(self, user_id: str) -> Ticket:
        [applicant] = await self.stores.applicants.applicants([(user_id, now_ms(), since(now_ms()))])
        assert applicant is not None
        return Ticket(
            id=new_id(),
            user_id=user_id,
            region=REGION,
            mode="video",
            joined_at=now_ms(),
            device=f"phone of {user_id}",
            card=applicant.card,
            genders=("female", "male", "other"),
            age_min=18,
            age_max=120,
        )

    async def claim(self, users: tuple[str, str], *, at: int | None = None) -> Claim:
        """Two tickets that a matchmaker has just taken; nothing has come of them yet."""
        at = at or now_ms()
        first, second = [await self.ticket(user_id) for user_id in users]
        for ticket in (first, second):
            await self.stores.tickets.join(ticket, now_ms() + 60_000)
        claim = Claim(call_id=new_id(at), first=first, second=second, claimed_at=at)
        assert (await self.stores.tickets.claim(claim)).outcome == "both"
        return claim

    async def offered(self, users: tuple[str, str]) -> Call:
        """An offer, fenced and kept, of which nobody was told."""
        claim = await self.claim(users)
        call = await self.made_only(claim)
        await self.stores.tickets.settle(claim)
        return call

    async def made_only(self, claim: Claim) -> Call:
        """The same, but the claim still stands."""
        users, now = (claim.first.user_id, claim.second.user_id), now_ms()
        await self.stores.call_records.offer(
            claim.call_id, origin="match", mode="video", region=REGION, users=users, now=now
        )
        call = offer(claim, now, self.rules)
        assert await self.stores.calls.save(call, (), version=0, now=now) is not None
        return call

    async def live(self, users: tuple[str, str]) -> Call:
        """A call in which both hear each other."""
        call = await self.offered(users)
        steps: list[CallMessage] = [Accept(u, f"phone of {u}") for u in users]
        steps += [Connected(u, f"phone of {u}", 1) for u in users]
        for step in steps:
            call = await self.services.call_service.tell(call.id, step)
        return call

    async def saved_only(self, call: Call, message: CallMessage) -> Call:
        """The message is taken and its effects are kept, and the node dies before it performs them."""
        stored = await self.stores.calls.load(call.id)
        assert stored is not None
        changed, effects = advance(stored.call, message, now_ms(), self.rules)
        assert await self.stores.calls.save(changed, effects, version=stored.version, now=now_ms())
        return changed
