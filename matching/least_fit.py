"""How well two must fit to be worth matching now, in columns: so that most pairs take one comparison. Pure.

What is asked of a pair is the weighted mean of what both expect. Of two whose weights are known that is a
number of the one, plus a share of what the other expects: so it is worked out once for all who ask of the
same one, in the same line, at the same time. It is a bound: who comes up to it is judged as exactly as ever.
"""

from collections.abc import Iterator, Mapping
from math import inf

from core.ticket import Ticket
from matching.policy import Policy
from matching.reservation_value import ReservationValues

ROUNDING = 1e-9  # sums in another order differ by less
_AT_ONCE = 16  # curves are made of: a millisecond of work


class LeastFit(dict[str, tuple[float, float]]):
    """For tickets of one weight: by id of another ticket so much, and so many times what the one expects."""

    def __init__(
        self,
        weight: float,
        now: int,
        waiting: Mapping[str, Ticket],
        policy: Policy,
        reservation_values: ReservationValues,
    ) -> None:
        super().__init__()
        self._weight, self._now, self._waiting = weight, now, waiting
        self._policy, self._reservation_values = policy, reservation_values
        self.gone = set[str]()  # those asked for who do not wait

    def __missing__(self, ticket_id: str) -> tuple[float, float]:
        other = self._waiting.get(ticket_id)
        if other is None:
            self.gone.add(ticket_id)
            least = inf, 0.0
        else:
            stake = self._reservation_values.stake(other, self._now)
            theirs, share = self._reservation_values.share_of(stake, self._weight)
            least = theirs - self._policy.seniority(other, self._now), share
        self[ticket_id] = least
        return least


class LeastFits:
    """Of one sweep, by weight, of which there are few. Made anew when the market was looked at since."""

    def __init__(
        self, now: int, waiting: Mapping[str, Ticket], policy: Policy, reservation_values: ReservationValues
    ) -> None:
        self._with = now, waiting, policy, reservation_values
        self._values, self._seen = reservation_values, reservation_values.seen
        self._by_weight: dict[float, LeastFit] = {}

    def of(self, weight: float) -> LeastFit:
        """For tickets that count for so much."""
        if self._seen != self._values.seen:
            self._seen = self._values.seen
            self._by_weight.clear()
        least = self._by_weight.get(weight)
        if least is None:
            least = self._by_weight[weight] = LeastFit(weight, *self._with)
        return least

    def prepare(self, weight: float, ticket_ids: Mapping[str, object]) -> Iterator[None]:
        """Work out what nobody has asked of these yet. Something comes after every few: others may run."""
        least = self.of(weight)
        if ticket_ids.keys() <= least.keys():
            return  # of most, since many have the same rivals
        for number, ticket_id in enumerate([each for each in ticket_ids if each not in least], 1):
            least[ticket_id]
            if number % _AT_ONCE == 0:
                yield
