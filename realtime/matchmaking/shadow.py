"""A second policy beside the one in force: it judges the same searches, and nothing comes of it.

A search only notes what it has seen; that is judged afterwards, in the time that the shadow may take, and
what is too much is left out and counted. Of those whom only the shadow would have matched, some are watched
until they wait no more: how many left with nobody is the most that the other policy could have won of them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence, Set

from msgspec import Struct

from core.clock import Clock
from core.ticket import Ticket
from db.periodic import PeriodicJob, PeriodicTask
from matching.policy import Choice, Policy
from matching.shadow import best, compared
from realtime.matchmaking.markets import Markets
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.shadow_metrics import ShadowMetrics

_EVERY_S = 0.5
_BUDGET_S = 0.02  # in that time: 4 % of a core at most, and never more than one search in a row
_NOTED = 64
_WATCHED = 64
_LOOK_S = 5.0


class _Search(Struct, frozen=True):
    """What a search has seen, and whom it chose of them, at the time `at` (ms)."""

    seeker: Ticket
    seen: Sequence[Ticket]
    avoid: Set[str]
    won: Choice | None
    at: int


class Shadow(PeriodicJob):
    """Judges searches by the policy `tried`. `markets` are its own: it asks otherwise of the same market."""

    def __init__(
        self,
        *,
        tickets: TicketStore,
        in_force: Policy,
        tried: Policy,
        metrics: ShadowMetrics,
        clock: Clock,
        budget_s: float = _BUDGET_S,
    ) -> None:
        self._tickets, self._in_force, self._tried = tickets, in_force, tried
        self._markets, self._metrics = Markets(tickets, tried, clock), metrics
        self._budget_s = budget_s
        self._noted = deque[_Search]()
        self._watched: dict[str, Ticket] = {}
        self._judging = PeriodicTask(_EVERY_S, self.judge, failing="nothing is judged in the shadow")
        self._looking = PeriodicTask(_LOOK_S, self.look, failing="nobody looks at those in the shadow")
        self.loops = (self._judging, self._looking)

    def note(
        self,
        seeker: Ticket,
        seen: Sequence[Ticket],
        choices: Sequence[Choice],
        avoid: Set[str] | None,
        now: int,
    ) -> None:
        """A search has seen these, and prefers of them these, the best first. It costs next to nothing.

        `avoid`: whom they must not meet, where that is known already.
        """
        if seeker.probe:
            return
        if len(self._noted) >= _NOTED:
            self._metrics.dropped()
            return
        apart = avoid or frozenset()
        self._noted.append(_Search(seeker, seen, apart, best(choices, apart), now))

    async def judge(self) -> None:
        """What was noted, in the time there is for it; others run after each. The rest is left out."""
        left_s = self._budget_s
        while self._noted:
            search = self._noted.popleft()
            if left_s <= 0:
                self._metrics.dropped()
                continue
            # What fails here must not make the node one that is not ready.
            with self._judging.enduring("a search cannot be judged in the shadow", ticket=search.seeker.id):
                left_s -= await self._judged(search)
            await asyncio.sleep(0)

    async def look(self) -> None:
        """What became of those who are watched."""
        for ticket in tuple(self._watched.values()):
            with self._looking.enduring("nobody sees how a wait has ended", ticket=ticket.id):
                await self._look_at(ticket)

    async def _judged(self, search: _Search) -> float:
        """How many seconds it took."""
        values = await self._markets.of(search.seeker.mode)
        begun = time.perf_counter()
        others = (other for other in search.seen if other.id != search.seeker.id)
        survey = self._tried.survey(search.seeker, others, search.avoid, search.at, values)
        instead = best(survey.choices, ())
        found = compared(search.seeker, search.won, instead, self._in_force, self._tried, search.at)
        if found.parting == "sooner" and len(self._watched) < _WATCHED:
            self._watched[search.seeker.id] = search.seeker
        took = time.perf_counter() - begun
        self._metrics.judged(found, took)
        return took

    async def _look_at(self, ticket: Ticket) -> None:
        now = await self._tickets.of(ticket.user_id)
        if now is not None and now.id == ticket.id:
            return
        out = (await self._tickets.before(ticket.user_id)).out
        del self._watched[ticket.id]
        if out:  # it is forgotten after an hour, or when Redis loses its data
            self._metrics.ended("left" if out == ticket.id else "matched")
