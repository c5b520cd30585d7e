"""Keeps the reservation values of each mode up to date. A process has its own; all read the same market."""

from core.clock import Clock
from matching.policy import Policy
from matching.reservation_value import ReservationValues
from realtime.matchmaking.ports import TicketStore

_FRESH_MS = 1_000


class Markets:
    """Reads the market when it is asked for, at most once a second."""

    def __init__(self, tickets: TicketStore, policy: Policy, clock: Clock) -> None:
        self._tickets = tickets
        self._policy = policy
        self._clock = clock
        self._seen: dict[str, tuple[int, ReservationValues]] = {}

    async def of(self, mode: str) -> ReservationValues:
        """The reservation values in this mode."""
        now, known = self._clock(), self._seen.get(mode)
        seen, reservation_values = known or (now - _FRESH_MS, self._policy.reservation_values())
        if not 0 <= now - seen < _FRESH_MS:  # also when the clock was set back
            # Noted before reading: others who ask meanwhile get the last one.
            self._seen[mode] = (now, reservation_values)
            reservation_values.see(await self._tickets.market(mode), self._clock())
        return reservation_values
