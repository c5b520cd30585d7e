"""Which of the waiting tickets could be matched with each other.

Each pair is judged once, when the later of the two is first seen; after that a sweep only compares their
score with what is asked by now. The parts of it that change are added then. Without input or output, but
with a memory.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from core.ticket import Ticket
from matching.least_fit import ROUNDING, LeastFits
from matching.policy import Policy
from matching.pools import pools_for, pools_of, shares
from matching.reservation_value import ReservationValues, Stake

# The most that one sweep does, and how much it does before other tasks may run: some ms of work.
_NEW_AT_ONCE = 200
_LOOKED_AT_ONCE = 1_000
_SLICE = 50
_CALLED_AT_ONCE = 500
_BEFORE_ALL = 0  # a time at which nobody has waited yet


def both_ends(queue: dict[str, Ticket], most: int) -> Sequence[Ticket]:
    """The first and the last of a queue, `most` in all: the first for fairness, the last for choice.

    Tickets in the middle were among the last once, and will be among the first.
    """
    if len(queue) <= most:
        return tuple(queue.values())
    waiting, last = queue.values(), most // 2
    return (*islice(waiting, most - last), *islice(reversed(waiting), last))


LastCall = tuple[Ticket, Sequence[Ticket]]


class Pair(Struct, frozen=True, gc=False):
    """Two who may be matched now; `one` has waited longer, and accepts as `likely` as a `Choice` says."""

    one: Ticket
    other: Ticket
    score: float
    asked: float
    likely: float = 1.0


class CandidatePairs:
    """The permitted pairs among the tickets of one mode."""

    def __init__(self, policy: Policy, most: int) -> None:
        """`most`: against how many of the earlier tickets each ticket is judged."""
        self._policy = policy
        self._most = most
        self._tickets: dict[str, Ticket] = {}
        self._earlier: dict[str, dict[str, float]] = {}  # id -> permitted older ones, with their fit
        self._next = 0
        self._called: set[str] = set()
        self._pools: dict[str, dict[str, Ticket]] = {}

    def see(self, waiting: Sequence[Ticket]) -> Sequence[Ticket]:
        """These wait now, oldest first; forget all others. Gives a bounded number of new ones to `add`."""
        there = {ticket.id: ticket for ticket in waiting}
        for known in tuple(self._tickets.values()):
            ticket = there.get(known.id)
            if ticket is None:
                self.remove(known.id)
            elif ticket.haunts != known.haunts:  # who wants it no more keeps the place in the line
                self._keep(ticket)
        new = (ticket for ticket in waiting if ticket.id not in self._tickets)
        return tuple(islice(new, _NEW_AT_ONCE))

    def add(self, ticket: Ticket) -> None:
        """Judge a new ticket against those that may fit, and against those whose last call has begun."""
        nowhere = replace(ticket, haunts=()) if ticket.haunts else ticket
        scores = self._policy.scores(nowhere, _BEFORE_ALL)
        rivals = self.rivals(ticket, self._most)
        if self._called:
            called = {ticket_id: self._tickets[ticket_id] for ticket_id in self._called}
            rivals = list(({other.id: other for other in rivals} | called).values())
        self._earlier[ticket.id] = {
            # Without the part for waiting, which grows with time, and the one for going to the same
            # places, which either may want no more: `worth_matching` adds them.
            other.id: scores(other, 0.0)
            for other in self._policy.permitted(ticket, rivals)
        }
        self._keep(ticket)

    def _keep(self, ticket: Ticket) -> None:
        self._tickets[ticket.id] = ticket
        for pool in pools_of(ticket):
            self._pools.setdefault(pool, {})[ticket.id] = ticket

    def rivals(self, ticket: Ticket, most: int) -> list[Ticket]:
        """The tickets to judge this one against: of each fitting pool the first and the last that wait."""
        pools = [self._pools.get(pool, {}) for pool in pools_for(ticket)]
        each = zip(pools, shares([len(pool) for pool in pools], most), strict=True)
        return [other for pool, share in each for other in both_ends(pool, share)]

    def __getitem__(self, ticket_id: str) -> Ticket:
        return self._tickets[ticket_id]

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._tickets

    def part(self, pair: Pair) -> None:
        """Forget this pair: the two must not be matched after all."""
        for mine, theirs in ((pair.one.id, pair.other.id), (pair.other.id, pair.one.id)):
            self._earlier.get(mine, {}).pop(theirs, None)

    def remove(self, ticket_id: str) -> None:
        """This ticket no longer waits."""
        ticket = self._tickets.pop(ticket_id, None)
        if ticket is not None:
            del self._earlier[ticket_id]
            self._called.discard(ticket_id)
            for pool in pools_of(ticket):
                del self._pools[pool][ticket_id]

    def worth_matching(self, now: int, reservation_values: ReservationValues) -> Iterator[Sequence[Pair]]:
        """The pairs that are worth what is asked by now, the greatest gain first. A ticket may be in several.

        They come in slices of the queue, so that the caller can match them. Nothing comes after each ticket
        that was looked at, and while it is asked what many others expect, so that the caller can let other
        tasks run.
        """
        turn, least = self._turn(), LeastFits(now, self._tickets, self._policy, reservation_values)
        for start in range(0, len(turn), _SLICE):
            found: list[tuple[float, Pair]] = []
            for ticket_id in turn[start : start + _SLICE]:
                if earlier := self._earlier.get(ticket_id):  # else nobody asks what it expects
                    ticket = self._tickets[ticket_id]
                    _, weight = reservation_values.stake(ticket, now)
                    yield from (() for _ in least.prepare(weight, earlier))
                    found += self._worth_while(ticket, now, reservation_values, least)
                    yield ()
            found.sort(key=lambda each: (-each[0], each[1].one.joined_at, each[1].one.id))
            yield [pair for _, pair in found]

    def last_calls(self, now: int, reservation_values: ReservationValues) -> Iterator[LastCall | None]:
        """The tickets whose patience is about to end, each once, with all others in the pools that fit.

        None comes after every few hundred that were looked at, so that the caller can let other tasks run.
        """
        everyone = tuple(self._tickets.values())
        for start in range(0, len(everyone), _CALLED_AT_ONCE):
            for ticket in reservation_values.last_calls(everyone[start : start + _CALLED_AT_ONCE], now):
                if ticket.id in self and ticket.id not in self._called:
                    self._called.add(ticket.id)
                    pools = (self._pools.get(pool, {}) for pool in pools_for(ticket))
                    others = [other for pool in pools for other in pool.values() if other.id != ticket.id]
                    yield ticket, others
            yield None

    def _worth_while(
        self, ticket: Ticket, now: int, reservation_values: ReservationValues, least: LeastFits
    ) -> Iterator[tuple[float, Pair]]:
        """The pairs of this ticket with earlier ones, each with its gain."""
        mine = reservation_values.stake(ticket, now)
        for one, fit in self._near(ticket, mine, least):
            asked = reservation_values.agreed(reservation_values.stake(one, now), mine)
            whole = fit + self._policy.seniority(one, now)
            if ticket.haunts:
                whole += self._policy.familiarity(one, ticket)
            if whole >= asked and self._policy.unmet(one, ticket, now) is None:
                likely = reservation_values.likely(one)
                both = likely * reservation_values.likely(ticket)
                yield self._policy.gain(whole, asked, both), Pair(one, ticket, whole, asked, likely)

    def _near(self, ticket: Ticket, stake: Stake, least: LeastFits) -> Sequence[tuple[Ticket, float]]:
        """The earlier ones, with their fit, who may be worth what is asked; the others are not."""
        earlier, (expected, weight) = self._earlier[ticket.id], stake
        more = ROUNDING + (self._policy.shares.places if ticket.haunts else 0.0)
        bound, waiting = least.of(weight), self._tickets
        near = [
            (other_id, fit)
            for other_id, fit in earlier.items()
            for theirs, share in (bound[other_id],)
            if fit + more >= theirs + share * expected
        ]
        if bound.gone and not bound.gone.isdisjoint(earlier):
            for gone in bound.gone.intersection(earlier):
                del earlier[gone]
        # Some may have been matched since the bound was worked out.
        return [(waiting[other_id], fit) for other_id, fit in near if other_id in waiting]

    def _turn(self) -> Sequence[str]:
        """The tickets whose pairs to look at this time: all of them, or some in turn if there are many."""
        tickets = tuple(self._earlier)
        if len(tickets) <= _LOOKED_AT_ONCE:
            return tickets
        start = self._next % len(tickets)
        self._next = start + _LOOKED_AT_ONCE
        return tickets[start : self._next]
