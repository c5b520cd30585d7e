"""The queue as its users see it: join, leave, ask why. Calls give tickets back here.

Handles the commands `queue:*`. Joining is answered at once; the matchmaker searches after that.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.clock import Clock
from core.contract.profiles import Seeking
from core.contract.queue import (
    Explained,
    Preferences,
    Queued,
    QueueExplain,
    QueueJoin,
    QueueLeave,
    Relaxation,
)
from core.errors import (
    AlreadyInCall,
    Banned,
    InvalidRequest,
    NotQueued,
    RateLimited,
    Unauthenticated,
    Unavailable,
    Underage,
)
from core.ticket import Claim, Departure, Placed, Ticket, queue_of
from core.vocabulary import ADULT_AGE, LeftReason, Mode
from core.wire.message import Empty
from db.postgres.applicants import Applicant
from matching.habit import Habit, traits
from matching.why_waiting import judge, permitted, tally
from realtime.gateway.caller import Caller
from realtime.matchmaking.arrivals import Searches
from realtime.matchmaking.context import MatchingContext
from realtime.matchmaking.departures import Changed, Departures
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.newcomers import Newcomers
from realtime.matchmaking.ports import Eligibility, TicketStore
from realtime.matchmaking.search_queue import Joined
from services.cool_downs import CoolDowns

_ATTEMPTS = 5
_EXPLAINED = 512  # tickets judged to explain a wait


class Queue:
    """Handlers of the commands, and what calls need of the queue. `lease_ms` is the setting `queue_lease_s`.

    `changed` tells watchers of a user to read the presence again, which says whether a user queues.
    """

    def __init__(
        self,
        *,
        tickets: TicketStore,
        newcomers: Newcomers,
        eligibility: Eligibility,
        searches: Searches,
        context: MatchingContext,
        departures: Departures,
        changed: Changed,
        cool_downs: CoolDowns,
        metrics: MatchingMetrics,
        clock: Clock,
        new_id: Callable[[], str],
        region: str,
        lease_ms: int,
    ) -> None:
        self._tickets, self._eligibility = tickets, eligibility
        self._newcomers = newcomers
        self._searches, self._departures, self._changed = searches, departures, changed
        self._policy, self._markets = context.policy, context.markets
        self._apart, self._candidates = context.limits.apart, context.limits.candidates
        self._cool_downs, self._metrics = cool_downs, metrics
        self._clock, self._new_id = clock, new_id
        self._region, self._lease_ms = region, lease_ms

    async def join(self, caller: Caller, command: QueueJoin) -> Queued:
        """`queue:join`: the place in the queue; the same again while waiting."""
        placed = await self.enqueue(
            caller.user_id, caller.device, command.mode, command.preferences, caller.device_kind
        )
        ticket = placed.ticket
        if ticket.call_mode == command.mode:
            waiting = placed.waiting
        else:  # they have waited before, and go on
            waiting = await self._tickets.waiting(ticket.mode)
        estimates, now = (await self._markets.of(ticket.mode)).wait_estimates, self._clock()
        return Queued(
            ticket=ticket.view(),
            waiting=max(1, waiting),
            estimated_wait_ms=estimates.of(ticket, now),
            estimated_wait_range_ms=estimates.range_of(ticket, now),
        )

    async def leave(self, caller: Caller, _command: QueueLeave) -> Empty:
        """`queue:leave`: also succeeds for a user who does not wait."""
        await self.remove(caller.user_id, "left")
        return Empty()

    async def explain(self, caller: Caller, _command: QueueExplain) -> Explained:
        """`queue:explain`: why the caller still waits. Raises `NotQueued`."""
        ticket = await self._tickets.of(caller.user_id)
        if ticket is None:
            raise NotQueued
        now, reservation_values = self._clock(), await self._markets.of(ticket.mode)
        census = await self._tickets.census(ticket, _EXPLAINED)
        apart = await self._eligibility.avoid(ticket.user_id, self._apart.since(now))
        judged = judge(self._policy, ticket, census, apart, now, reservation_values)
        candidates, removed = tally(census, judged, await self._eligibility.unfit(permitted(judged)))
        return Explained(
            candidates=candidates,
            removed=removed,
            relaxes=[
                Relaxation(preference=w, at_ms=at) for w, at in self._policy.relaxes(ticket, now).items()
            ],
            estimated_wait_ms=reservation_values.wait_estimates.of(ticket, now),
            sample=census.drawn,
            estimated_wait_range_ms=reservation_values.wait_estimates.range_of(ticket, now),
        )

    async def enqueue(
        self, user_id: str, device: str, mode: Mode, preferences: Preferences, device_kind: str = ""
    ) -> Placed:
        """The place of this user in the queue, old or new, and a search for a partner.

        Raises `AlreadyInCall`, `Unauthenticated`, `Banned`, `Underage`, `RateLimited`, `InvalidRequest`, or
        `Unavailable` under a storm of changes.
        """
        for _ in range(_ATTEMPTS):
            now = self._clock()
            before, applicant = await self._newcomers.of(user_id, now, self._apart.since(now))
            if applicant is None:
                raise Unauthenticated
            if applicant.call_id is not None:
                if await self._eligibility.active_call(user_id) is not None:
                    raise AlreadyInCall
                continue  # it is over: the record is corrected by now, and says whose fault that was
            self._admit(applicant, now)
            ticket = self._ticket(
                applicant, device, mode, preferences, now, traits(device_kind, before.habit), before.habit
            )
            placed = await self._tickets.join_and_look(
                ticket, self._clock() + self._lease_ms, before.out, self._candidates
            )
            if placed is None:
                continue  # another device's ticket has come and gone since, perhaps into a call
            if placed.ticket.id == ticket.id:
                self._searches.add(ticket, Joined(applicant.avoid, placed.seen, now))
                if not applicant.probe:
                    self._metrics.joined(mode)
            return placed
        raise Unavailable("Your place in the queue changes too fast: try again.")

    async def reserve(self, ticket: Ticket, call_id: str) -> Ticket | None:
        """Give the old place back after that call failed, once for each call and user.

        Gives the ticket that the user has now, if any. After a skip it is a new one. Nobody is matched with
        it before `give_back`: its user has to hear first how the call ended.
        """
        return await self._of_region(ticket).reserve(ticket, call_id, self._clock() + self._lease_ms)

    async def give_back(self, ticket: Ticket, call_id: str) -> Ticket | None:
        """`reserve` the place if that was not done, and let the ticket be matched from now on."""
        own = await self.reserve(ticket, call_id)
        if own is not None and await self._of_region(ticket).enter(own) and ticket.region == self._region:
            self._searches.add(own)
        await self._changed(ticket.user_id)
        return own

    async def missed(self, ticket: Ticket, call_id: str, offered_at: int, at: int, *, gone: bool) -> None:
        """The ticket's user did not accept the offer of this call; `gone`: and so they have left, at `at`."""
        if not ticket.probe:
            waited_ms = offered_at - ticket.joined_at
            await self._of_region(ticket).missed(ticket, call_id, at, waited_ms=waited_ms, gone=gone)

    def _of_region(self, ticket: Ticket) -> TicketStore:
        """The queue of the ticket's region: any node handles any call, also of other regions."""
        here = ticket.region == self._region
        return self._tickets if here else self._tickets.elsewhere(ticket.region)

    async def refuse(self, claim: Claim, others: Sequence[Ticket]) -> None:
        """The claim has failed: in the same step these get their old places back."""
        for own in await self._tickets.refuse(claim, others, self._clock() + self._lease_ms):
            if own is not None:
                self._searches.add(own)
                await self._changed(own.user_id)

    async def remove(self, user_id: str, reason: LeftReason) -> None:
        """Take the user out of the queue, if waiting, and tell all devices."""
        at = self._clock() if reason == "left" else None
        departure = await self._tickets.leave(user_id, reason, at=at)
        if departure is not None:
            await self._departures.tell([departure])

    async def leave_from(self, user_id: str, device: str) -> None:
        """This device is signed out: its user waits no longer, if they joined from it."""
        ticket = await self._tickets.of(user_id)
        if ticket is not None and ticket.device == device:
            await self.remove(user_id, "left")

    async def forgotten(self, user_id: str, ticket_id: str) -> None:
        """Redis has lost its data: tell a user who still believes to have this ticket that it is gone."""
        if await self._tickets.of(user_id) is not None:
            return
        if await self._eligibility.active_call(user_id) is not None:  # matched meanwhile
            return
        gone = Departure(ticket_id=ticket_id, user_id=user_id, reason="disconnected")
        await self._departures.tell([gone])

    async def of(self, user_id: str) -> Ticket | None:
        """The ticket of this user."""
        return await self._tickets.of(user_id)

    async def resume(self, user_id: str) -> Ticket | None:
        """This user is connected again: renew their ticket, if there is one."""
        return await self._tickets.resume(user_id, self._clock() + self._lease_ms)

    async def renew(self, user_ids: Iterable[str]) -> None:
        """This node holds connections of these users: renew their tickets for a lease."""
        await self._tickets.renew(user_ids, self._clock() + self._lease_ms)

    def _admit(self, applicant: Applicant, now: int) -> None:
        """Raises why this user may not queue."""
        if applicant.banned:
            raise Banned
        if applicant.card.age < ADULT_AGE:
            raise Underage
        if left_ms := self._cool_downs.left_ms(applicant.faults, now):
            raise RateLimited(
                f"Several matches failed lately because you declined, did not answer or did not connect:"
                f" you may queue again in {math.ceil(left_ms / 1000)} s.",
                details={"reason": "cool_down"},  # no other limit is one
                retry_after_ms=left_ms,
            )

    def _ticket(
        self,
        who: Applicant,
        device: str,
        mode: Mode,
        wanted: Preferences,
        now: int,
        known: tuple[str, ...],
        habit: Habit,
    ) -> Ticket:
        seeking = _seeking(who.seeking, wanted)
        return Ticket(
            id=self._new_id(),
            user_id=who.card.user_id,
            region=self._region,
            mode=queue_of(mode, probe=who.probe),
            joined_at=now,
            device=device,
            card=who.card,
            genders=tuple(dict.fromkeys(seeking.genders)),
            age_min=seeking.age_min,
            age_max=seeking.age_max,
            languages=tuple(wanted.languages or ()),
            intents=tuple(wanted.intents or ()),
            countries=tuple(wanted.countries or ()),
            values=unit(who.values),
            tier=who.tier,
            traits=known,
            offered=habit.offered,
            haunts=who.haunts,
        )


def _seeking(standing: Seeking, wanted: Preferences) -> Seeking:
    """What this join says; for what it leaves out, what the profile says."""

    def said(now: int | None, always: int) -> int:
        return always if now is None else now

    seeking = Seeking(
        genders=wanted.genders or standing.genders,
        age_min=said(wanted.age_min, standing.age_min),
        age_max=said(wanted.age_max, standing.age_max),
    )
    if seeking.age_min > seeking.age_max:
        raise InvalidRequest("age_min is above age_max.", details={"field": "preferences.age_min"})
    return seeking


def unit(strengths: Mapping[str, int]) -> dict[str, float]:
    """Strengths of 0 to 100 as a vector of length one, around indifference at 50; empty if all are 50."""
    centred = {name: strength - 50.0 for name, strength in strengths.items() if strength != 50}
    length = math.sqrt(sum(value * value for value in centred.values()))
    return {name: value / length for name, value in centred.items()}
