"""The queue of one region in memory: the twin of `db.redis.tickets.RedisTickets`, held to the same tests."""

from collections import Counter
from collections.abc import Iterable, Sequence

from core.ticket import (
    Census,
    Claim,
    Claimed,
    Departure,
    Market,
    Placed,
    Pool,
    Ticket,
    Turn,
    Wait,
    claimed,
    kind,
)
from core.vocabulary import LeftReason
from matching.habit import Before, Habit
from matching.pools import pools_for, pools_of, shares


class MemoryTickets:
    """Says what each operation means, without the pools and sets that make it fast."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}  # by user
        self.leases: dict[str, int] = {}  # by user
        self.held: dict[str, str] = {}  # user -> call id
        self.reserved: set[str] = set()  # users whose ticket nobody is matched with yet
        self.claims: dict[str, Claim] = {}
        self.outs: dict[str, str] = {}  # user -> the call or ticket they went out with last
        self.left: dict[str, str] = {}  # user -> the ticket they wanted to leave while it was held
        self.came: dict[str, int] = {}  # user -> when they last joined
        self.noted: dict[str, int] = {}  # user -> when they were last noted to have left by themselves
        self.habits: dict[str, Habit] = {}
        self.missing: dict[str, str] = {}  # user -> the latest call that they did not accept
        self.gone: dict[str, Departure] = {}
        self.turns: dict[str, str] = {}
        self.news: dict[str, int] = {}
        self.joined: list[Ticket] = []
        self.known: dict[bytes, Ticket] = {}  # by id, all there ever were
        self.waits: dict[str, list[Wait]] = {"voice": [], "video": []}
        self.unreadable: set[str] = set()  # tickets and claims, by id, that only another version reads
        self.aside: list[str] = []  # claims
        self._others: dict[str, MemoryTickets] = {}  # by region

    async def before(self, user_id: str) -> Before:
        return Before(self.outs.get(user_id, ""), self.habits.get(user_id, Habit()))

    async def before_each(self, user_ids: Sequence[str]) -> list[Before]:
        return [await self.before(user_id) for user_id in user_ids]

    async def join(self, ticket: Ticket, lease_until: int, out: str | None = None) -> Ticket | None:
        overtaken = out is not None and self.outs.get(ticket.user_id, "") != out
        if overtaken and ticket.user_id not in self.tickets:
            return None
        if ticket.user_id in self.tickets and self._read(ticket.user_id) is None:
            await self.leave(ticket.user_id, "left")
            return None
        self._lease(ticket.user_id, lease_until)
        placed = self.tickets.setdefault(ticket.user_id, ticket)
        if placed is not ticket:
            self.left.pop(ticket.user_id, None)
        else:
            self.keep(ticket)
            before = self.came.get(ticket.user_id)
            self.came[ticket.user_id] = ticket.joined_at
            self.joined += [ticket] if before is None or ticket.joined_at - before >= 30_000 else []
        return placed

    async def join_and_look(self, ticket: Ticket, lease_until: int, out: str, limit: int) -> Placed | None:
        placed = await self.join(ticket, lease_until, out)
        waiting, candidates = await self.waiting(ticket.mode), await self.candidates(ticket, limit)
        seen = tuple(other.id.encode() for other in candidates)
        return None if placed is None else Placed(placed, waiting, seen)

    async def read(self, ids: Sequence[bytes]) -> Sequence[Ticket]:
        return self._readable(self.known[ticket_id] for ticket_id in ids if ticket_id in self.known)

    def keep(self, ticket: Ticket) -> None:
        self.known[ticket.id.encode()] = ticket

    async def leave(
        self, user_id: str, reason: LeftReason, ticket_id: str | None = None, *, at: int | None = None
    ) -> Departure | None:
        ticket = self.tickets.get(user_id)
        if ticket is None or ticket_id not in (None, ticket.id):
            return None
        if user_id in self.held:
            self.left |= {user_id: ticket.id} if reason == "left" else {}
            return None
        if at is not None and reason == "timed_out":
            self.waits[ticket.mode].append(Wait(kind(ticket), None, at=at, traits=ticket.traits))
            if user_id not in self.reserved:
                self._note_habit(ticket, at, left=False)
        elif at is not None and user_id not in self.reserved:
            self._note_departure(ticket, at)
        return self._take_out(user_id, reason)

    async def missed(self, ticket: Ticket, call_id: str, at: int, *, waited_ms: int, gone: bool) -> None:
        user_id = ticket.user_id
        if self.missing.get(user_id) == call_id:
            return
        self.missing[user_id] = call_id
        if self.habits.get(user_id, Habit()).offers:
            self.habits[user_id] = self.habits[user_id].absent(gone=gone)
        if gone:
            self._note_gone(ticket, at, waited_ms)

    async def forget(self, user_id: str) -> None:
        for known in (self.habits, self.noted, self.came, self.missing):
            known.pop(user_id, None)

    def _note_departure(self, ticket: Ticket, at: int) -> None:
        self._note_habit(ticket, at, left=True)
        self._note_gone(ticket, at, at - ticket.joined_at)

    def _note_gone(self, ticket: Ticket, at: int, waited_ms: int) -> None:
        noted = self.noted.get(ticket.user_id)
        if noted is None or abs(at - noted) >= 900_000:
            self.noted[ticket.user_id] = at
            waited = max(0, waited_ms)
            self.waits[ticket.mode].append(Wait(kind(ticket), waited, left=True, at=at, traits=ticket.traits))

    def _note_habit(self, ticket: Ticket, at: int, *, left: bool, offered: bool = False) -> None:
        before = self.habits.get(ticket.user_id, Habit())
        self.habits[ticket.user_id] = before.after(at - ticket.joined_at, left=left, offered=offered)

    def elsewhere(self, region: str) -> "MemoryTickets":
        return self._others.setdefault(region, MemoryTickets())

    async def of(self, user_id: str) -> Ticket | None:
        return self._read(user_id)

    async def resume(self, user_id: str, until: int) -> Ticket | None:
        await self.renew([user_id], until)
        return await self.of(user_id)

    async def renew(self, user_ids: Iterable[str], until: int) -> None:
        for user_id in user_ids:
            if user_id in self.leases:
                self._lease(user_id, until)

    async def waiting(self, mode: str) -> int:
        return len(self._standing(mode))

    async def candidates(self, ticket: Ticket, limit: int) -> Sequence[Ticket]:
        standing = self._standing(ticket.mode)
        pools = [[other for other in standing if pool in pools_of(other)] for pool in pools_for(ticket)]
        found: list[Ticket] = []
        for pool, share in zip(pools, shares([len(pool) for pool in pools], limit), strict=True):
            found += pool if len(pool) <= share else pool[: share - share // 2] + pool[-(share // 2) :]
        return self._readable(found)

    async def look(self, ticket: Ticket, limit: int) -> Sequence[Ticket] | None:
        waits = any(other.id == ticket.id for other in self._standing(ticket.mode))
        return await self.candidates(ticket, limit) if waits else None

    async def market(self, mode: str) -> Market:
        waiting = self._standing(mode)
        stock = Counter((t.card.gender, sought) for t in waiting for sought in t.genders)
        recent = tuple(self._readable(t for t in reversed(self.joined) if t.mode == mode)[:256])
        return Market(arrivals=recent, stock=stock, waits=tuple(reversed(self.waits[mode])))

    async def everyone(self, mode: str) -> Sequence[Ticket]:
        return self._readable(self._standing(mode))

    def _standing(self, mode: str) -> Sequence[Ticket]:
        out = self.held.keys() | self.reserved
        waiting = [t for t in self.tickets.values() if t.mode == mode and t.user_id not in out]
        return sorted(waiting, key=lambda ticket: (ticket.joined_at, ticket.id))

    async def census(self, ticket: Ticket, most: int) -> Census:
        others = [other for other in self._standing(ticket.mode) if other.id != ticket.id]
        fitting = [other for other in others if ticket.card.gender in other.genders]
        pools = [tuple(o for o in fitting if o.card.gender == gender) for gender in ticket.genders]
        each = most // len(pools)
        drawn = [tuple(self._readable(pool[:each])) for pool in pools]
        return Census(
            len(others), tuple(Pool(len(pool), some) for pool, some in zip(pools, drawn, strict=True))
        )

    async def claim(self, claim: Claim, instead: Sequence[Ticket] = (), *, aloud: bool = False) -> Claimed:
        firsts = (claim.first, *instead)
        there = [nth for nth, first in enumerate(firsts) if self._claimable(first, claim.claimed_at)]
        gone = there[0] if there else len(firsts)
        found = claimed(claim, firsts, gone if self._claimable(claim.second, claim.claimed_at) else -1)
        if found.outcome == "both":
            for one in (found.claim.first, found.claim.second):
                waited, at = claim.claimed_at - one.joined_at, claim.claimed_at
                self.waits[one.mode].append(Wait(kind(one), waited, at=at, traits=one.traits))
                self.held[one.user_id] = claim.call_id
                self._note_habit(one, at, left=False, offered=True)
            self.claims[claim.call_id] = found.claim
        return found

    async def settle(self, claim: Claim) -> None:
        for ticket in (claim.first, claim.second):
            if self.held.get(ticket.user_id) == claim.call_id:
                del self.held[ticket.user_id], self.tickets[ticket.user_id]
                self.leases.pop(ticket.user_id, None)
                self.outs[ticket.user_id] = claim.call_id
        self.claims.pop(claim.call_id, None)

    async def give_up(self, claim: Claim) -> None:
        self._give_up(claim.call_id)

    def _give_up(self, call_id: str) -> None:
        if self.claims.pop(call_id, None) is None:
            return
        self.aside.append(call_id)
        for user_id in [user_id for user_id, held in self.held.items() if held == call_id]:
            del self.held[user_id]
            self._take_out(user_id, "disconnected")
            self.outs[user_id] = call_id

    async def _restore(self, ticket: Ticket, call_id: str, lease_until: int) -> Ticket | None:
        user_id = ticket.user_id
        own = self.tickets.get(user_id)
        if own is not None and self.held.get(user_id) != call_id:
            return own
        if own is None and self.outs.get(user_id, call_id) != call_id:
            return None
        self.held.pop(user_id, None)
        if self.left.get(user_id) == ticket.id:
            if own is not None:
                self.tickets[user_id] = ticket
                self._take_out(user_id, "left")
            return None
        self.outs.pop(user_id, None)
        self.tickets[user_id] = ticket
        self.keep(ticket)
        self._lease(user_id, lease_until)
        return ticket

    async def reserve(self, ticket: Ticket, call_id: str, lease_until: int) -> Ticket | None:
        before = self.tickets.get(ticket.user_id), self.held.get(ticket.user_id)
        own = await self._restore(ticket, call_id, lease_until)
        if own is not None and (self.tickets.get(ticket.user_id), self.held.get(ticket.user_id)) != before:
            self.reserved.add(ticket.user_id)
        return own and self._read(own.user_id)

    async def enter(self, ticket: Ticket) -> bool:
        own = self.tickets.get(ticket.user_id)
        waits = own is not None and own.id == ticket.id and ticket.user_id not in self.held
        self.reserved -= {ticket.user_id} if waits else set()
        return waits

    async def refuse(
        self, claim: Claim, others: Sequence[Ticket], lease_until: int
    ) -> Sequence[Ticket | None]:
        restored = [await self._restore(ticket, claim.call_id, lease_until) for ticket in others]
        await self.settle(claim)
        return restored

    async def unfinished(self, claimed_before: int) -> Sequence[Claim]:
        old = [claim for claim in self.claims.values() if claim.claimed_at <= claimed_before]
        for claim in old:
            if claim.call_id in self.unreadable and claim.claimed_at <= claimed_before - 60_000:
                self._give_up(claim.call_id)
        return [claim for claim in old if claim.call_id not in self.unreadable]

    async def lapse(self, now: int, lease_ms: int | None = None) -> Sequence[Departure]:
        for user_id, until in sorted(self.leases.items(), key=lambda lease: (lease[1], lease[0])):
            if until <= now and user_id not in self.held:
                judged = lease_ms is not None and now - until < lease_ms
                if lease_ms is not None and judged and user_id not in self.reserved:
                    self._note_departure(self.tickets[user_id], until - lease_ms)
                self._take_out(user_id, "disconnected")
        return tuple(self.gone.values())

    async def told(self, departures: Iterable[Departure]) -> Sequence[Departure]:
        return [d for d in departures if self.gone.pop(d.ticket_id, None) is not None]

    async def last_news(self, mode: str, now: int) -> int | None:
        last, self.news[mode] = self.news.get(mode), now
        return last

    async def take_turn(self, mode: str, node: str, ms: int) -> Turn:
        anything = self.leases or self.claims or self.gone
        taken = self.turns.setdefault(mode, node) == node and self.turns.pop(mode) == node
        return Turn(await self.waiting(mode), bool(anything) and taken)

    async def end_turn(self, mode: str, node: str, rest_ms: int) -> None:
        return None

    def _readable(self, tickets: Iterable[Ticket]) -> Sequence[Ticket]:
        return [ticket for ticket in tickets if ticket.id not in self.unreadable]

    def _read(self, user_id: str) -> Ticket | None:
        ticket = self.tickets.get(user_id)
        return None if ticket is None or ticket.id in self.unreadable else ticket

    def _lease(self, user_id: str, until: int) -> None:
        self.leases[user_id] = max(until, self.leases.get(user_id, 0))

    def _claimable(self, ticket: Ticket, now: int) -> bool:
        own = self.tickets.get(ticket.user_id)
        waits = (
            own is not None and own.id == ticket.id and ticket.user_id not in self.held.keys() | self.reserved
        )
        return waits and self.leases.get(ticket.user_id, 0) > now

    def _take_out(self, user_id: str, reason: LeftReason) -> Departure:
        ticket = self.tickets.pop(user_id)
        self.reserved.discard(user_id)
        self.leases.pop(user_id, None)
        self.outs[user_id] = ticket.id
        gone = Departure(ticket_id=ticket.id, user_id=user_id, reason=reason)
        self.gone[ticket.id] = gone
        return gone
