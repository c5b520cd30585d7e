"""What each waiting user has reason to expect, and so what score is asked of a match. Pure.

A match now is worth its score; to wait on is worth what may still come. That worth V, for a remaining
patience of r, is the reservation value of optimal stopping (McCall 1970; in continuous time, with offers that
arrive at random): V(0) = 0 and

    dV/dr = sum over candidates k of  rate * (score_k - V)+   +  called * (mean score - V)
            -  leaving * (departure + V)  -  cost of waiting

where the candidates are those of the latest arrivals whom the rules permit. The second term is the last call:
a user whose patience is about to end takes anybody who is still free, whatever that one hopes for. So the
more of the others leave without a match, the less there is to hold out for. The third is what users do by
themselves: whoever is likely to leave soon (`patience`) has little to hold out for. The right side is linear
in V between two scores and within a piece of the hazard, so the curve is a chain of exponentials, computed
exactly (`curve`).

A meeting as such is worth something too. This is added to every score, so it only matters where a user may
end up with nobody; it keeps people with few fitting others from being held out for.

Two who meet both give up what they expected. How much each expectation counts depends on the stock: somebody
with many to choose from asks for their own worth, somebody in a long line asks for little. If nobody arrives,
there is nothing to expect, and every permitted pair is matched at once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import sqrt

from msgspec import Struct

from core.ticket import Market, Ticket, Wait, kind
from matching.acceptance import beside_others, usual
from matching.curve import NEVER, Curve, Leaving
from matching.patience import Hazard, Patience
from matching.rules import permitted
from matching.score import Weights, scores
from matching.wait_estimates import WaitEstimates


class ReservationParameters(Struct, frozen=True, kw_only=True):
    """How a match now is weighed against a later one. The defaults are the best of `bench/matching`.

    `cost` is what a second of waiting costs in score. `horizon` is the share of patience that is planned
    with: in the rest a user takes anybody who comes. `stock_power` and `stock_prior` say how fast a lopsided
    pool shifts the weight to the scarce side. `regard` says how much, of several candidates, those with
    little to expect are preferred. `meeting` is what a match is worth apart from its score, and `departure`
    what it costs that somebody leaves by themselves, apart from the match they miss: in full where `crowd`
    who fit by gender come in a second, and little where few do. No more than `plenty`
    arrivals a second are counted on: where more come, nobody has to hold out for the very best. Arrivals are
    counted over `window_ms` and `burst_ms`; a curve is made of the latest `comers` and used for `keep_ms`.
    The last call begins `last_call_ms` before patience ends (a sweep must fall into that time); 0: none.
    """

    cost: float = 0.008
    horizon: float = 0.9
    stock_power: float = 4.0
    stock_prior: float = 15.0
    regard: float = 1.0
    meeting: float = 0.5
    departure: float = 2.0
    crowd: float = 4.0
    plenty: float = 8.0
    comers: int = 64
    window_ms: int = 30_000
    burst_ms: int = 5_000
    keep_ms: int = 30_000
    last_call_ms: int = 1_000


Stake = tuple[float, float]
_FEW = 3  # the power by which a departure costs less where fewer come: an expectation errs less there
_MOMENT_MS = 100  # in which no expectation changes by as much as would matter


class Side(Struct, frozen=True):
    """What all users of one gender who seek the same have in common.

    `comers` are the latest arrivals who fit, each coming `rate` times a second. `called` is how often a
    second one of these users is taken by the last call of each comer. `weight` is how much they count in a
    pair.
    """

    comers: Sequence[Ticket]
    rate: float
    called: float
    weight: float


class _Kept(Struct, frozen=True):
    """A curve, the ticket that it was made for, and when (ms)."""

    ticket: Ticket
    made: int
    curve: Curve


class ReservationValues:
    """The market as it was last read, and what it means for each ticket.

    Curves are kept for a while, by user: who skips or comes again soon is another ticket, and expects the
    same.
    """

    def __init__(
        self,
        shares: Weights,
        *,
        patience_ms: int,
        stance: ReservationParameters,
        common_language: bool = False,
    ) -> None:
        self._shares = shares
        self._patience_ms = patience_ms
        self._stance = stance
        self._common_language = common_language
        self.wait_estimates = WaitEstimates(patience_ms)
        self.seen = 0  # how often a market was
        self._patience = Patience(patience_ms)
        self._market = Market()
        self._left: Counter[tuple[str, bool]] | None = None
        self._arrivals: Sequence[Ticket] = ()
        self._rate = 0.0
        self._usual = usual(())
        self._sides: dict[tuple[str, tuple[str, ...]], Side] = {}
        self._curves: dict[str, _Kept] = {}
        self._stakes: dict[str, tuple[int, Stake]] = {}
        self._likely: dict[str, float] = {}
        self._spells: dict[tuple[str, tuple[str, ...]], Sequence[tuple[float, float]]] = {}

    def see(self, market: Market, now: int) -> None:
        """Take the market as it is now: who came lately, and how many wait."""
        self.seen += 1
        # Who came later than now came by a clock that was set back since: that says nothing of now.
        since, until = now - self._stance.window_ms, now + self._stance.burst_ms
        self._market = market
        self._arrivals = [ticket for ticket in market.arrivals if since < ticket.joined_at <= until]
        self._usual = usual(ticket.offered for ticket in self._arrivals)
        self._rate = arrival_rate(self._arrivals, len(market.arrivals), now, self._stance)
        self._left = None
        self._sides.clear()
        self._stakes.clear()
        self._likely.clear()
        self._spells.clear()
        self.wait_estimates.see(market.waits)
        self._patience.see(market.waits, now)
        old = now - self._stance.keep_ms
        for user_id in [user_id for user_id, kept in self._curves.items() if kept.made < old]:
            del self._curves[user_id]

    def worth(self, ticket: Ticket, now: int) -> float:
        """What it is worth to this ticket to go on waiting, in score."""
        if not self._rate:
            return 0.0
        kept = self._curves.get(ticket.user_id)
        if kept is None or kept.ticket is not ticket:
            kept = self._curves[ticket.user_id] = self._keep(ticket, now, kept)
        return kept.curve.at((self._stance.horizon * self._patience_ms - now + ticket.joined_at) / 1000)

    def asked(self, one: Ticket, other: Ticket, now: int) -> float:
        """The score that a match of these two must have now."""
        return self.asking(one, now)(other)

    def asking(self, one: Ticket, now: int) -> Callable[[Ticket], float]:
        """`asked` of one and many others."""
        mine, weight = self.stake(one, now)
        own, stake, meeting = mine * weight, self.stake, self._stance.meeting
        kept, moment = self._stakes.get, now // _MOMENT_MS

        def asked(other: Ticket) -> float:
            known = kept(other.id)
            fresh = known[1] if known is not None and known[0] == moment else None
            theirs, counterweight = fresh or stake(other, now)
            return (own + theirs * counterweight) / (weight + counterweight) - meeting

        return asked

    def stake(self, ticket: Ticket, now: int) -> Stake:
        """What it is worth to this ticket to go on waiting, and how much that counts in a pair.

        Of the same moment for all who ask in it: in a crowd, many searches ask of the same people.
        """
        moment, kept = now // _MOMENT_MS, self._stakes.get(ticket.id)
        if kept is None or kept[0] != moment:
            stake = self.worth(ticket, now), self._side(ticket).weight
            kept = self._stakes[ticket.id] = (moment, stake)
        return kept[1]

    def last_call(self, ticket: Ticket, now: int) -> bool:
        """Whether this ticket's patience is about to end: as told, or as is likely by when others left."""
        waited, before = now - ticket.joined_at, self._stance.last_call_ms
        if before <= 0:
            return False
        return waited >= self._patience_ms - before or self._leaves_soon(
            kind(ticket), ticket.traits, waited / 1000
        )

    def last_calls(self, tickets: Iterable[Ticket], now: int) -> list[Ticket]:
        """Those of these tickets of whom `last_call` is true."""
        before = self._stance.last_call_ms
        if before <= 0:
            return []
        joined_until, leave_soon = now - self._patience_ms + before, self._leaves_soon
        if not self._patience.has_seen_departures:
            return [ticket for ticket in tickets if ticket.joined_at <= joined_until]
        return [
            ticket
            for ticket in tickets
            if (came := ticket.joined_at) <= joined_until
            or leave_soon(kind(ticket), ticket.traits, (now - came) / 1000)
        ]

    def _was_called(self, wait: Wait) -> bool:
        """Whether somebody left without a match though they had a last call."""
        if not wait.left:
            return wait.waited_ms is None
        return wait.waited_ms is not None and self._leaves_soon(wait.kind, wait.traits, wait.waited_ms / 1000)

    def _leaves_soon(self, kind: str, traits: tuple[str, ...], waited_s: float) -> bool:
        spells = self._spells.get((kind, traits))
        if spells is None:
            before_s = self._stance.last_call_ms / 1000
            spells = self._spells[kind, traits] = self._patience.leaves_within(kind, traits, before_s)
        return bool(spells) and any(begins <= waited_s < ends for begins, ends in spells)

    def agreed(self, one: Stake, other: Stake) -> float:
        """The score asked of a pair: the weighted mean of their stakes, less what a meeting is worth."""
        (mine, weight), (theirs, counterweight) = one, other
        return (mine * weight + theirs * counterweight) / (weight + counterweight) - self._stance.meeting

    def share_of(self, other: Stake, weight: float) -> tuple[float, float]:
        """Of what is `agreed` with somebody of this weight: what comes from the other stake, less what a
        meeting is worth, and how many times what they expect themselves is added."""
        theirs, counterweight = other
        share = counterweight / (weight + counterweight)
        return share * theirs - self._stance.meeting, 1 - share

    def likely(self, ticket: Ticket) -> float:
        """How likely this ticket's user accepts an offer, beside those who came lately: 1 is as they do."""
        known = self._likely.get(ticket.id)  # in a crowd, many searches ask of the same people
        if known is None:
            known = beside_others(ticket.offered, self._usual) if ticket.offered.offers else 1.0
            self._likely[ticket.id] = known
        return known

    def _keep(self, ticket: Ticket, now: int, before: _Kept | None) -> _Kept:
        """What is kept of this user from now on, who had the ticket of `before` if any."""
        if before is not None and _judged(before.ticket) == _judged(ticket):
            return _Kept(ticket, before.made, before.curve)
        return _Kept(ticket, now, self._curve(ticket))

    def _curve(self, ticket: Ticket) -> Curve:
        side = self._side(ticket)
        meeting = self._stance.meeting
        fit = scores(self._shares, ticket, ticket.joined_at, self._patience_ms)
        fitting = permitted(ticket, side.comers, common_language=self._common_language)
        worths = [meeting + fit(other, 0.0) for other in fitting]
        leaving = self._leaving(self._patience.of(kind(ticket), ticket.traits))
        crowded = min(1.0, side.rate * len(side.comers) / self._stance.crowd)
        departure = self._stance.departure * crowded**_FEW
        return Curve(worths, side.rate, self._stance.cost, side.called * len(worths), leaving, departure)

    def _leaving(self, hazard: Hazard) -> Leaving:
        """The hazard by what is left of the time planned with; each piece comes sooner as that is shorter."""
        horizon, leaving = self._stance.horizon, list[tuple[float, float]]()
        plan, ends = horizon * self._patience_ms / 1000, 0.0
        for since, rate in reversed(hazard):
            if horizon * since < plan:
                leaving.append((ends, rate / horizon))
                ends = plan - horizon * since
        return leaving or NEVER

    def _side(self, ticket: Ticket) -> Side:
        kind = (ticket.card.gender, ticket.genders)
        side = self._sides.get(kind)
        if side is None:
            side = self._sides[kind] = self._side_of(*kind)
        return side

    def _side_of(self, gender: str, sought: tuple[str, ...]) -> Side:
        fitting = [t for t in self._arrivals if t.card.gender in sought and gender in t.genders]
        comers = fitting[: self._stance.comers]
        stock = sum(self._market.stock.get((other, gender), 0) for other in sought)
        share = len(fitting) / max(1, len(self._arrivals))
        rate = min(self._rate * share, self._stance.plenty) / max(1, len(comers))
        own = sum(self._market.stock.get((gender, other), 0) for other in sought)
        return Side(
            comers=comers,
            rate=rate,
            called=rate * self._given_up(frozenset(f"{other}:{gender}" for other in sought)) / max(1, own),
            weight=(stock + self._stance.stock_prior) ** self._stance.stock_power,
        )

    def _given_up(self, pools: frozenset[str]) -> float:
        """The share of users of these pools who left without a match; 0 where there is no last call."""
        if not self._stance.last_call_ms:
            return 0.0
        if self._left is None:  # by kind, of which there are few: how many left, without a match and in all
            self._left = Counter((wait.kind, self._was_called(wait)) for wait in self._market.waits)
        ended = total = 0
        for (whose, unmatched), number in self._left.items():
            if pools.intersection(whose.split()):
                ended, total = ended + unmatched * number, total + number
        return ended / total if total else 0.0


def _judged(ticket: Ticket) -> tuple[object, ...]:
    """All of a ticket that its curve is made of, but for when it joined."""
    wanted = ticket.genders, ticket.age_min, ticket.age_max
    return ticket.card, wanted, ticket.values, ticket.tier, ticket.traits, ticket.mode, ticket.device


def arrival_rate(recent: Sequence[Ticket], kept: int, now: int, stance: ReservationParameters) -> float:
    """Arrivals a second, estimated low: to expect too little only matches people a little too soon.

    The smaller of the rates in a long and in a short window, each less its standard error, so that a burst is
    not taken for a steady stream.
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
