"""The strategies that are compared. Ours is the product's; the others are what is common elsewhere."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import ClassVar

import numpy as np
from msgspec.structs import replace
from scipy.optimize import linear_sum_assignment

from bench.matching.simulation import Matched
from core.ticket import Market, Offered, Ticket, Wait, kind
from matching.acceptance import likely
from matching.candidate_pairs import CandidatePairs
from matching.habit import Habit
from matching.policy import Policy
from realtime.matchmaking.sweep import Rhythm

CANDIDATES = 256  # the default of the setting
_SECOND_MS = 1_000
_NOBODY: frozenset[str] = frozenset()
_ACCEPTED = 0.8  # of offers, as is believed of those of whom nothing is known


class _Pools:
    """Those who wait, by gender, in the order of joining."""

    def __init__(self) -> None:
        self.by_gender: dict[str, dict[str, Ticket]] = {"female": {}, "male": {}}

    def add(self, ticket: Ticket) -> None:
        self.by_gender[ticket.card.gender][ticket.id] = ticket

    def remove(self, ticket: Ticket) -> None:
        del self.by_gender[ticket.card.gender][ticket.id]

    def opposite(self, ticket: Ticket) -> dict[str, Ticket]:
        return self.by_gender[ticket.genders[0]]


class FirstCome:
    """The one who has waited longest of those permitted, at once."""

    step_ms = _SECOND_MS

    def __init__(self, policy: Policy) -> None:
        self._policy, self._pools = policy, _Pools()

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        for other in self._pools.opposite(ticket).values():
            if self._policy.removed(ticket, other, _NOBODY, now) is None:
                self._pools.remove(other)
                return [(other, ticket)]
        self._pools.add(ticket)
        return []

    def back(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        return self.join(ticket, now)

    def leave(self, ticket: Ticket, now: int) -> None:
        self._pools.remove(ticket)

    def tick(self, now: int) -> Iterable[Matched]:
        return []


class BestOnArrival(FirstCome):
    """The best of the permitted among the 64 who have waited longest, at once."""

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        permitted = (
            other
            for other in self._pools.opposite(ticket).values()
            if self._policy.removed(ticket, other, _NOBODY, now) is None
        )
        best = max(islice(permitted, 64), key=lambda other: self._worth(ticket, other, now), default=None)
        if best is None:
            self._pools.add(ticket)
            return []
        self._pools.remove(best)
        return [(best, ticket)]

    def _worth(self, ticket: Ticket, other: Ticket, now: int) -> float:
        return self._policy.score(ticket, other, now)


class LikeliestOnArrival(BestOnArrival):
    """The same, by the score times how likely the other accepts."""

    def _worth(self, ticket: Ticket, other: Ticket, now: int) -> float:
        return super()._worth(ticket, other, now) * likely(other.offered, _ACCEPTED)


class Assignment:
    """Every 15 s the assignment of greatest total score among all who wait."""

    step_ms = 15_000

    def __init__(self, policy: Policy) -> None:
        self._policy, self._pools = policy, _Pools()

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        self._pools.add(ticket)
        return []

    back = join

    def leave(self, ticket: Ticket, now: int) -> None:
        self._pools.remove(ticket)

    def tick(self, now: int) -> Iterable[Matched]:
        women, men = (list(self._pools.by_gender[gender].values()) for gender in ("female", "male"))
        if not women or not men:
            return []
        fit = np.zeros((len(women), len(men)))
        for i, one in enumerate(women):
            for j, other in enumerate(men):
                if self._policy.removed(one, other, _NOBODY, now) is None:
                    fit[i, j] = self._policy.score(one, other, now)
        rows, columns = linear_sum_assignment(fit, maximize=True)
        pairs = [(women[i], men[j]) for i, j in zip(rows, columns, strict=True) if fit[i, j] > 0]
        for pair in pairs:
            for ticket in pair:
                self._pools.remove(ticket)
        return pairs


class Ours:
    """The product: a search on joining, a sweep every half second, a look at the market every second."""

    step_ms = 500
    learns: ClassVar[bool] = True
    knows: ClassVar[bool] = True  # who has waited for how long before, and on what device they are

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pools = _Pools()
        self._reservation = policy.reservation_values()
        self._candidate_pairs = CandidatePairs(policy, CANDIDATES)
        self._arrivals: deque[Ticket] = deque(maxlen=256)
        self._waits: deque[Wait] = deque(maxlen=512)
        self._habits: dict[str, Habit] = {}
        self._seen = -_SECOND_MS
        self.asked: dict[str, float] = {}  # of a pair with somebody like themselves, on joining
        self.estimates: dict[str, int] = {}
        self.ranges: dict[str, Sequence[int]] = {}

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        habit = self._habits.get(ticket.user_id, Habit()).trait
        if not self.knows:
            ticket = replace(ticket, traits=())
        elif habit:
            ticket = replace(ticket, traits=(*ticket.traits, habit))
        self._look(now)
        self._arrivals.append(ticket)
        estimate = self._reservation.wait_estimates.of(ticket, now)
        if estimate is not None:
            self.estimates[ticket.id] = estimate
        told = self._reservation.wait_estimates.range_of(ticket, now)
        if told is not None:
            self.ranges[ticket.id] = told
        stake = self._reservation.stake(ticket, now)
        self.asked[ticket.id] = self._reservation.agreed(stake, stake)
        return self._search(ticket, now)

    def back(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        self._look(now)
        return self._search(ticket, now)

    def _search(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        candidates = self._candidate_pairs.rivals(ticket, CANDIDATES)
        choices = self._policy.survey(ticket, candidates, _NOBODY, now, self._reservation).choices
        if not choices:
            self._pools.add(ticket)
            self._candidate_pairs.add(ticket)
            return []
        self._forget(choices[0].ticket)
        return [self._matched((choices[0].ticket, ticket), now)]

    def leave(self, ticket: Ticket, now: int) -> None:
        ticket = self._pools.by_gender[ticket.card.gender][ticket.id]  # with the traits that it joined with
        self._forget(ticket)
        waited = now - ticket.joined_at
        if waited >= self._policy.patience_ms:
            self._note(ticket, now, Wait(kind(ticket), None, at=now, traits=ticket.traits))
        elif self.learns:
            self._note(ticket, now, Wait(kind(ticket), waited, left=True, at=now, traits=ticket.traits))

    def tick(self, now: int) -> Iterable[Matched]:
        self._look(now)
        for pair in chain.from_iterable(self._candidate_pairs.worth_matching(now, self._reservation)):
            if pair.other.joined_at > now - Rhythm().search_ms:
                continue  # their own search has just judged it
            if pair.one.id in self._candidate_pairs and pair.other.id in self._candidate_pairs:
                self._forget(pair.one)
                self._forget(pair.other)
                yield self._matched((pair.one, pair.other), now)
        for ticket, others in filter(None, self._candidate_pairs.last_calls(now, self._reservation)):
            for choice in self._policy.survey(
                ticket, others, _NOBODY, now, self._reservation, unasked=True
            ).choices[:1]:
                self._forget(choice.ticket)
                self._forget(ticket)
                yield self._matched((choice.ticket, ticket), now)

    def _matched(self, pair: Matched, now: int) -> Matched:
        for ticket in pair:
            waited = now - ticket.joined_at
            self._note(ticket, now, Wait(kind(ticket), waited, at=now, traits=ticket.traits))
        return pair

    def _note(self, ticket: Ticket, now: int, wait: Wait) -> None:
        self._waits.append(wait)
        before = self._habits.get(ticket.user_id, Habit())
        self._habits[ticket.user_id] = before.after(now - ticket.joined_at, left=wait.left)

    def _forget(self, ticket: Ticket) -> None:
        self._pools.remove(ticket)
        self._candidate_pairs.remove(ticket.id)

    def _look(self, now: int) -> None:
        if now - self._seen >= _SECOND_MS:
            self._seen = now
            women, men = (len(self._pools.by_gender[gender]) for gender in ("female", "male"))
            market = Market(
                arrivals=tuple(self._arrivals),
                stock={("female", "male"): women, ("male", "female"): men},
                waits=tuple(self._waits),
            )
            self._reservation.see(market, now)


class Unlearning(Ours):
    """Ours where nobody notices who leaves by themselves."""

    learns = False


class Forgetful(Ours):
    """Ours where nothing is known of who comes but whom they seek."""

    knows = False


class Unheeding(Ours):
    """Ours where nobody minds what somebody has done with offers before."""

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        return super().join(replace(ticket, offered=Offered()), now)
