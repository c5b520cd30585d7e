"""Keeps the outlook of each mode up to date. Each process has its own; all of them read the same market."""

from core.clock import Clock
from matching.outlook import Outlook
from matching.policy import Policy
from realtime.matchmaking.ports import TicketStore

_FRESH_MS = 1_000


class Outlooks:
    """Reads the market when it is asked for, at most once a second."""

    def __init__(self, tickets: TicketStore, policy: Policy, clock: Clock) -> None:
        self._tickets = tickets
        self._policy = policy
        self._clock = clock
        self._seen: dict[str, tuple[int, Outlook]] = {}

    async def of(self, mode: str) -> Outlook:
        """The outlook for this mode."""
        now = self._clock()
        seen, outlook = self._seen.get(mode, (now - _FRESH_MS, self._policy.outlook()))
        if not 0 <= now - seen < _FRESH_MS:  # also when the clock was set back
            # Noted before reading: others who ask meanwhile get the last one.
            self._seen[mode] = (now, outlook)
            outlook.see(await self._tickets.market(mode), self._clock())
        return outlook
