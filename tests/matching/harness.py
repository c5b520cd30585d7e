"""A queue with everything around it, and a node or several that match in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from composition.matching import Matching
from core.contract.queue import Preferences
from core.settings import Settings
from core.ticket import Ticket
from core.vocabulary import Mode
from matching.policy import Policy
from realtime.gateway.caller import Caller
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.newcomers import Newcomers
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.sweep import Rhythm
from tests.heard import Heard
from tests.matching.people import ManualClock, People, PeopleOffers, new_id
from tests.patience import PATIENCE_S

LEASE_MS = 10_000
SETTINGS = Settings(queue_lease_s=LEASE_MS // 1000, candidates=64, no_show_apart_s=86_400)
AT_ONCE = Rhythm(search_ms=0)  # it judges whoever waits


class MatchingNode:
    """One process: its queue, its matchmaker and its sweep over a shared store."""

    def __init__(
        self,
        tickets: TicketStore,
        people: People,
        events: Heard,
        clock: Callable[[], int],
        name: str,
        settings: Settings,
        rhythm: Rhythm,
        alone: bool,
    ) -> None:
        self.offers = PeopleOffers(people)
        self.registry = CollectorRegistry()
        matching = Matching(
            tickets=tickets,
            newcomers=Newcomers(tickets, people),
            eligibility=people,
            events=events,
            changed=people.look_at,
            metrics=MatchingMetrics(self.registry),
            settings=settings,
            clock=clock,
            new_id=new_id,
        )
        self.queue, self.search_queue = matching.queue, matching.search_queue
        self.offers.queue, self.offers.tickets = self.queue, tickets
        search = matching.search(self.offers, node_id=name, rhythm=rhythm, alone=alone)
        self.matchmaker, self.sweeper, self.shadow = search.matchmaker, search.sweeper, search.shadow


class Harness:
    """Everything around the queue, with time under control."""

    def __init__(
        self,
        tickets: TicketStore,
        nodes: int = 1,
        *,
        alone_s: int = 0,
        skews: Sequence[int] = (),
        rhythm: Rhythm = AT_ONCE,
        alone: bool = False,
        shadow: str = "",
    ) -> None:
        """`skews`: by how many ms the clock of each node is ahead. `rhythm`: of the sweep.

        `alone`: as of `Matchmaker`. `shadow`: settings that are tried beside those in force.
        """
        settings = replace(SETTINGS, rematch_alone_s=alone_s, match_shadow=shadow)
        self.tickets = tickets
        self.people, self.events, self.clock = People(), Heard(), ManualClock()
        self.policy = Policy.of(settings)
        around = (tickets, self.people, self.events)
        self.nodes = [
            MatchingNode(*around, self.clock.ahead(skew), f"node {n}", settings, rhythm, alone)
            for n, skew in enumerate(skews or [0] * nodes)
        ]
        first = self.nodes[0]
        self.queue, self.matchmaker, self.sweep = first.queue, first.matchmaker, first.sweeper.sweep

    async def join(self, user_id: str, mode: Mode = "video", device: str = "", **wanted: Any) -> Ticket:
        placed = await self.queue.enqueue(user_id, device or user_id, mode, Preferences(**wanted))
        return placed.ticket

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

    async def until_pairs(self, number: int) -> None:
        """Wait for so many offers; says how far it came when they do not."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(self.pairs()) < number:
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{len(self.pairs())} of {number} pairs were offered") from None


def caller(user_id: str) -> Caller:
    return Caller(user_id=user_id, session_id=new_id(), device=f"device of {user_id}", sid=new_id())
