"""Ours where more is known than anybody can learn: bounds of what better learning could win."""

from collections.abc import Mapping, Sequence

from bench.matching.patience import mean_by_hour_s
from bench.matching.strategies import Ours
from core.ticket import Ticket, Wait
from matching.curve import NEVER, Leaving
from matching.patience import Hazard, Patience
from matching.policy import Policy
from matching.reservation_value import ReservationValues


class _Foreseen(ReservationValues):
    """As if each had said how long they will wait."""

    patience_by_id: Mapping[str, int]

    def worth(self, ticket: Ticket, now: int) -> float:
        sooner = self._patience_ms - self.patience_by_id[ticket.id]
        return super().worth(ticket, now + round(self._stance.horizon * sooner))

    def last_call(self, ticket: Ticket, now: int) -> bool:
        return now - ticket.joined_at >= self.patience_by_id[ticket.id] - self._stance.last_call_ms

    def _leaving(self, hazard: Hazard) -> Leaving:
        return NEVER


class Foreseeing(Ours):
    """Ours where it is known of each who waits when they will leave."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._reservation: _Foreseen = _Foreseen(
            policy.shares,
            patience_ms=policy.patience_ms,
            stance=policy.stance,
            common_language=policy.common_language,
        )

    def foresee(self, patience_ms: Mapping[str, int]) -> None:
        """How long each will wait."""
        self._reservation.patience_by_id = patience_ms


class _ByHour(Patience):
    """The law of `patience.LAWS["hours"]` itself, as it is now."""

    def see(self, latest: Sequence[Wait], now: int) -> None:
        self._rate = 1 / mean_by_hour_s(now)

    def of(self, kind: str, traits: tuple[str, ...] = ()) -> Hazard:
        return ((0.0, self._rate),)


class ToldTheHour(Ours):
    """Ours where the patience of the hour is known and need not be learnt."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._reservation._patience = _ByHour(policy.patience_ms)
