"""A queue with everything around it, and a node or several that match in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from core.contract.queue import Preferences
from core.ticket import Ticket
from core.vocabulary import Mode
from matching.apart import Apart
from matching.policy import Policy
from matching.recorder import Recorder
from realtime.matchmaking.figures import Figures
from realtime.matchmaking.matchmaker import Matchmaker, Reach
from realtime.matchmaking.outlooks import Outlooks
from realtime.matchmaking.queue import Queue
from realtime.matchmaking.reunions import Reunions
from realtime.matchmaking.seekers import Seekers
from realtime.matchmaking.sweep import Rhythm, Sweeper
from services.caller import Caller
from services.cool_downs import CoolDowns
from services.ports import TicketStore
from tests.heard import Heard
from tests.matching.people import Clock, Offers, People, new_id

LEASE_MS = 10_000
APART = Apart(met_ms=86_400_000, unanswered_ms=86_400_000)


class Node:
    """One process: its queue, its matchmaker and its sweep over a shared store."""

    def __init__(
        self,
        tickets: TicketStore,
        people: People,
        events: Heard,
        clock: Callable[[], int],
        policy: Policy,
        name: str,
        alone_ms: int = 0,
    ) -> None:
        self.offers = Offers(people)
        self.seekers = Seekers()
        self.registry = CollectorRegistry()
        self.figures = Figures(self.registry)
        outlooks = Outlooks(tickets, policy, clock)
        self.queue = Queue(
            tickets,
            people,
            people,
            events,
            self.seekers,
            policy,
            outlooks,
            clock,
            new_id,
            people.look_at,
            CoolDowns(),
            self.figures,
            region="main",
            lease_ms=LEASE_MS,
            apart=APART,
        )
        self.offers.queue, self.offers.tickets = self.queue, tickets
        reach = Reach(candidates=64, apart=APART, alone_ms=alone_ms)
        self.matchmaker = Matchmaker(
            tickets,
            people,
            self.offers,
            self.seekers,
            policy,
            outlooks,
            reach,
            Recorder(policy, 8),
            self.figures,
            clock,
            new_id,
        )
        self.sweeper = Sweeper(
            tickets,
            self.matchmaker,
            events,
            people.look_at,
            policy,
            outlooks,
            64,
            Rhythm(),
            Reunions(tickets, people, policy, reach, clock),
            self.figures,
            clock,
            name,
        )


class House:
    """Everything around the queue, with time under control."""

    def __init__(
        self, tickets: TicketStore, nodes: int = 1, *, alone_ms: int = 0, skews: Sequence[int] = ()
    ) -> None:
        """`skews`: by how many ms the clock of each node is ahead."""
        self.tickets = tickets
        self.people, self.events, self.clock, self.policy = People(), Heard(), Clock(), Policy()
        around = (tickets, self.people, self.events)
        self.nodes = [
            Node(*around, self.clock.ahead(skew), self.policy, f"node {n}", alone_ms)
            for n, skew in enumerate(skews or [0] * nodes)
        ]
        first = self.nodes[0]
        self.queue, self.matchmaker, self.sweep = first.queue, first.matchmaker, first.sweeper.sweep

    async def join(self, user_id: str, mode: Mode = "video", device: str = "", **wanted: object) -> Ticket:
        return await self.queue.enqueue(
            user_id,
            device or user_id,
            mode,
            Preferences(**wanted),  # type: ignore[arg-type]
        )

    @asynccontextmanager
    async def matching(self) -> AsyncIterator[None]:
        """The matchmakers of all nodes at work."""
        jobs = [asyncio.create_task(node.matchmaker.run()) for node in self.nodes]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    def pairs(self) -> list[frozenset[str]]:
        return [pair for node in self.nodes for pair in node.offers.pairs()]

    async def until_pairs(self, number: int, within_s: float = 10) -> None:
        """Wait for so many offers; says how far it came when they do not."""
        try:
            async with asyncio.timeout(within_s):
                while len(self.pairs()) < number:
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{len(self.pairs())} of {number} pairs were offered") from None


def caller(user_id: str) -> Caller:
    return Caller(user_id=user_id, session_id=new_id(), device=f"device of {user_id}", sid=new_id())
