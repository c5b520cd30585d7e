"""The sweep does what no request starts: matches that waiting makes possible, departures, unfinished claims.

Every node sweeps; a turn in Redis keeps two from doing the same work at once. A turn lasts a few
seconds at most, and that is the longest delay that the death of the node that has it can cause.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence, Set
from functools import partial
from itertools import islice
from typing import get_args

from msgspec import Struct

from core.clock import Clock
from core.contract.queue import QueueUpdated
from core.ticket import Claim, Ticket, kind
from core.vocabulary import Mode
from db.periodic import PeriodicJob, PeriodicTask
from matching.candidate_pairs import CandidatePairs, Pair
from matching.reservation_value import ReservationValues
from realtime.matchmaking.context import MatchingContext
from realtime.matchmaking.departures import Departures
from realtime.matchmaking.matchmaker import Matchmaker
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.rematches import Rematches
from realtime.matchmaking.slices import PAUSE_S, Slices
from services.ports import Events

_TOLD_AT_ONCE = 50  # and then a moment for others: each node has as many to tell
_MODES: tuple[Mode, ...] = get_args(Mode)
_RIVALS = 64  # of each pool: shown beside a pair in the record of the match


class Rhythm(Struct, frozen=True, kw_only=True):
    """In ms: between sweeps, longest turn, patience, when a claim is unfinished, between updates, a lease.

    For `search_ms` a ticket is left to the search of its own join, which judges the same.
    """

    sweep_ms: int = 500
    search_ms: int = 1_000
    turn_ms: int = 5_000
    patience_ms: int = 300_000
    unfinished_ms: int = 3_000
    update_ms: int = 3_000
    lease_ms: int = 10_000


class Sweeper(PeriodicJob):
    """Sweeps the pools of one region, each mode by itself.

    `may_judge`: whether an expired lease means that its user is gone, and not that nobody could renew it.
    """

    def __init__(
        self,
        *,
        tickets: TicketStore,
        matchmaker: Matchmaker,
        context: MatchingContext,
        rematches: Rematches,
        departures: Departures,
        events: Events,
        rhythm: Rhythm,
        metrics: MatchingMetrics,
        clock: Clock,
        node: str,
        may_judge: Callable[[], bool] = lambda: True,
        cpu_s: Callable[[], float] = time.thread_time,
    ) -> None:
        self._tickets, self._matchmaker, self._rematches = tickets, matchmaker, rematches
        self._departures, self._events = departures, events
        self._policy, self._markets = context.policy, context.markets
        self._rhythm, self._metrics = rhythm, metrics
        self._clock, self._node, self._may_judge = clock, node, may_judge
        self._slices = partial(Slices, cpu_s)
        self._quiet: set[Mode] = set()
        self.loops = [
            PeriodicTask(
                partial(self._period_s, mode),
                partial(self._in_turn, mode),
                failing=f"the {mode} queue is not swept",
            )
            for mode in _MODES
        ]
        self._pairs = {mode: CandidatePairs(context.policy, context.limits.candidates) for mode in _MODES}

    def _period_s(self, mode: Mode) -> float:
        """Twice as long where nobody waits: who joins is left to a search of their own for a while."""
        return self._rhythm.sweep_ms / (500 if mode in self._quiet else 1000)

    async def _in_turn(self, mode: Mode) -> None:
        await self.in_turn(mode)

    async def in_turn(self, mode: Mode) -> bool:
        """Sweep a mode, if it is this node's turn."""
        turn = await self._tickets.take_turn(mode, self._node, self._rhythm.turn_ms)
        self._metrics.waiting(mode, turn.waiting)
        if not (turn.taken or turn.waiting):
            self._quiet.add(mode)
            return False
        self._quiet.discard(mode)
        if not turn.taken:
            return False
        begun = time.perf_counter()
        await self.sweep(mode)
        self._metrics.swept(mode, time.perf_counter() - begun)
        await self._tickets.end_turn(mode, self._node, self._rhythm.sweep_ms * 4 // 5)
        return True

    async def sweep(self, mode: Mode) -> None:
        """In this order: expired leases, unfinished claims, matches, ended patience, news of the wait."""
        now = self._clock() if self._may_judge() else 0
        await self._departures.tell(await self._tickets.lapse(now, self._rhythm.lease_ms))
        late = self._clock() - self._rhythm.unfinished_ms
        await self._matchmaker.finish(await self._tickets.unfinished(late))
        everyone = await self._tickets.everyone(mode)
        marked = [ticket.user_id for ticket in everyone if ticket.haunts]
        everyone = await self._matchmaker.willing(everyone, marked)
        gone = await self._match(mode, everyone)
        staying = await self._take_leave([ticket for ticket in everyone if ticket.id not in gone])
        await self._update(mode, staying)

    async def _take_leave(self, everyone: Sequence[Ticket]) -> Sequence[Ticket]:
        """Let tickets go that have waited too long, and tell their users. Gives those that stay."""
        now = self._clock()
        overdue = now - self._rhythm.patience_ms
        first = bisect_right(everyone, overdue, key=lambda ticket: ticket.joined_at)
        left = [await self._tickets.leave(t.user_id, "timed_out", t.id, at=now) for t in everyone[:first]]
        await self._departures.tell([departure for departure in left if departure is not None])
        return everyone[first:]

    async def _match(self, mode: Mode, everyone: Sequence[Ticket]) -> Collection[str]:
        """Match those for whom waiting has made a match possible or worthwhile. Gives who is gone."""
        pairs = self._pairs[mode]
        joined_until = self._clock() - self._rhythm.search_ms
        searched = bisect_right(everyone, joined_until, key=lambda ticket: ticket.joined_at)
        slices = self._slices()
        for ticket in pairs.see(everyone[:searched]):
            pairs.add(ticket)
            await slices.end()
        reservation_values = await self._markets.of(mode)
        now = self._clock()
        taken: set[str] = set()
        apart: dict[str, Set[str]] = {}
        async for pair in self._in_slices(pairs, now, reservation_values):
            rivals = pairs.rivals(pair.other, _RIVALS)
            claim = await self._matchmaker.match(pair, rivals, taken, now, reservation_values, apart=apart)
            if claim is None and not taken.isdisjoint({pair.one.id, pair.other.id}):
                # Perhaps only for a moment, as when an offer is refused: then it is judged again.
                for gone in taken & {pair.one.id, pair.other.id}:
                    pairs.remove(gone)
            elif claim is None:
                pairs.part(pair)
                self._rematches.note(mode, pair)
            _matched(claim, pairs, taken)
        await self._call_last(pairs, everyone[searched:], taken, reservation_values)
        for pair in await self._rematches.due(mode, pairs, reservation_values):
            claim = await self._matchmaker.match(
                pair, (), taken, self._clock(), reservation_values, apart=None
            )
            _matched(claim, pairs, taken)
        return taken

    async def _in_slices(
        self, pairs: CandidatePairs, now: int, reservation_values: ReservationValues
    ) -> AsyncIterator[Pair]:
        """Pairs who both still wait, until half the turn is over. Other tasks run in between."""
        slices = self._slices()
        for found in pairs.worth_matching(now, reservation_values):
            await slices.end()
            for pair in found:
                if self._clock() - now > self._rhythm.turn_ms // 2:
                    return  # the rest is for the next sweep, of any node
                if pair.one.id in pairs and pair.other.id in pairs:
                    yield pair
                    slices.begin()

    async def _call_last(
        self,
        pairs: CandidatePairs,
        newest: Sequence[Ticket],
        taken: set[str],
        reservation_values: ReservationValues,
    ) -> None:
        """Make the last call for tickets whose patience is about to end, however many wait."""
        slices = self._slices()
        for call in pairs.last_calls(self._clock(), reservation_values):
            if call is not None:
                ticket, others = call
                found = (*others, *(other for other in newest if other.id not in taken))
                claim = await self._matchmaker.last_call(ticket, found, taken, reservation_values)
                _matched(claim, pairs, taken)
            await slices.end()

    async def _update(self, mode: Mode, everyone: Sequence[Ticket]) -> None:
        """Send news of the wait, to each user once in `update_ms`, spread over the sweeps."""
        now = self._clock()
        reservation_values = await self._markets.of(mode)
        last = await self._tickets.last_news(mode, now)
        due = self._due(everyone, now, self._rhythm.sweep_ms if last is None else now - last)
        known: dict[tuple[object, ...], QueueUpdated] = {}
        while some := tuple(islice(due, _TOLD_AT_ONCE)):
            news = [
                (ticket.user_id, self._news(ticket, len(everyone), now, reservation_values, known))
                for ticket in some
            ]
            await self._events.send_all(news)
            await asyncio.sleep(PAUSE_S)

    def _due(self, everyone: Iterable[Ticket], now: int, ago: int) -> Iterator[Ticket]:
        """Tickets whose wait has passed a multiple of `update_ms` since the last news, `ago` ms ago."""
        every = self._rhythm.update_ms
        return (
            ticket
            for ticket in everyone
            if (now - ticket.joined_at) // every > max(0, (now - ago - ticket.joined_at) // every)
        )

    def _news(
        self,
        ticket: Ticket,
        waiting: int,
        now: int,
        reservation_values: ReservationValues,
        known: dict[tuple[object, ...], QueueUpdated],
    ) -> QueueUpdated:
        """As things were a moment ago, at a whole number of sweeps: so many have waited for as long."""
        waited = (now - ticket.joined_at) // self._rhythm.sweep_ms * self._rhythm.sweep_ms
        then, estimates = ticket.joined_at + waited, reservation_values.wait_estimates
        relaxed = self._policy.relaxed(ticket, then)
        alike = (kind(ticket), waited, *relaxed)
        if (news := known.get(alike)) is None:
            news = known[alike] = QueueUpdated(
                waiting=waiting,
                waited_ms=waited,
                relaxed=list(relaxed),
                estimated_wait_ms=estimates.of(ticket, then),
                estimated_wait_range_ms=estimates.range_of(ticket, then),
            )
        return news


def _matched(claim: Claim | None, pairs: CandidatePairs, taken: set[str]) -> None:
    """The tickets of this claim, if there is one, no longer wait: no news for them, and no other match."""
    for ticket in (claim.first, claim.second) if claim else ():
        pairs.remove(ticket.id)
        taken.add(ticket.id)
