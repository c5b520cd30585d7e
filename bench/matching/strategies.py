"""The strategies that are compared. Ours is the product's; the others are what is common elsewhere."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import ClassVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.matching.simulation import Matched
from core.ticket import Market, Ticket, Wait, kind
from matching.candidate_pairs import CandidatePairs
from matching.policy import Policy
from realtime.matchmaking.sweep import Rhythm

CANDIDATES = 256  # the default of the setting
_SECOND_MS = 1_000
_NOBODY: frozenset[str] = frozenset()


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
        best = max(
            islice(permitted, 64), key=lambda other: self._policy.score(ticket, other, now), default=None
        )
        if best is None:
            self._pools.add(ticket)
            return []
        self._pools.remove(best)
        return [(best, ticket)]


class Assignment:
    """Every 15 s the assignment of greatest total score among all who wait."""

    step_ms = 15_000

    def __init__(self, policy: Policy) -> None:
        self._policy, self._pools = policy, _Pools()

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        self._pools.add(ticket)
        return []

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

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pools = _Pools()
        self._reservation = policy.reservation_values()
        self._candidate_pairs = CandidatePairs(policy, CANDIDATES)
        self._arrivals: deque[Ticket] = deque(maxlen=256)
        self._waits: deque[Wait] = deque(maxlen=512)
        self._seen = -_SECOND_MS
        self.estimates: dict[str, int] = {}
        self.ranges: dict[str, Sequence[int]] = {}

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        self._look(now)
        self._arrivals.append(ticket)
        estimate = self._reservation.wait_estimates.of(ticket, now)
        if estimate is not None:
            self.estimates[ticket.id] = estimate
        told = self._reservation.wait_estimates.range_of(ticket, now)
        if told is not None:
            self.ranges[ticket.id] = told
        candidates = tuple(self._candidate_pairs.rivals(ticket, CANDIDATES))
        choices = self._policy.survey(ticket, candidates, _NOBODY, now, self._reservation).choices
        if not choices:
            self._pools.add(ticket)
            self._candidate_pairs.add(ticket)
            return []
        self._forget(choices[0].ticket)
        return [self._matched((choices[0].ticket, ticket), now)]

    def leave(self, ticket: Ticket, now: int) -> None:
        self._forget(ticket)
        waited = now - ticket.joined_at
        if waited >= self._policy.patience_ms:
            self._waits.append(Wait(kind(ticket), None))
        elif self.learns:
            self._waits.append(Wait(kind(ticket), waited, left=True))

    def tick(self, now: int) -> Iterable[Matched]:
        self._look(now)
        for pair in chain.from_iterable(self._candidate_pairs.worth_matching(now, self._reservation)):
            if pair.other.joined_at > now - Rhythm().search_ms:
                continue  # their own search has just judged it
            if pair.one.id in self._candidate_pairs and pair.other.id in self._candidate_pairs:
                self._forget(pair.one)
                self._forget(pair.other)
                yield self._matched((pair.one, pair.other), now)
        for ticket, others in self._candidate_pairs.last_calls(now, self._reservation):
            for choice in self._policy.survey(
                ticket, others, _NOBODY, now, self._reservation, unasked=True
            ).choices[:1]:
                self._forget(choice.ticket)
                self._forget(ticket)
                yield self._matched((choice.ticket, ticket), now)

    def _matched(self, pair: Matched, now: int) -> Matched:
        self._waits.extend(Wait(kind(ticket), now - ticket.joined_at) for ticket in pair)
        return pair

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
