"""Several nodes on common stores, of the product's own classes, with time and each step under control."""

import asyncio
import sys
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from itertools import count, cycle
from typing import Any

import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from composition.calls import CallParts
from composition.matching import Matching
from core.contract.direct_calls import CallInvite, Invited
from core.contract.queue import Preferences
from core.errors import AppError
from core.settings import Settings
from core.ticket import Placed
from core.vocabulary import Mode
from db.outage import OUTAGES
from db.postgres.applicants import Applicant, Asked
from db.redis.call_shards import SHARDS
from db.redis.rate_limits import NoLimits
from matching.policy import Policy
from matching.rematch import Since
from matching.reservation_value import ReservationParameters
from realtime.calls.eligibility import EligibilityService
from realtime.calls.metrics import CallMetrics
from realtime.calls.recorder import Recorder
from realtime.gateway.caller import Caller
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.newcomers import Newcomer, Newcomers
from realtime.matchmaking.sweep import Rhythm
from signaling.call import Call, Rules
from signaling.messages import CallMessage
from tests.heard import Heard
from tests.matching.journal import Journal
from tests.matching.memory_calls import MemoryLines, NoTimelines
from tests.matching.people import ManualClock, People
from tests.matching.steps import Loop, Operation, Port
from tests.matching.stores import Snapshot, StorePair

LEASE_MS = 10_000
PATIENCE_MS = 60_000
SETTINGS = Settings(
    queue_lease_s=LEASE_MS // 1000,
    queue_s=PATIENCE_MS // 1000,
    candidates=64,
    no_show_apart_s=86_400,
    answer_s=3_600,  # how long something takes is for the test to say: no machine is so slow
)
STRANGERS = 6  # friends for direct calls, at the end of the people
MODES: tuple[Mode, ...] = ("video", "voice")
TURNS = 100  # of the loop, until all that need not wait has stopped again


class Anybodys:
    """Nobody waits for their turn, as the one before may stand still for ever: the store has to stand it."""

    def of(self, call_id: str) -> AbstractAsyncContextManager[object]:
        return nullcontext()


class AloneNewcomers(Newcomers):
    """Each join reads by itself: it must not go on by the steps of another, which may stand still or die."""

    async def of(self, user_id: str, now: int, since: Since) -> Newcomer:
        [newcomer] = await self.read([(user_id, now, since)])
        return newcomer


class SimulatedNode:
    """One process, as `composition/realtime.py` composes it, less the gateway."""

    def __init__(self, world: "Simulation", name: str) -> None:
        def port(real: Any, name: str, *, sure: bool = False) -> Any:
            return Port(real, name, world.journal.note, sure=sure)

        tickets, calls = port(world.stores.tickets(), "tickets"), port(world.stores.calls, "calls")
        record, events = port(world.stores.record, "record"), port(world.events, "events")
        people = port(Accounts(world.people, world.stores.record), "people")
        presence = port(world.presence, "presence", sure=True)

        def clock() -> int:
            return world.clock() + world.skews.get(name, 0)

        def new_id() -> str:
            return world.new_id(clock())

        call_metrics, recorder = CallMetrics(), Recorder(NoTimelines(), clock, on=False)
        eligibility = EligibilityService(
            calls, record, record, Rules.of(SETTINGS), clock, lambda: 0, call_metrics, recorder
        )
        self.eligibility = eligibility
        metrics = MatchingMetrics(CollectorRegistry())
        matching = Matching(
            tickets=tickets,
            newcomers=AloneNewcomers(tickets, people),
            eligibility=eligibility,
            events=events,
            changed=presence.changed,
            metrics=metrics,
            settings=world.settings,
            clock=clock,
            new_id=new_id,
            policy=world.policy,
        )
        self.name, self.queue, self.search_queue = name, matching.queue, matching.search_queue
        made = CallParts(
            calls=calls,
            lines=port(world.lines, "lines"),
            record=record,
            direct=record,
            connections=record,
            eligibility=eligibility,
            tickets=tickets,
            queue=self.queue,
            reports=record,
            trust=presence,
            missed=NobodyIsTold(),
            presence=presence,
            events=events,
            metrics=metrics,
            call_metrics=call_metrics,
            recorder=recorder,
            settings=world.settings,
            clock=clock,
            limiter=NoLimits(),
            new_id=world.new_id,
            turns=Anybodys(),
        )
        self.offers, self.call_service, self.deadline_worker, self.direct_calls = (
            made.offers,
            made.call_service,
            made.deadline_worker,
            made.direct_calls,
        )
        search = matching.search(self.offers, node_id=name, rhythm=Rhythm(search_ms=0))
        self.matchmaker, self.sweeper = search.matchmaker, search.sweeper

    async def search(self) -> None:
        """What a worker of the matchmaker does for the next seeker."""
        ticket, joined = await self.search_queue.next()
        await self.matchmaker.seek(ticket, joined=joined)

    async def handle_deadlines(self) -> None:
        """What the deadline worker does each time it looks."""
        for shard in range(SHARDS):
            await self.deadline_worker.handle(shard)

    @property
    def has_searches(self) -> bool:
        return bool(self.search_queue)


