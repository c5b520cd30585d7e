"""Carries the policy out: reads who waits, ranks them, claims the best, has the offer made.

A claim takes two tickets or none, so any number of matchmakers may work at once. Whoever dies between two
steps leaves a ticket that the sweep matches, or a claim that it finishes.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

import structlog
from msgspec import Struct

from core.clock import Clock
from core.ticket import Claim, Ticket
from db.outage import OUTAGES
from realtime.matching.outlooks import Outlooks
from realtime.matching.policy import Choice, Policy
from realtime.matching.seekers import Seekers
from services.ports import Acquaintances, Offers, TicketStore

_log = structlog.get_logger()
_WORKERS = 8
_LOOKS = 3


class Reach(Struct, frozen=True, kw_only=True):
    """How far a search goes: the most candidates read, and for how long (ms) the same two do not meet."""

    candidates: int
    rematch_ms: int


class Matchmaker:
    """Finds partners. `run` works off the seekers until it is cancelled."""

    def __init__(
        self,
        tickets: TicketStore,
        acquaintances: Acquaintances,
        offers: Offers,
        seekers: Seekers,
        policy: Policy,
        outlooks: Outlooks,
        reach: Reach,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._tickets = tickets
        self._acquaintances = acquaintances
        self._offers = offers
        self._seekers = seekers
        self._policy = policy
        self._outlooks = outlooks
        self._reach = reach
        self._clock = clock
        self._new_id = new_id

    async def run(self) -> None:
        """Find a partner for each seeker, several at a time. An outage leaves them to the sweep."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(_WORKERS):
                workers.create_task(self._work())

    async def _work(self) -> None:
        this = cast("asyncio.Task[None]", asyncio.current_task())
        # Asked, not only raised: on Python 3.11 the client's pool may lose a cancellation.
        while not this.cancelling():
            ticket = await self._seekers.next()
            try:
                await self.seek(ticket)
            except OUTAGES as outage:
                _log.warning("matching waits for the stores", error=str(outage), ticket=ticket.id)
            except Exception:
                _log.exception("a search failed", ticket=ticket.id)

    async def seek(self, ticket: Ticket) -> Claim | None:
        """Find a partner worth more than waiting on and have the offer made; None: not now."""
        for _ in range(_LOOKS):
            outlook = await self._outlooks.of(ticket.mode)
            candidates = await self._tickets.candidates(ticket, self._reach.candidates)
            choices = self._policy.rank(ticket, candidates, frozenset(), self._clock(), outlook)
            claim, again = await self._claim_best(ticket, choices)
            if claim is not None:
                await self._offers.make(claim)
            if not again:
                return claim
        return None

    async def match(self, one: Ticket, other: Ticket) -> Claim | None:
        """Have an offer made to these two; None: they must not meet, or one is gone."""
        claim, _ = await self._claim_best(other, [Choice(one, 0.0, 0.0)])
        if claim is not None:
            await self._offers.make(claim)
        return claim

    async def finish(self, claims: Iterable[Claim]) -> None:
        """Have the offers of these claims made: whoever took them did not come so far.

        One that cannot be made keeps no other waiting. Raises what an outage raises.
        """
        for claim in claims:
            try:
                await self._offers.make(claim)
            except OUTAGES:
                raise
            except Exception:
                _log.exception("a claim cannot be finished", call_id=claim.call_id)

    async def _claim_best(self, ticket: Ticket, choices: Iterable[Choice]) -> tuple[Claim | None, bool]:
        """The claim, and whether to look again: everyone worth having was taken meanwhile."""
        avoid: frozenset[str] | None = None
        taken = False
        for choice in choices:
            if avoid is None:
                # Late and always fresh: most searches of the sweep find nobody, and a block counts at once.
                since = self._clock() - self._reach.rematch_ms
                avoid = await self._acquaintances.avoid(ticket.user_id, since)
            if choice.ticket.user_id in avoid:
                continue
            now = self._clock()
            claim = Claim(call_id=self._new_id(), first=choice.ticket, second=ticket, claimed_at=now)
            outcome = await self._tickets.claim(claim)
            if outcome == "both":
                return claim, False
            if outcome == "second_gone":
                return None, False
            taken = True
        return None, taken
