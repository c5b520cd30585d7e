"""Keeps the outlook of each mode fresh. The state of one process: another one sees the same market."""

from core.clock import Clock
from matching.outlook import Outlook
from matching.policy import Policy
from realtime.matchmaking.ports import TicketStore

_FRESH_MS = 1_000


class Outlooks:
    """Reads the market when somebody asks, at most once a second."""

    def __init__(self, tickets: TicketStore, policy: Policy, clock: Clock) -> None:
        self._tickets = tickets
        self._policy = policy
        self._clock = clock
        self._seen: dict[str, tuple[int, Outlook]] = {}

    async def of(self, mode: str) -> Outlook:
        """What those who wait in this mode have to expect."""
        now = self._clock()
        seen, outlook = self._seen.get(mode, (now - _FRESH_MS, self._policy.outlook()))
        if not 0 <= now - seen < _FRESH_MS:  # also when the clock was set back
            # Noted before reading: whoever asks meanwhile makes do with what was seen last.
            self._seen[mode] = (now, outlook)
            outlook.see(await self._tickets.market(mode), self._clock())
        return outlook
