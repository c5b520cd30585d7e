"""The tickets that were claimed lately, so that a search does not try those it saw before that."""

from collections.abc import Iterable
from itertools import islice

from core.ticket import Ticket

_KEPT_MS = 1_000  # no look at candidates is as old as that when it is used


class RecentClaims:
    """By id, in memory. What is given back is found again: only what was seen earlier is out of date."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}

    def note(self, *ticket_ids: str, now: int) -> None:
        """These are being claimed now (ms), or were found gone."""
        for ticket_id in ticket_ids:
            self._at.pop(ticket_id, None)  # to the end
            self._at[ticket_id] = now
        for old, at in tuple(islice(self._at.items(), 2 * len(ticket_ids))):
            if not 0 <= now - at < _KEPT_MS:  # also when the clock was set back
                del self._at[old]

    def hear(self, ticket_ids: Iterable[str], now: int) -> bool:
        """Some node says that it has claimed these. Whether that is news."""
        new = [ticket_id for ticket_id in ticket_ids if ticket_id not in self._at]
        self.note(*new, now=now)
        return bool(new)

    def forget(self, ticket_id: str) -> None:
        """It was not claimed after all."""
        self._at.pop(ticket_id, None)

    def others(self, tickets: Iterable[Ticket], seen_at: int) -> list[Ticket]:
        """Those of these that were not claimed after they were seen waiting at that time (ms)."""
        claimed = self._at.get
        return [ticket for ticket in tickets if claimed(ticket.id, seen_at) <= seen_at]

    def since(self, ticket_id: str, seen_at: int) -> bool:
        """Whether it was claimed after it was seen waiting at that time (ms)."""
        return self._at.get(ticket_id, seen_at) > seen_at
