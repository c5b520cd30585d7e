"""What has happened, as seen at the stores, and what must never have: claims and offers not permitted.

Written by the ports of all nodes. What is wrong is noted, not raised: the product might catch it.
"""

from typing import Any

from core.ticket import Claim, Claimed, Placed, Ticket
from db.postgres.call_records import Admitted, Refusal
from db.postgres.direct_calls import Rung
from db.postgres.reports import NewReport
from matching.rules import obstacle
from tests.matching.memory_calls import UNWANTED
from tests.matching.steps import now_running

Pair = frozenset[str]


class Journal:
    """The plain truth about people, tickets and calls; times are those of the simulation, in ms."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.tickets: dict[str, Ticket] = {}
        self.claims: dict[str, Claim] = {}
        self.held: dict[str, str] = {}  # ticket -> call of the claim that has it
        self.refused: dict[str, Refusal] = {}  # the latest refusal of a claim
        self.offered: dict[str, tuple[str, str]] = {}  # calls on record, those that are over too
        self.origins: dict[str, str] = {}
        self.active: dict[str, str] = {}  # user -> call
        self.given_back: set[tuple[str, str]] = set()  # call, user
        self.met: dict[Pair, int] = {}  # pair -> how many things had happened before
        self.blocks: dict[Pair, int] = {}  # pair -> how many things had happened before
        self.banned: set[str] = set()
        self.asked: dict[str, int] = {}  # user -> how many things had happened when a join read about them
        self.known: dict[str, int] = {}  # ticket -> the same of its join, until it is claimed as a seeker
        self.steps = 0  # counts whatever happens

    def note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], answer: Any) -> None:
        """Called by a port after each call."""
        self.steps += 1
        note = getattr(self, "_" + name.replace(".", "_"), None)
        if note is not None:
            note(answer, *args, **kwargs)

    def _people_applicant(self, _: Any, user_id: str, *__: Any) -> None:
        self.asked[user_id] = self.steps

    def _tickets_join(self, placed: Ticket | None, ticket: Ticket, *_: Any) -> None:
        if placed is not None:
            self._seen(placed)
        if placed is ticket:
            self.known[ticket.id] = self.asked.get(ticket.user_id, self.steps)

    def _tickets_join_and_look(self, placed: Placed | None, ticket: Ticket, *_: Any) -> None:
        self._tickets_join(None if placed is None else placed.ticket, ticket)

    def _tickets_claim(self, done: Claimed, claim: Claim, *_: Any, **__: Any) -> None:
        if done.outcome == "both":
            claim = done.claim
            self.claims[claim.call_id] = claim
            one, other = claim.first, claim.second
            pair = frozenset((one.user_id, other.user_id))
            why: str | None = obstacle(one, other)
            operation = now_running()
            if self.held.keys() & {one.id, other.id}:
                why = "claimed already"
            self.held |= {one.id: claim.call_id, other.id: claim.call_id}
            # The first search of who has joined goes by what the join has read.
            known = self.known.pop(other.id, self.steps)
            if self.met.get(pair, self.steps) < known:
                why = "met"
            if operation is not None and self.blocks.get(pair, self.steps) < min(known, operation.begun_at):
                why = "blocked"
            if why:
                self.wrong.append(f"claimed although: {why}: {sorted(pair)}")

    def _tickets_settle(self, _: None, claim: Claim) -> None:
        for ticket_id in [ticket_id for ticket_id, call in self.held.items() if call == claim.call_id]:
            del self.held[ticket_id]

    def _tickets_restore(self, own: Ticket | None, ticket: Ticket, call_id: str, _: int = 0) -> None:
        claim = self.claims[call_id]
        mine = claim.first if claim.first.user_id == ticket.user_id else claim.second
        if self.held.get(mine.id) == call_id:
            del self.held[mine.id]
        if own is None or own.id == ticket.id or own.id not in (claim.first.id, claim.second.id):
            self.given_back.add((call_id, ticket.user_id))  # or it came too late, and need not be
        if own is not None:
            self._seen(own)

    _tickets_reserve = _tickets_restore

    def _tickets_refuse(self, owns: list[Ticket | None], claim: Claim, others: list[Ticket], _: int) -> None:
        for own, ticket in zip(owns, others, strict=True):
            self._tickets_restore(own, ticket, claim.call_id)
        self._tickets_settle(None, claim)

    def _record_offer(
        self, found: Refusal | Admitted, call_id: str, *, origin: str, users: tuple[str, str], **_: Any
    ) -> None:
        if isinstance(found, Refusal):
            self.refused[call_id] = found
        elif call_id not in self.offered:
            busy = [user for user in users if user in self.active]
            banned = self.banned.intersection(users)
            blocked = frozenset(users) in self.blocks
            met = origin == "match" and frozenset(users) in self.met
            if busy or banned or blocked or met:
                self.wrong.append(f"offered although: {busy=} {banned=} {blocked=} {met=}: {users}")
            self.offered[call_id], self.origins[call_id] = users, origin
            self.active.update(dict.fromkeys(users, call_id))

    def _record_ring(self, found: object, *_: Any, inviter: str, **__: Any) -> None:
        if isinstance(found, Rung) and found.call_id not in self.offered:
            one, other = (party.user_id for party in found.parties)
            if inviter in self.active:
                self.wrong.append(f"{inviter} rings and is in a call")
            self.offered[found.call_id], self.origins[found.call_id] = (one, other), "direct"
            self.active[inviter] = found.call_id

    def _record_answered(self, _: None, call_id: str, user_id: str, _now: int) -> None:
        if self.active.get(user_id, call_id) != call_id:
            self.wrong.append(f"{user_id} answers and is in another call")
        self.active[user_id] = call_id

    def _record_started(self, _: None, call_id: str, _now: int) -> None:
        self.met.setdefault(frozenset(self.offered[call_id]), self.steps)

    def _record_ended(self, _: None, call_id: str, *, reason: str, **__: Any) -> None:
        users = self.offered.get(call_id, ())
        still = [user for user in users if self.active.get(user) == call_id]
        if still and reason in UNWANTED:
            self.met.setdefault(frozenset(users), self.steps)
        for user in still:
            del self.active[user]

    def _record_file(self, _: Any, report: NewReport) -> None:
        self.blocks.setdefault(frozenset(self.offered[report.subject_id]), self.steps)

    def _seen(self, ticket: Ticket) -> None:
        """A ticket never changes under its id: above all, not its place."""
        if self.tickets.setdefault(ticket.id, ticket) != ticket:
            self.wrong.append(f"a ticket has changed: {ticket}")
