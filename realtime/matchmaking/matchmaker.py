"""Applies the policy: reads who waits, ranks them, claims the best, has the offer made.

A claim takes two tickets or none, so any number of matchmakers may work at once. A node that dies between two
steps leaves a ticket that the sweep matches, or a claim that it finishes.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from contextlib import nullcontext
from functools import partial

import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.tasks import TaskSet, until_one_fails
from core.ticket import Claim, Claimed, Road, Ticket
from db.outage import AWAY
from db.periodic import PeriodicTask
from matching.candidate_pairs import Pair
from matching.haunts import alike, forgetting
from matching.policy import Choice, Survey
from matching.recorder import Recorder, settled
from matching.reservation_value import ReservationValues
from realtime.matchmaking.context import MatchingContext
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.ports import Eligibility, Offers, TicketStore
from realtime.matchmaking.recent_claims import RecentClaims
from realtime.matchmaking.search_queue import Joined, SearchQueue
from realtime.matchmaking.shadow import Shadow

_log = structlog.get_logger()
_WORKERS = 32  # who search; while they wait for a store, others do
_OFFERS = 64  # that are made beside the searches: so many claims at most wait for Postgres if it is slow
# Where other nodes search among the same people: fewer at once, and each names so many whom it would
# claim, of whom the first who is still there is taken.
_CONTENDED = 8
_TRIED_AT_ONCE = 8
_LOOKS = 3
# A queue that fills a look holds more people. If none of those seen can be had, twice as many are: of those
# whom many wait for, one in fifty found nobody at first, and waited for a sweep.
_FULL = 0.9
_WIDER = 2
_AGAIN_S = 0.5
# For so long a search goes by what its join has found: by whom to avoid,
_FRESH_MS = 1_000
# and by the candidates that it saw; but only for so long if another node was faster with one of them lately,
# and none says whom it claims.
_SEEN_MS = 50
_CONTENDED_MS = 10_000
_GIVE_UP_MS = 60_000  # after which a claim that fails whenever somebody tries to finish it is set aside


class _Found(Struct, frozen=True):
    """What a search or a sweep found for the seeker, at the time `at` (ms)."""

    road: Road
    seeker: Ticket
    survey: Survey
    at: int


class Matchmaker:
    """Finds partners. `run` serves the search queue until it is cancelled.

    `alone`: no other process searches among the same people. Whoever is gone then has left.
    """

    def __init__(
        self,
        *,
        tickets: TicketStore,
        eligibility: Eligibility,
        offers: Offers,
        search_queue: SearchQueue,
        context: MatchingContext,
        recorder: Recorder,
        metrics: MatchingMetrics,
        clock: Clock,
        new_id: Callable[[], str],
        shadow: Shadow | None = None,
        alone: bool = False,
    ) -> None:
        self._tickets, self._eligibility, self._alone = tickets, eligibility, alone
        self._offers, self._search_queue = offers, search_queue
        self._policy, self._markets, self._limits = context.policy, context.markets, context.limits
        self._recorder, self._metrics, self._shadow = recorder, metrics, shadow
        self._clock, self._new_id = clock, new_id
        self._recent = RecentClaims()
        self._trying: set[str] = set()  # tickets that are being claimed at this moment
        self._refused_at = self._told_at = -_CONTENDED_MS
        self._few = asyncio.Semaphore(_CONTENDED)
        self._offering, self._room = TaskSet(), asyncio.Semaphore(_OFFERS)
        self._loop = PeriodicTask(None, self._next, failing="nobody is searched for", again_s=_AGAIN_S)
        self.loops = (self._loop,)

    async def run(self) -> None:
        """Search for each ticket of the queue, several at a time. An outage leaves them to the sweep."""
        try:
            await until_one_fails(*(self._loop.run() for _ in range(_WORKERS)))
        finally:
            await self._offering.end()

    async def _next(self) -> bool:
        ticket, joined = await self._search_queue.next()
        while joined is not None and self._was_claimed(ticket, joined):
            ticket, joined = await self._search_queue.next()
        with self._loop.enduring("a search failed, and is left to the sweep", ticket=ticket.id):
            again = partial(self._seek_again, ticket, joined)
            await self.seek(ticket, joined=joined, lost=again, beside=True)
        return True  # there may be more

    def _was_claimed(self, ticket: Ticket, joined: Joined) -> bool:
        """Whether it has been since it joined, and nobody needs to search for it."""
        return self._recent.since(ticket.id, joined.at) and ticket.id not in self._trying

    def _seek_again(self, ticket: Ticket, joined: Joined | None) -> None:
        """Soon, and then after twice as long: a sweep looks at it only a second after it has joined."""
        waited = self._clock() - ticket.joined_at
        if joined is not None and self._contended(self._clock()) and 0 <= waited < _FRESH_MS:
            again = partial(self._search_queue.add, ticket, replace(joined, seen=None))
            asyncio.get_running_loop().call_later(max(_SEEN_MS, waited) / 1000, again)

    async def seek(
        self,
        ticket: Ticket,
        *,
        joined: Joined | None = None,
        lost: Callable[[], None] = lambda: None,
        beside: bool = False,
    ) -> Claim | None:
        """Find a partner who is worth what is asked, and have the offer made. None: nobody for now.

        `joined`: the ticket has just joined, so the time it takes is measured, and what the join has read is
        not read again at once. Whoever was blocked or met since then is left to the fence. `lost` is called
        if it is passed over for a claim that may still fail, or others were faster at each look.
        `beside`: the caller goes on once the claim is made.
        """
        async with self._few if self._contended(self._clock()) else nullcontext():
            claim = await self._search(ticket, joined, lost)
        if claim is not None and beside:
            await self._room.acquire()
            offering = self._offering.spawn(self._offer_beside(claim, ticket, joined))
            offering.add_done_callback(lambda _: self._room.release())
        elif claim is not None:
            await self._offer(claim, ticket, joined)
        return claim

    async def _offer_beside(self, claim: Claim, ticket: Ticket, joined: Joined | None) -> None:
        with self._loop.enduring("an offer failed, and is left to the sweep", call=claim.call_id):
            await self._offer(claim, ticket, joined)

    async def _offer(self, claim: Claim, ticket: Ticket, joined: Joined | None) -> None:
        if await self._offers.make(claim) and joined and not ticket.probe:
            self._metrics.found_on_joining(self._clock() - ticket.joined_at)

    async def _search(self, ticket: Ticket, joined: Joined | None, lost: Callable[[], None]) -> Claim | None:
        """The claim of a partner, of which no offer was made yet."""
        now = self._clock()
        at = joined.at if joined else now
        avoid = joined.avoid if joined and 0 <= now - at < _FRESH_MS else None
        earlier = joined.seen if joined else None
        fresh_ms = _SEEN_MS if self._contended(now) and not _lately(self._told_at, now) else _FRESH_MS
        fresh = earlier is not None and 0 <= now - at < fresh_ms
        seen = await self._tickets.read(earlier) if earlier is not None and fresh else None
        limit, missed = self._limits.candidates, False
        for _ in range(_LOOKS):
            reservation_values = await self._markets.of(ticket.mode)
            if self._recent.since(ticket.id, at):
                missed = ticket.id in self._trying
                break
            if seen is None:
                at, seen = self._clock(), await self._look(ticket, earlier, limit)
            seeker, *seen = await self.willing([ticket, *seen], alike(ticket, seen))
            trying = frozenset(self._trying)
            others = self._recent.others(seen, at)
            found = self._survey(seeker, others, reservation_values)
            if self._shadow is not None:
                self._shadow.note(seeker, others, found.survey.choices, avoid, found.at)
            taken: set[str] = set()
            claim = await self._claim_best(found, found.survey.choices, taken, avoid)
            if claim is not None or ticket.id in taken:
                return claim
            missed = bool(taken) or not trying.isdisjoint(other.id for other in seen)
            if not taken:
                if limit > self._limits.candidates or len(seen) < _FULL * limit:
                    break
                limit *= _WIDER
            seen = earlier = None  # all who were worth it are taken, or none was: there may be others
            if joined is None or self._clock() - joined.at >= _FRESH_MS:
                avoid = None
        if missed:
            lost()
        return None

    async def _look(self, ticket: Ticket, earlier: Sequence[bytes] | None, limit: int) -> Sequence[Ticket]:
        """Whom this ticket may be offered to, of those `earlier` seen; nobody if it waits no more."""
        seen = await self._tickets.look(ticket, limit)
        if seen is None:
            self._recent.note(ticket.id, now=self._clock())
            return ()
        if earlier is None:
            return seen
        # Whoever came later has a search too, which finds this ticket: of two, one tries to claim the other.
        there = set(earlier)
        return [other for other in seen if other.id.encode() in there]

    def _survey(
        self, ticket: Ticket, seen: Iterable[Ticket], reservation_values: ReservationValues
    ) -> _Found:
        others, now = [other for other in seen if other.id != ticket.id], self._clock()
        # No sweep comes for probes, and nobody better could: they meet whatever is asked of people.
        survey = self._policy.survey(
            ticket, others, frozenset(), now, reservation_values, unasked=ticket.probe
        )
        if self._contended(now):
            survey = Survey(choices=self._policy.spread(survey.choices, ticket), removed=survey.removed)
        return _Found("search", ticket, survey, now)

    async def match(
        self,
        pair: Pair,
        rivals: Iterable[Ticket],
        taken: set[str],
        now: int,
        reservation_values: ReservationValues,
        *,
        apart: dict[str, Set[str]] | None,
    ) -> Claim | None:
        """Have an offer made to these two, found at `now`. None: they must not meet, or one is gone.

        `rivals` are those who might have been offered instead. `taken` are tickets that the sweep found gone;
        those found gone now are added. `apart` has the users to avoid of each user who was looked up in this
        sweep, so that nobody is looked up without need; None: that two met lately does not count.
        """
        avoid: Set[str] = frozenset()
        if apart is not None:
            user_id, other_id = pair.other.user_id, pair.one.user_id
            if other_id in apart.get(user_id, ()):
                return None
            apart[user_id] = avoid = await self._avoid(user_id)
            if other_id in avoid:
                return None
        best = Choice(pair.one, pair.score, pair.asked, pair.likely)
        others = (rival for rival in rivals if rival.id not in {pair.one.id, pair.other.id})
        survey = self._policy.survey(pair.other, others, frozenset(), now, reservation_values)
        choices = sorted((best, *survey.choices), key=self._policy.order)
        found = _Found("sweep", pair.other, Survey(choices=choices, removed=survey.removed), now)
        claim = await self._claim_best(found, [best], taken, avoid, again=apart is None)
        if claim is not None:
            await self._offers.make(claim)
        return claim

    async def last_call(
        self, ticket: Ticket, others: Iterable[Ticket], taken: set[str], reservation_values: ReservationValues
    ) -> Claim | None:
        """Have an offer made to this ticket and the best of the others. None: nobody could be had.

        `taken` as in `match`.
        """
        now = self._clock()
        survey = self._policy.survey(ticket, others, frozenset(), now, reservation_values, unasked=True)
        claim = await self._claim_best(_Found("sweep", ticket, survey, now), survey.choices, taken)
        if claim is not None:
            await self._offers.make(claim)
        return claim

    async def finish(self, claims: Iterable[Claim]) -> None:
        """Have the offers of these claims made: the node that took them did not come so far.

        One that cannot be made keeps no other waiting, nor the two whom it holds for longer than a minute.
        Raises what an outage raises.
        """
        for claim in claims:
            try:
                await self._offers.make(settled(claim))
            except AWAY:
                raise
            except Exception:
                _log.exception("a claim cannot be finished", call_id=claim.call_id)
                if self._clock() - claim.claimed_at >= _GIVE_UP_MS:
                    await self._tickets.give_up(claim)

    async def _claim_best(
        self,
        found: _Found,
        choices: Iterable[Choice],
        taken: set[str],
        avoid: Set[str] | None = None,
        *,
        again: bool = False,
    ) -> Claim | None:
        """The claim of the first of these who can be had. Tickets that are gone are added to `taken`."""
        ticket, left = found.seeker, deque(choices)
        while True:
            some = self._still_there(found, left, taken, avoid)
            if not some or ticket.id in taken:
                return None
            if avoid is None:
                avoid = frozenset() if ticket.probe else await self._avoid(ticket.user_id)
                some = [choice for choice in some if choice.ticket.user_id not in avoid]
                if not some:
                    continue
            best, *instead = some
            claim = Claim(
                call_id=self._new_id(),
                first=best.ticket,
                second=ticket,
                claimed_at=self._clock(),
                decision=self._recorder.record(
                    found.road,
                    ticket,
                    found.survey,
                    best,
                    avoid=avoid,
                    taken=taken,
                    now=found.at,
                    instead=instead,
                ),
                again=again or ticket.probe,  # they meet each other all day
            )
            claimed = await self._claim(claim, [choice.ticket for choice in instead])
            taken.update(claimed.gone)
            if claimed.outcome == "both":
                return settled(claimed.claim)

    def _still_there(
        self, found: _Found, left: deque[Choice], taken: set[str], avoid: Set[str] | None
    ) -> list[Choice]:
        """The next of these whom this node knows of no reason not to claim: one, or several to try at once
        where other nodes may be faster. What is gone, of theirs or the seeker's, is added to `taken`."""
        if self._recent.since(found.seeker.id, found.at):
            taken.add(found.seeker.id)
        some: list[Choice] = []
        most = _TRIED_AT_ONCE if self._contended(self._clock()) else 1
        while left and len(some) < most:
            choice = left.popleft()
            if self._recent.since(choice.ticket.id, found.at):
                taken.add(choice.ticket.id)
            elif avoid is None or choice.ticket.user_id not in avoid:
                some.append(choice)
        return some

    def claimed(self, ticket_ids: bytes) -> None:
        """Another node, or this one, says on the channel of claims that it has taken these."""
        if self._recent.hear(ticket_ids.decode().split(), now := self._clock()):
            self._told_at = now

    def _contended(self, now: int) -> bool:
        """Whether another node was faster with somebody lately, and so searches among the same people."""
        return not self._alone and _lately(self._refused_at, now)

    async def _claim(self, claim: Claim, instead: Sequence[Ticket]) -> Claimed:
        """Noted before it is tried, so that no other search of this node tries the same."""
        first, second = claim.first.id, claim.second.id
        self._recent.note(first, second, now=claim.claimed_at)
        self._trying |= {first, second}
        done: Claimed | None = None
        try:
            done = await self._tickets.claim(claim, instead, aloud=self._contended(claim.claimed_at))
        finally:
            self._trying -= {first, second}
            if done is None or done.outcome == "second_gone":
                self._recent.forget(first)
            if done is None or done.outcome == "first_gone":
                self._recent.forget(second)
        if done.gone:
            self._refused_at = self._clock()
            self._recent.note(*done.gone, now=claim.claimed_at)
        if done.outcome == "both":
            self._recent.note(done.claim.first.id, now=claim.claimed_at)
        else:
            self._metrics.refused(claim, done.outcome)
        return done

    async def willing(self, tickets: Sequence[Ticket], asked: Collection[str]) -> Sequence[Ticket]:
        """The same, without the marks of those asked who want to be matched by where they go no more.

        Asked late, so that this counts at once.
        """
        return forgetting(tickets, await self._eligibility.not_by_places(asked)) if asked else tickets

    async def _avoid(self, user_id: str) -> Set[str]:
        """Asked late, and again after each look, so that a block counts at once."""
        return await self._eligibility.avoid(user_id, self._limits.apart.since(self._clock()))


def _lately(at: int, now: int) -> bool:
    return 0 <= now - at < _CONTENDED_MS
