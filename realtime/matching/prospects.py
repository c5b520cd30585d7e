"""Who of those waiting could be matched with whom: each pair is judged once, when the later one is seen.

A sweep then only compares what was found with what is asked by now. Pure, but it remembers.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from core.ticket import Ticket
from realtime.matching.outlook import Outlook
from realtime.matching.policy import Policy
from realtime.matching.rules import obstacle

# What one sweep does before it lets others run: some 50 ms of work.
_NEW_AT_ONCE = 200
_LOOKED_AT_ONCE = 1_000


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
        self._by_gender: dict[str, dict[str, Ticket]] = {}

    def see(self, waiting: Sequence[Ticket]) -> None:
        """These wait now, oldest first: forget the others, judge the new ones, not too many at once."""
        present = {ticket.id for ticket in waiting}
        for gone in self._tickets.keys() - present:
            self.remove(gone)
        new = (ticket for ticket in waiting if ticket.id not in self._tickets)
        for ticket in tuple(islice(new, _NEW_AT_ONCE)):
            self.add(ticket)

    def add(self, ticket: Ticket) -> None:
        """Hold a new ticket against those who may fit by gender, the oldest first."""
        language = self._policy.common_language
        self._earlier[ticket.id] = [
            # Without the part for waiting, which grows: `pairs` adds it.
            (other.id, self._policy.score(ticket, other, min(ticket.joined_at, other.joined_at)))
            for other in self.rivals(ticket)
            if obstacle(ticket, other, common_language=language) is None
        ]
        self._tickets[ticket.id] = ticket
        self._by_gender.setdefault(ticket.card.gender, {})[ticket.id] = ticket

    def rivals(self, ticket: Ticket) -> Iterator[Ticket]:
        """Those whom this ticket is held against: of the genders sought, the first and the last who wait."""
        for gender in ticket.genders:
            yield from both_ends(self._by_gender.get(gender, {}), self._most)

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._tickets

    def part(self, pair: Pair) -> None:
        """These two are not to be matched after all."""
        for mine, theirs in ((pair.one.id, pair.other.id), (pair.other.id, pair.one.id)):
            earlier = self._earlier.get(mine, [])
            self._earlier[mine] = [each for each in earlier if each[0] != theirs]

    def remove(self, ticket_id: str) -> None:
        """This ticket waits no more."""
        ticket = self._tickets.pop(ticket_id, None)
        if ticket is not None:
            del self._earlier[ticket_id], self._by_gender[ticket.card.gender][ticket_id]

    def pairs(self, now: int, outlook: Outlook) -> Sequence[Pair]:
        """The pairs worth what is asked by now, the greatest gain first. A ticket may be in several."""
        stakes = {ticket_id: outlook.stake(ticket, now) for ticket_id, ticket in self._tickets.items()}
        found: list[tuple[float, Pair]] = []
        for ticket_id in self._turn():
            worth, weight = stakes[ticket_id]
            for other_id, fit in self._earlier[ticket_id]:
                stake = stakes.get(other_id)
                if stake is None:
                    continue
                asked = (worth * weight + stake[0] * stake[1]) / (weight + stake[1])
                if fit + self._policy.shares.wait >= asked:
                    one, other = self._tickets[other_id], self._tickets[ticket_id]
                    self._consider(found, Pair(one, other, fit, asked), now)
        found.sort(key=lambda each: (-each[0], each[1].one.joined_at, each[1].one.id))
        return [pair for _, pair in found]

    def _consider(self, found: list[tuple[float, Pair]], pair: Pair, now: int) -> None:
        """The rest of the judgement: the part for waiting, and wishes."""
        whole = pair.score + self._policy.seniority(pair.one, now)
        if whole >= pair.asked and self._policy.unmet(pair.one, pair.other, now) is None:
            gain = self._policy.gain(whole, pair.asked)
            found.append((gain, Pair(pair.one, pair.other, whole, pair.asked)))

    def _turn(self) -> Sequence[str]:
        """Whose earlier ones to look at this time: everyone's, or in turns when they are many."""
        tickets = tuple(self._earlier)
        if len(tickets) <= _LOOKED_AT_ONCE:
            return tickets
        start = self._next % len(tickets)
        self._next = start + _LOOKED_AT_ONCE
        return tickets[start : self._next]
