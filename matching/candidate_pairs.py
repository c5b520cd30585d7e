"""Which of the waiting tickets could be matched with each other.

Each pair is judged once, when the later of the two is first seen; after that a sweep only compares their
score with what is asked by now. Without input or output, but with a memory.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from core.ticket import Ticket
from matching.policy import Policy
from matching.pools import pools_for, pools_of, shares
from matching.reservation_value import ReservationValues

# The most that one sweep does, and how much it does before other tasks may run: some ms of work.
_NEW_AT_ONCE = 200
_LOOKED_AT_ONCE = 1_000
_SLICE = 50
_BEFORE_ALL = 0  # a time at which nobody has waited yet


def both_ends(queue: dict[str, Ticket], most: int) -> Sequence[Ticket]:
    """The first and the last of a queue, `most` in all: the first for fairness, the last for choice.

    Tickets in the middle were among the last once, and will be among the first.
    """
    if len(queue) <= most:
        return tuple(queue.values())
    first = islice(queue.values(), most - most // 2)
    return (*first, *(queue[ticket_id] for ticket_id in islice(reversed(queue), most // 2)))


class Pair(Struct, frozen=True):
    """Two who may be matched now; `one` has waited longer."""

    one: Ticket
    other: Ticket
    score: float
    asked: float


class CandidatePairs:
    """The permitted pairs among the tickets of one mode."""

    def __init__(self, policy: Policy, most: int) -> None:
        """`most`: against how many of the earlier tickets each ticket is judged."""
        self._policy = policy
        self._most = most
        self._tickets: dict[str, Ticket] = {}
        self._earlier: dict[str, list[tuple[str, float]]] = {}  # id -> permitted older ones, with their fit
        self._next = 0
        self._called: set[str] = set()
        self._pools: dict[str, dict[str, Ticket]] = {}

    def see(self, waiting: Sequence[Ticket]) -> Sequence[Ticket]:
        """These wait now, oldest first; forget all others. Gives a bounded number of new ones to `add`."""
        for gone in self._tickets.keys() - {ticket.id for ticket in waiting}:
            self.remove(gone)
        new = (ticket for ticket in waiting if ticket.id not in self._tickets)
        return tuple(islice(new, _NEW_AT_ONCE))

    def add(self, ticket: Ticket) -> None:
        """Judge a new ticket against those that may fit, and against those whose last call has begun."""
        against, scores = self._policy.obstacles(ticket), self._policy.scores(ticket, _BEFORE_ALL)
        rivals = {other.id: other for other in self.rivals(ticket, self._most)}
        rivals |= {called: self._tickets[called] for called in self._called}
        self._earlier[ticket.id] = [
            # Without the part for waiting, which grows with time: `worth_matching` adds it.
            (other.id, scores(other, 0.0))
            for other in rivals.values()
            if against(other) is None
        ]
        self._tickets[ticket.id] = ticket
        for pool in pools_of(ticket):
            self._pools.setdefault(pool, {})[ticket.id] = ticket

    def rivals(self, ticket: Ticket, most: int) -> Iterator[Ticket]:
        """The tickets to judge this one against: of each fitting pool the first and the last that wait."""
        pools = [self._pools.get(pool, {}) for pool in pools_for(ticket)]
        for pool, share in zip(pools, shares([len(pool) for pool in pools], most), strict=True):
            yield from both_ends(pool, share)

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._tickets

    def part(self, pair: Pair) -> None:
        """Forget this pair: the two must not be matched after all."""
        for mine, theirs in ((pair.one.id, pair.other.id), (pair.other.id, pair.one.id)):
            if mine in self._earlier:
                self._earlier[mine] = [each for each in self._earlier[mine] if each[0] != theirs]

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

        They come in slices of the queue, so that the caller can match and let other tasks run in between.
        """
        turn = self._turn()
        for start in range(0, len(turn), _SLICE):
            found = [
                each
                for ticket_id in turn[start : start + _SLICE]
                if ticket_id in self._tickets
                for each in self._worth_while(self._tickets[ticket_id], now, reservation_values)
            ]
            found.sort(key=lambda each: (-each[0], each[1].one.joined_at, each[1].one.id))
            yield [pair for _, pair in found]

    def last_calls(
        self, now: int, reservation_values: ReservationValues
    ) -> Iterator[tuple[Ticket, Sequence[Ticket]]]:
        """The tickets whose patience is about to end, each once, with all others in the pools that fit."""
        for ticket in tuple(self._tickets.values()):
            if (
                reservation_values.last_call(ticket, now)
                and ticket.id not in self._called
                and ticket.id in self
            ):
                self._called.add(ticket.id)
                pools = (self._pools.get(pool, {}) for pool in pools_for(ticket))
                yield ticket, [other for pool in pools for other in pool.values() if other.id != ticket.id]

    def _worth_while(
        self, ticket: Ticket, now: int, reservation_values: ReservationValues
    ) -> Iterator[tuple[float, Pair]]:
        """The pairs of this ticket with earlier ones, each with its gain."""
        self._earlier[ticket.id] = earlier = [e for e in self._earlier[ticket.id] if e[0] in self._tickets]
        mine = reservation_values.stake(ticket, now)
        for other_id, fit in earlier:
            one = self._tickets[other_id]
            asked = reservation_values.agreed(reservation_values.stake(one, now), mine)
            whole = fit + self._policy.seniority(one, now)
            if whole >= asked and self._policy.unmet(one, ticket, now) is None:
                yield self._policy.gain(whole, asked), Pair(one, ticket, whole, asked)

    def _turn(self) -> Sequence[str]:
        """The tickets whose pairs to look at this time: all of them, or some in turn if there are many."""
        tickets = tuple(self._earlier)
        if len(tickets) <= _LOOKED_AT_ONCE:
            return tickets
        start = self._next % len(tickets)
        self._next = start + _LOOKED_AT_ONCE
        return tickets[start : self._next]
