"""Lets two who met lately meet again when nobody else is left, if the operator allows it.

Only if both have waited for a while, neither may meet anybody else who waits, and neither has declined,
skipped, reported or blocked the other since. In every other case they are kept apart.
"""

from collections.abc import Sequence
from itertools import islice
from typing import get_args

from core.clock import Clock
from core.ticket import Ticket
from core.vocabulary import Mode
from matching.candidate_pairs import CandidatePairs, Pair
from matching.rematch import Since, has_nobody_else
from matching.reservation_value import ReservationValues
from realtime.matchmaking.context import MatchingContext
from realtime.matchmaking.ports import Eligibility, TicketStore

_AT_ONCE = 10  # pairs looked at in one sweep
_KEPT = 1_000


class Rematches:
    """The pairs that sweeps found and that were kept apart. In memory: any node that sweeps finds them."""

    def __init__(
        self, *, tickets: TicketStore, eligibility: Eligibility, context: MatchingContext, clock: Clock
    ) -> None:
        self._tickets, self._eligibility = tickets, eligibility
        self._policy, self._limits, self._clock = context.policy, context.limits, clock
        self._apart: dict[Mode, dict[tuple[str, str], Pair]] = {mode: {} for mode in get_args(Mode)}

    def note(self, mode: Mode, pair: Pair) -> None:
        """Note that these two were kept apart, for whatever reason."""
        apart = self._apart[mode]
        if self._limits.alone_ms and len(apart) < _KEPT:
            apart[pair.one.id, pair.other.id] = pair

    async def due(
        self, mode: Mode, waiting: CandidatePairs, reservation_values: ReservationValues
    ) -> Sequence[Pair]:
        """The pairs that may meet again now, of those who both still wait. Looks at some pairs at a time."""
        apart = self._apart[mode]
        for gone in [ids for ids in apart if ids[0] not in waiting or ids[1] not in waiting]:
            del apart[gone]
        due, now = [], self._clock()
        for ids, pair in tuple(islice(apart.items(), _AT_ONCE)):
            apart[ids] = apart.pop(ids)  # to the end of the line
            one, other = waiting[pair.one.id], waiting[pair.other.id]
            fit = self._policy.score(one, other, now)
            again = Pair(one, other, fit, reservation_values.asked(one, other, now))
            if again.score >= again.asked and await self._may_meet(again, now):
                due.append(again)
        return due

    async def _may_meet(self, pair: Pair, now: int) -> bool:
        """Whether only their last meeting keeps these two apart, and neither has anybody else."""
        one, other, since = pair.one, pair.other, self._limits.apart.since(now)
        return (
            now - max(one.joined_at, other.joined_at) >= self._limits.alone_ms
            and await self._alone(one, since)
            and await self._alone(other, since)
            and await self._eligibility.on_good_terms(one.user_id, other.user_id, since)
        )

    async def _alone(self, ticket: Ticket, since: Since) -> bool:
        census = await self._tickets.census(ticket, self._limits.candidates)
        met = await self._eligibility.avoid(ticket.user_id, since)
        return has_nobody_else(ticket, census, met, common_language=self._policy.common_language)
