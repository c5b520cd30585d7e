"""Who of those waiting could be matched with whom: each pair is judged once, when the later one is seen.

A sweep then only compares what was found with what is asked by now. Pure, but it remembers.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from core.ticket import Ticket
from matching.outlook import Outlook
from matching.policy import Policy
from matching.pools import pools_for, pools_of, shares
from matching.rules import obstacle

# What one sweep does at most, and what it does before others may run: some ms of work.
_NEW_AT_ONCE = 200
_LOOKED_AT_ONCE = 1_000
_SLICE = 50


def both_ends(queue: dict[str, Ticket], most: int) -> Sequence[Ticket]:
    """The first and the last of a queue, `most` together: the first for fairness, the last for choice.

    Whoever is in the middle was among the last, and will be among the first.
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


class Prospects:
    """The permitted pairs among the tickets of one mode."""

    def __init__(self, policy: Policy, most: int) -> None:
        """`most`: each ticket is held against so many of those who came before it."""
        self._policy = policy
        self._most = most
        self._tickets: dict[str, Ticket] = {}
        self._earlier: dict[str, list[tuple[str, float]]] = {}  # id -> permitted older ones, with their fit
        self._next = 0
        self._called: set[str] = set()
        self._pools: dict[str, dict[str, Ticket]] = {}

    def see(self, waiting: Sequence[Ticket]) -> Sequence[Ticket]:
        """These wait now, oldest first: forget the others. Gives the new ones to `add`, not too many."""
        for gone in self._tickets.keys() - {ticket.id for ticket in waiting}:
            self.remove(gone)
        new = (ticket for ticket in waiting if ticket.id not in self._tickets)
        return tuple(islice(new, _NEW_AT_ONCE))

    def add(self, ticket: Ticket) -> None:
        """Hold a new ticket against those who may fit, and against whoever is about to give up."""
        language = self._policy.common_language
        rivals = {other.id: other for other in self.rivals(ticket, self._most)}
        rivals |= {called: self._tickets[called] for called in self._called}
        self._earlier[ticket.id] = [
            # Without the part for waiting, which grows: `pairs` adds it.
            (other.id, self._policy.score(ticket, other, min(ticket.joined_at, other.joined_at)))
            for other in rivals.values()
            if obstacle(ticket, other, common_language=language) is None
        ]
        self._tickets[ticket.id] = ticket
        for pool in pools_of(ticket):
            self._pools.setdefault(pool, {})[ticket.id] = ticket

    def rivals(self, ticket: Ticket, most: int) -> Iterator[Ticket]:
        """Those whom this ticket is held against: of each pool that fits, the first and the last who wait."""
        pools = [self._pools.get(pool, {}) for pool in pools_for(ticket)]
        for pool, share in zip(pools, shares([len(pool) for pool in pools], most), strict=True):
            yield from both_ends(pool, share)

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._tickets

    def part(self, pair: Pair) -> None:
        """These two are not to be matched after all."""
        for mine, theirs in ((pair.one.id, pair.other.id), (pair.other.id, pair.one.id)):
            if mine in self._earlier:
                self._earlier[mine] = [each for each in self._earlier[mine] if each[0] != theirs]

    def remove(self, ticket_id: str) -> None:
        """This ticket waits no more."""
        ticket = self._tickets.pop(ticket_id, None)
        if ticket is not None:
            del self._earlier[ticket_id]
            self._called.discard(ticket_id)
            for pool in pools_of(ticket):
                del self._pools[pool][ticket_id]

    def pairs(self, now: int, outlook: Outlook) -> Iterator[Sequence[Pair]]:
        """The pairs worth what is asked by now, the greatest gain first. A ticket may be in several.

        In slices of the queue: whoever takes them may match and let others run in between.
        """
        turn = self._turn()
        for start in range(0, len(turn), _SLICE):
            found = [
                each
                for ticket_id in turn[start : start + _SLICE]
                if ticket_id in self._tickets
                for each in self._worth_while(self._tickets[ticket_id], now, outlook)
            ]
            found.sort(key=lambda each: (-each[0], each[1].one.joined_at, each[1].one.id))
            yield [pair for _, pair in found]

    def last_calls(self, now: int, outlook: Outlook) -> Iterator[tuple[Ticket, Sequence[Ticket]]]:
        """Whose patience is about to end, each once, and all who wait where somebody may fit."""
        for ticket in tuple(self._tickets.values()):
            if outlook.last_call(ticket, now) and ticket.id not in self._called and ticket.id in self:
                self._called.add(ticket.id)
                pools = (self._pools.get(pool, {}) for pool in pools_for(ticket))
                yield ticket, [other for pool in pools for other in pool.values() if other.id != ticket.id]

    def _worth_while(self, ticket: Ticket, now: int, outlook: Outlook) -> Iterator[tuple[float, Pair]]:
        """With whom of the earlier ones, by gain."""
        self._earlier[ticket.id] = earlier = [e for e in self._earlier[ticket.id] if e[0] in self._tickets]
        mine = outlook.stake(ticket, now)
        for other_id, fit in earlier:
            one = self._tickets[other_id]
            asked = outlook.agreed(outlook.stake(one, now), mine)
            whole = fit + self._policy.seniority(one, now)
            if whole >= asked and self._policy.unmet(one, ticket, now) is None:
                yield self._policy.gain(whole, asked), Pair(one, ticket, whole, asked)

    def _turn(self) -> Sequence[str]:
        """Whose earlier ones to look at this time: everyone's, or in turns when they are many."""
        tickets = tuple(self._earlier)
        if len(tickets) <= _LOOKED_AT_ONCE:
            return tickets
        start = self._next % len(tickets)
        self._next = start + _LOOKED_AT_ONCE
        return tickets[start : self._next]