class NobodyIsTold:
    """Of calls that they have missed: that is the record's."""

    async def tell(self, call_id: str, user_ids: Iterable[str], now: int) -> None:
        return

    async def tell_of(self, call_id: str, user_id: str, by: str, room_id: str | None, now: int) -> None:
        return


class Accounts:
    """Applicants as one statement finds them: their account, and what is on record of them."""

    def __init__(self, people: People, record: Any) -> None:
        self._people, self._record = people, record

    async def applicants(self, asked: Sequence[Asked]) -> list[Applicant | None]:
        return [
            who
            and replace(
                who,
                call_id=await self._record.active_call(user_id),
                avoid=await self._record.avoid(user_id, since),
            )
            for who, (user_id, _, since) in zip(await self._people.applicants(asked), asked, strict=True)
        ]


class Onlookers:
    """Stands for presence and trust, which are told of people's status and behaviour; never fails."""

    async def changed(self, user_id: str) -> None:
        return None

    async def judge(self, user_id: str) -> None:
        return None


class Simulation:
    """Everything around the nodes. Its own doings (`do`) are not steps: they happen at once."""

    def __init__(self, loop: Loop, stores: StorePair, nodes: int) -> None:
        self.loop, self.stores = loop, stores
        self.clock, self.journal, self.events = ManualClock(), Journal(), Heard()
        self.people, self.presence, self.lines = People(), Onlookers(), MemoryLines()
        self.settings = SETTINGS
        # Waiting is worth nothing here: everybody who is permitted is worth taking.
        self.policy = Policy(stance=ReservationParameters(horizon=0.0), patience_ms=PATIENCE_MS)
        self._numbers = count(1)
        self.operations: list[Operation] = []
        self.away: set[str] = set()  # users whom no node holds a connection of
        self.ever_away: set[str] = set()
        self.devices: dict[str, str] = {}
        self.skews: dict[str, int] = {}  # node -> by how many ms its clock is ahead
        self._strangers = cycle(stores.people[-STRANGERS:])
        self.nodes = [SimulatedNode(self, f"node {n}") for n in range(nodes)]
        self.record = Port(stores.record, "record", self.journal.note)
        self.tickets = stores.tickets()

    def new_id(self, now: int | None = None) -> str:
        """A UUIDv7 of the simulated time, or of what a node takes for it, the same in each run."""
        stamp = f"{self.clock() if now is None else now:012x}"
        return f"{stamp[:8]}-{stamp[8:]}-7000-8000-{next(self._numbers):012x}"

    def settle_in(self, user_id: str, **facts: Any) -> str:
        """An account with this profile."""
        tier = facts.pop("tier", "neutral")
        self.people.add(user_id=user_id, **facts)
        self.people.accounts[user_id] = replace(self.people.accounts[user_id], tier=tier)
        return user_id

    def tick(self) -> None:
        self.clock.pass_ms(1)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def start(self, name: str, work: Coroutine[Any, Any, Any], calls: int | None = None) -> Operation:
        """An operation that makes so many calls and then stands still; None: all of them."""
        operation = Operation(self.loop, name, work, self.journal.steps, self.clock(), self.tick)
        self.operations.append(operation)
        self.go(operation, calls)
        return operation

    def go(self, operation: Operation, calls: int | None = None, **how: Any) -> None:
        operation.go(calls, **how)
        if operation.ended:
            self._conclude(operation)

    def _conclude(self, operation: Operation) -> None:
        self.operations.remove(operation)
        if operation.error is not None and not self._expected(operation):
            raise operation.error

    def _expected(self, operation: Operation) -> bool:
        away = isinstance(operation.error, OUTAGES)
        return operation.harmed if away else isinstance(operation.error, AppError)

    def overtake(self) -> None:
        """Whatever stands still takes longer than a command waits for what others can do later."""
        self.loop.ahead_s += self.settings.aside_s
        for _ in range(TURNS):
            self.do(asyncio.sleep(0))
        for operation in [operation for operation in self.operations if operation.ended]:
            self._conclude(operation)

    def crash(self, node: SimulatedNode) -> None:
        """The process ends, between any two steps of whatever it was doing, and starts anew."""
        for operation in [operation for operation in self.operations if operation.name.startswith(node.name)]:
            operation.die()
            self.operations.remove(operation)
        self.nodes[self.nodes.index(node)] = SimulatedNode(self, node.name)

    def join(
        self, node: SimulatedNode, user_id: str, mode: Mode, wanted: Preferences
    ) -> Coroutine[Any, Any, Placed]:
        return node.queue.enqueue(user_id, self.device(user_id), mode, wanted)

    def device(self, user_id: str) -> str:
        return self.devices.get(user_id, f"device of {user_id}")

    def tell(self, node: SimulatedNode, call_id: str, message: CallMessage) -> Coroutine[Any, Any, Call]:
        return node.call_service.tell(call_id, message)

    def pass_ms(self, ms: int, *, still_ms: int) -> None:
        """Time passes; who is connected keeps the lease. Operations that stand still for so long are dead."""
        self.ever_away |= self.away
        end = self.clock() + ms
        while self.clock() < end:
            self.clock.pass_ms(min(LEASE_MS // 3, end - self.clock()))
            here = [user for user in self.people.accounts if user not in self.away]
            self.do(self.tickets.renew(here, self.clock() + LEASE_MS))
        for operation in [
            operation for operation in self.operations if self.clock() - operation.begun_ms > still_ms
        ]:
            operation.die()
            self.operations.remove(operation)

    def block(self, one: str, other: str) -> None:
        if frozenset((one, other)) not in self.journal.blocks:
            self.do(self.stores.record.block(one, other))
            self.journal.steps += 1
            self.journal.blocks[frozenset((one, other))] = self.journal.steps

    def ban(self, user_id: str) -> None:
        self.do(self.stores.record.ban(user_id))
        self.people.accounts[user_id] = replace(self.people.accounts[user_id], banned=True)
        self.journal.banned.add(user_id)

    def invite(self, node: SimulatedNode, user_id: str, *, outgoing: bool) -> Coroutine[Any, Any, Invited]:
        """A direct call to a friend, or by one."""
        friend = next(self._strangers)
        connection_id = f"{user_id} {friend}"
        self.stores.record.connections[connection_id] = (user_id, friend)
        inviter = user_id if outgoing else friend
        caller = Caller(inviter, "", self.device(inviter), "")
        return node.direct_calls.invite(caller, CallInvite(connection_id=connection_id, mode="voice"))

    @property
    def spread(self) -> int:
        """By how many ms the clocks of two nodes, or of one and the world, differ at most."""
        return max((0, *self.skews.values())) - min((0, *self.skews.values()))

    def tend(self) -> None:
        """What happens by itself, undisturbed: all nodes search, and any sweeps and handles deadlines.

        The one whose clock is ahead: to it everything is due.
        """
        node = max(self.nodes, key=lambda one: self.skews.get(one.name, 0))
        for mode in MODES:
            self.start(f"{node.name} sweeps", node.sweeper.sweep(mode))
        self.start(f"{node.name} handles deadlines", node.handle_deadlines())
        for node in self.nodes:
            while node.has_searches:
                self.start(f"{node.name} searches", node.search())

    def snapshot(self) -> Snapshot:
        seen: Snapshot = self.do(self.stores.snapshot())
        return seen


@contextmanager
def logging_to(wrong: list[str]) -> Iterator[None]:
    """What the product catches and logs is wrong, unless it is an outage."""

    def note(_logger: object, _method: str, line: Any) -> Any:
        error = sys.exc_info()[1]
        if line.get("exc_info") and not isinstance(error, OUTAGES):
            wrong.append(f"{line.get('event')}: {error!r}")
        raise structlog.DropEvent

    before: dict[str, Any] = structlog.get_config()
    structlog.configure(processors=[note])
    try:
        yield
    finally:
        structlog.configure(**before)
