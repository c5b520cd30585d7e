"""The queue of one region in memory: the twin of `db.tickets.RedisTickets`, held to the same tests."""

from collections.abc import Iterable, Sequence

from core.ticket import Claim, Departure, Taken, Ticket
from core.vocabulary import LeftReason, Mode


class MemoryTickets:
    """Says what each operation means, without the pools and sets that make it fast."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}  # by user
        self.leases: dict[str, int] = {}  # by user
        self.held: dict[str, str] = {}  # user -> call id
        self.claims: dict[str, Claim] = {}
        self.restored: set[tuple[str, str]] = set()
        self.gone: dict[str, Departure] = {}
        self.turns: dict[Mode, str] = {}

    async def join(self, ticket: Ticket, lease_until: int) -> Ticket:
        self._lease(ticket.user_id, lease_until)
        return self.tickets.setdefault(ticket.user_id, ticket)

    async def leave(self, user_id: str, reason: LeftReason, ticket_id: str | None = None) -> Departure | None:
        ticket = self.tickets.get(user_id)
        if ticket is None or user_id in self.held or ticket_id not in (None, ticket.id):
            return None
        return self._take_out(user_id, reason)

    async def of(self, user_id: str) -> Ticket | None:
        return self.tickets.get(user_id)

    async def renew(self, user_ids: Iterable[str], until: int) -> None:
        for user_id in user_ids:
            if user_id in self.leases:
                self._lease(user_id, until)

    async def waiting(self, mode: Mode) -> int:
        return len(await self.everyone(mode))

    async def candidates(self, ticket: Ticket, limit: int) -> Sequence[Ticket]:
        fits = [
            other
            for other in await self.everyone(ticket.mode)
            if other.card.gender in ticket.genders and ticket.card.gender in other.genders
        ]
        return fits[:limit]

    async def everyone(self, mode: Mode) -> Sequence[Ticket]:
        waiting = [t for t in self.tickets.values() if t.mode == mode and t.user_id not in self.held]
        return sorted(waiting, key=lambda ticket: (ticket.joined_at, ticket.id))

    async def claim(self, claim: Claim) -> Taken:
        if not self._claimable(claim.first, claim.claimed_at):
            return "first_gone"
        if not self._claimable(claim.second, claim.claimed_at):
            return "second_gone"
        self.held[claim.first.user_id] = self.held[claim.second.user_id] = claim.call_id
        self.claims[claim.call_id] = claim
        return "both"

    async def settle(self, claim: Claim) -> None:
        for ticket in (claim.first, claim.second):
            if self.held.get(ticket.user_id) == claim.call_id:
                del self.held[ticket.user_id], self.tickets[ticket.user_id]
                self.leases.pop(ticket.user_id, None)
        self.claims.pop(claim.call_id, None)

    async def restore(self, ticket: Ticket, call_id: str, now: int, lease_until: int) -> Ticket:
        user_id = ticket.user_id
        first = (call_id, user_id) not in self.restored
        self.restored.add((call_id, user_id))
        own = self.tickets.get(user_id)
        if own is not None and (own.id != ticket.id or self.held.get(user_id) != call_id):
            return own
        if first:
            self.held.pop(user_id, None)
            self.tickets[user_id] = ticket
            self._lease(user_id, lease_until)
        return ticket

    async def refuse(
        self, claim: Claim, innocent: Sequence[Ticket], now: int, lease_until: int
    ) -> Sequence[Ticket]:
        restored = [await self.restore(ticket, claim.call_id, now, lease_until) for ticket in innocent]
        await self.settle(claim)
        return restored

    async def unfinished(self, claimed_before: int) -> Sequence[Claim]:
        return [claim for claim in self.claims.values() if claim.claimed_at <= claimed_before]

    async def lapse(self, now: int) -> Sequence[Departure]:
        for user_id, until in tuple(self.leases.items()):
            if until <= now and user_id not in self.held:
                self._take_out(user_id, "disconnected")
        return tuple(self.gone.values())

    async def told(self, departures: Iterable[Departure]) -> None:
        for departure in departures:
            self.gone.pop(departure.ticket_id, None)

    async def take_turn(self, mode: Mode, node: str, ms: int) -> bool:
        return self.turns.setdefault(mode, node) == node and self.turns.pop(mode) == node

    async def end_turn(self, mode: Mode, node: str, rest_ms: int) -> None:
        return None

    def _lease(self, user_id: str, until: int) -> None:
        self.leases[user_id] = max(until, self.leases.get(user_id, 0))

    def _claimable(self, ticket: Ticket, now: int) -> bool:
        own = self.tickets.get(ticket.user_id)
        waits = own is not None and own.id == ticket.id and ticket.user_id not in self.held
        return waits and self.leases.get(ticket.user_id, 0) > now

    def _take_out(self, user_id: str, reason: LeftReason) -> Departure:
        ticket = self.tickets.pop(user_id)
        self.leases.pop(user_id, None)
        gone = Departure(ticket_id=ticket.id, user_id=user_id, reason=reason)
        self.gone[ticket.id] = gone
        return gone
