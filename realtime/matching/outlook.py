"""What each who waits has reason to expect, and so what they ask for. Pure.

A match now is worth its score; to wait on is worth what may still come. That worth V of one's remaining
patience r is the reservation value of optimal stopping (McCall 1970; in continuous time, with offers that
arrive at random): V(0) = 0 and

    dV/dr = sum over candidates k of  rate * (score_k - V)+   -  cost of waiting

where the candidates are those of the latest arrivals whom the rules permit. The right side is linear in V
between two scores, so the curve is a chain of exponentials, computed exactly.

Two who meet give up both their expectations. How much each one's counts depends on the stock: who has many to
choose from asks for their own worth, who stands in a long line asks for little. Nobody arrives: nobody has
anything to expect, and every permitted pair is matched at once.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, log, sqrt

from msgspec import Struct

from core.ticket import Market, Ticket, kind
from realtime.matching.rules import obstacle
from realtime.matching.score import Weights, score


class Stance(Struct, frozen=True, kw_only=True):
    """How one weighs now against later. The defaults are the best of `bench/matching`.

    `cost` is what a second of waiting costs in score. `horizon` is the share of patience that is planned
    with: in the rest one takes whoever comes. `stock_power` and `stock_prior` say how fast a lopsided pool
    shifts the weight to the scarce side. `regard` is how much, of several who may be had, those with little
    to expect are preferred. Arrivals are counted over `window_ms` and `burst_ms`, a curve serves `keep_ms`.
    """

    cost: float = 0.0075
    horizon: float = 0.75
    stock_power: float = 3.0
    stock_prior: float = 20.0
    regard: float = 3.0
    window_ms: int = 30_000
    burst_ms: int = 5_000
    keep_ms: int = 30_000


class Curve:
    """Worth of waiting by remaining patience: `V(r) = limit + (start - limit) * exp(-pace * (r - since))`."""

    __slots__ = ("_since", "_spans")

    def __init__(self, scores: Sequence[float], rate: float, cost: float) -> None:
        """`scores` of those who may come, each at `rate` a second; `cost` of a second."""
        self._since = [0.0]
        self._spans: list[tuple[float, float, float]] = []
        value, since = 0.0, 0.0
        left, total = len(scores), sum(scores)
        for best in sorted(scores):
            pace = rate * left
            limit = (rate * total - cost) / pace if pace > 0 else 0.0
            if limit <= value:
                break
            self._spans.append((limit, value, pace))
            if limit <= best:
                return
            since += log((limit - value) / (limit - best)) / pace
            value = best
            self._since.append(since)
            left, total = left - 1, total - best
        self._spans.append((value, value, 0.0))

    def at(self, seconds: float) -> float:
        """The worth of waiting with so much patience left."""
        if seconds <= 0:
            return 0.0
        span = bisect_right(self._since, seconds) - 1
        limit, start, pace = self._spans[span]
        return limit + (start - limit) * exp(-pace * (seconds - self._since[span]))


class Outlook:
    """The market as it was last seen, and what it means for each ticket. Curves are kept for a while."""

    def __init__(
        self, shares: Weights, *, patience_ms: int, stance: Stance, common_language: bool = False
    ) -> None:
        self._shares = shares
        self._patience_ms = patience_ms
        self._stance = stance
        self._common_language = common_language
        self._market = Market()
        self._arrivals: Sequence[Ticket] = ()
        self._rate = 0.0
        self._weights: dict[tuple[str, tuple[str, ...]], float] = {}
        self._curves: dict[str, tuple[int, Curve]] = {}

    def see(self, market: Market, now: int) -> None:
        """Take note of who came lately and who waits."""
        since = now - self._stance.window_ms
        self._market = market
        self._arrivals = [ticket for ticket in market.arrivals if ticket.joined_at > since]
        self._rate = arrival_rate(self._arrivals, len(market.arrivals), now, self._stance)
        self._weights.clear()
        old = now - self._stance.keep_ms
        for ticket_id in [ticket_id for ticket_id, (made, _) in self._curves.items() if made < old]:
            del self._curves[ticket_id]

    def worth(self, ticket: Ticket, now: int) -> float:
        """What waiting on is worth to this ticket, in score."""
        if not self._rate:
            return 0.0
        kept = self._curves.get(ticket.id)
        if kept is None:
            kept = self._curves[ticket.id] = (now, self._curve(ticket))
        return kept[1].at((self._stance.horizon * self._patience_ms - now + ticket.joined_at) / 1000)

    def asked(self, one: Ticket, other: Ticket, now: int) -> float:
        """The score that a match of these two must have now."""
        if not self._rate:
            return 0.0
        mine, weight = self.stake(one, now)
        theirs, counterweight = self.stake(other, now)
        return (mine * weight + theirs * counterweight) / (weight + counterweight)

    def stake(self, ticket: Ticket, now: int) -> tuple[float, float]:
        """What waiting on is worth to this ticket, and the weight this has: `asked` is the weighted mean."""
        return self.worth(ticket, now), self._weight(ticket)

    def estimate(self, ticket: Ticket, now: int) -> int | None:
        """How long (ms) this ticket may still wait: the median of those of its kind who waited as long.

        None while too few are known. Who left unmatched counts as having waited to the end.
        """
        waited = now - ticket.joined_at
        ours = kind(ticket)
        waits = sorted(
            self._patience_ms if wait.waited_ms is None else wait.waited_ms
            for wait in self._market.waits
            if wait.kind == ours and (wait.waited_ms is None or wait.waited_ms >= waited)
        )
        return max(0, waits[len(waits) // 2] - waited) if len(waits) >= _ENOUGH else None

    def _curve(self, ticket: Ticket) -> Curve:
        scores = [
            score(self._shares, ticket, other, ticket.joined_at, self._patience_ms)
            for other in self._arrivals
            if obstacle(ticket, other, common_language=self._common_language) is None
        ]
        return Curve(scores, self._rate / len(self._arrivals), self._stance.cost)

    def _weight(self, ticket: Ticket) -> float:
        """By how many wait for the likes of them."""
        kind = (ticket.card.gender, ticket.genders)
        weight = self._weights.get(kind)
        if weight is None:
            stock = sum(self._market.stock.get((sought, kind[0]), 0) for sought in ticket.genders)
            weight = self._weights[kind] = (stock + self._stance.stock_prior) ** self._stance.stock_power
        return weight


def arrival_rate(recent: Sequence[Ticket], kept: int, now: int, stance: Stance) -> float:
    """Arrivals a second, on the low side: who expects too little matches too soon, and nobody waits in vain.

    The lesser of a long window's and a short one's, each less its standard error: a burst is no stream.
    """
    if not recent:
        return 0.0
    full = len(recent) == kept and kept >= _FULL
    span = max(1, now - min(ticket.joined_at for ticket in recent)) if full else stance.window_ms
    lately = sum(ticket.joined_at > now - stance.burst_ms for ticket in recent)
    burst = min(span, stance.burst_ms)
    return min(_surely(len(recent)) / span, _surely(lately) / burst) * 1000


def _surely(count: int) -> float:
    return max(0.0, count - sqrt(count))


_FULL = 256  # as many arrivals as the store keeps
_ENOUGH = 5
