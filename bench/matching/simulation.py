"""Virtual time: people come, wait, are matched by a strategy or leave when their patience ends."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Protocol

from msgspec import Struct

from bench.matching.answers import Answers
from bench.matching.population import ARRIVALS_S
from core.ticket import Ticket
from matching.policy import Policy

Matched = tuple[Ticket, Ticket]
_OFFER_MS = 10_000  # longer than an answer takes


class Strategy(Protocol):
    """How people are matched. `step_ms` is how often `tick` is called."""

    step_ms: int

    def join(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        """Somebody has come."""

    def back(self, ticket: Ticket, now: int) -> Iterable[Matched]:
        """Somebody waits again, at their old place: whoever was offered to them did not accept."""

    def leave(self, ticket: Ticket, now: int) -> None:
        """Somebody's patience is over."""

    def tick(self, now: int) -> Iterable[Matched]:
        """Time has passed."""


class Outcome(Struct, frozen=True):
    """What a strategy made of an evening: its pairs' total score; of each who was matched the wait (ms) and
    the score."""

    score: float
    waits: dict[str, int]
    scores: dict[str, float]
    failed: int = 0  # offers that somebody did not accept


class Evening:
    """One run. Raises KeyError or AssertionError when a strategy matches who is gone or must not meet."""

    def __init__(
        self,
        people: Sequence[Ticket],
        patience_ms: Mapping[str, int],
        strategy: Strategy,
        policy: Policy,
        answers: Answers | None = None,
    ) -> None:
        """`answers`: who accepts; None: everybody does."""
        self._people, self._strategy, self._policy = people, strategy, policy
        self._patience_ms, self._ends = patience_ms, list[tuple[int, str]]()
        self._waiting: dict[str, Ticket] = {}
        self._waits: dict[str, int] = {}
        self._scores: dict[str, float] = {}
        self._answers, self._backs, self._failed = answers, list[tuple[int, str, Ticket]](), 0

    def play(self) -> Outcome:
        """From the first arrival until everyone has been matched or gone."""
        step, coming = self._strategy.step_ms, 0
        until = ARRIVALS_S * 1000 + max(self._patience_ms.values(), default=0) + step + _OFFER_MS
        for now in range(0, until, step):
            while coming < len(self._people) and self._people[coming].joined_at < now:
                self._arrive(self._people[coming])
                coming += 1
            self._depart(now)
            self._settle(self._strategy.tick(now), now)
        return Outcome(sum(self._scores.values()) / 2, self._waits, self._scores, self._failed)

    def _arrive(self, ticket: Ticket) -> None:
        self._depart(ticket.joined_at)
        self._waiting[ticket.id] = ticket
        heappush(self._ends, (ticket.joined_at + self._patience_ms[ticket.id], ticket.id))
        self._settle(self._strategy.join(ticket, ticket.joined_at), ticket.joined_at)

    def _depart(self, now: int) -> None:
        while self._backs and self._backs[0][0] <= now:
            at, _, own = heappop(self._backs)
            if own.joined_at + self._patience_ms[own.id] > at:  # else they had left, or leave now
                self._waiting[own.id] = own
                heappush(self._ends, (own.joined_at + self._patience_ms[own.id], own.id))
                self._settle(self._strategy.back(own, at), at)
        while self._ends and self._ends[0][0] <= now:
            at, ticket_id = heappop(self._ends)
            ticket = self._waiting.pop(ticket_id, None)
            if ticket is not None:
                self._strategy.leave(ticket, at)

    def _settle(self, pairs: Iterable[Matched], now: int) -> None:
        for one, other in pairs:
            assert self._policy.removed(one, other, frozenset(), now) is None, (one, other)
            score = self._policy.score(one, other, now)
            if self._refused(one, other, now):
                continue
            for ticket in (one, other):
                del self._waiting[ticket.id]
                self._waits[ticket.id] = now - ticket.joined_at
                self._scores[ticket.id] = score

    def _refused(self, one: Ticket, other: Ticket, now: int) -> bool:
        """Whether one of them does not accept: those leave, and who did waits again after a while."""
        answers = self._answers
        if answers is None or (answers.accepted(one, other) and answers.accepted(other, one)):
            return False
        self._failed += 1
        for ticket, peer in ((one, other), (other, one)):
            own = self._waiting.pop(ticket.id)
            if answers.accepted(ticket, peer):
                heappush(self._backs, (now + answers.back_ms(peer, ticket), ticket.id, own))
        return True
