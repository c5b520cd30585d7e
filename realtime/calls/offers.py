"""Makes a call of a claim. Every step may be repeated, so any node can finish a claim that it finds."""

from collections.abc import Callable

import structlog

from core.clock import Clock
from core.contract.queue import QueueLeft
from core.settings import Settings
from core.ticket import Claim, Ticket
from core.vocabulary import LeftReason
from db.postgres.call_records import Refusal
from matching.rematch import RematchIntervals
from realtime.calls.executor import Executor
from realtime.calls.metrics import CallMetrics
from realtime.calls.ports import CallStore, Record
from realtime.calls.recorder import Recorder
from realtime.calls.views import call_offered
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.queue import Queue
from services.ports import Events
from signaling.call import Call, Rules, offer
from signaling.effects import Effects, emit

_log = structlog.get_logger()


class OfferMaker:
    """Implements `realtime.matchmaking.ports.Offers`."""

    def __init__(
        self,
        *,
        calls: CallStore,
        record: Record,
        executor: Executor,
        tickets: TicketStore,
        queue: Queue,
        events: Events,
        recorder: Recorder,
        settings: Settings,
        rules: Rules,
        metrics: MatchingMetrics,
        call_metrics: CallMetrics,
        clock: Clock,
    ) -> None:
        self.on_offer: list[Callable[[Call], None]] = []
        self._call_metrics, self._recorder = call_metrics, recorder
        self._calls, self._record, self._executor = calls, record, executor
        self._tickets, self._queue, self._events = tickets, queue, events
        self._auto_accept = settings.auto_accept == "on"
        self._apart = RematchIntervals.of(settings)
        self._rules, self._metrics, self._clock = rules, metrics, clock

    async def make(self, claim: Claim) -> bool:
        """Fence, call, events. If the fence refuses, users not at fault get their tickets back."""
        now = self._clock()
        found = await self._record.offer(
            claim.call_id,
            origin="match",
            mode=claim.first.call_mode,
            region=claim.first.region,
            users=(claim.first.user_id, claim.second.user_id),
            now=now,
            suspects=[t.user_id for t in (claim.first, claim.second) if t.tier == "suspect"],
            decision=claim.decision,
            since=None if claim.again else self._apart.since(claim.claimed_at),
        )
        if isinstance(found, Refusal) and not await self._made_before(claim.call_id):
            await self._refuse(claim, found)
            return False
        relay_only = () if isinstance(found, Refusal) else found.relay_only
        call = offer(claim, now, self._rules, relay_only=bool(relay_only))
        effects = self._announcements(call)
        told = self._executor.told(call, effects)
        notes = self._recorder.begun(call, auto_accept=self._auto_accept)
        pending = await self._calls.save(call, effects, version=0, now=now, told=told, notes=notes)
        if pending is None:  # it was made before, and perhaps not finished
            pending = await self._calls.outbox(call.id)
            call = made.call if (made := await self._calls.load(call.id)) else call
        else:
            self._metrics.offered(claim)
            self._call_metrics.offered(call)
            for each in self.on_offer:
                each(call)
        # Beside the first effects, in their turn of the loop. The claim may be settled late: a user whom it
        # still holds can be given a place all the same.
        beside = self._tickets.settle(claim)
        try:
            await self._executor.perform(call, pending)
        finally:
            await beside
        return True

    async def _made_before(self, call_id: str) -> bool:
        """Whether this offer was made. A call put back from the record after a loss has no tickets."""
        stored = await self._calls.load(call_id)
        return stored is not None and any(party.ticket for party in stored.call.parties)

    def _announcements(self, call: Call) -> Effects:
        effects: list[Effects] = []
        for party in call.parties:
            assert party.ticket is not None
            left = QueueLeft(ticket_id=party.ticket.id, reason="matched")
            offered = call_offered(call, party.user_id, auto_accept=self._auto_accept, now=call.offered_at)
            effects.append((emit(party.user_id, left), emit(party.user_id, offered)))
        # What both are told stands in a row, and goes out at once.
        return tuple(effect for row in zip(*effects, strict=True) for effect in row)

    async def _refuse(self, claim: Claim, refusal: Refusal) -> None:
        """A user who is busy, banned or of another tier by now leaves the queue; the other one stays."""
        at_fault, why = sorted(refusal.at_fault), refusal.reason
        log = _log.error if why == "double_match" else _log.info
        log("an offer was refused", call_id=claim.call_id, at_fault=at_fault, reason=why)
        self._metrics.refused(claim, why)
        for ticket in (claim.first, claim.second):
            if (left := refusal.at_fault.get(ticket.user_id)) is not None:
                await self._let_go(ticket, claim.call_id, left)
        others = [t for t in (claim.first, claim.second) if t.user_id not in refusal.at_fault]
        await self._queue.refuse(claim, others)

    async def _let_go(self, ticket: Ticket, call_id: str, reason: LeftReason) -> None:
        left = QueueLeft(ticket_id=ticket.id, reason=reason)
        await self._events.send(ticket.user_id, left, key=f"{call_id}:left")
        if not ticket.probe:
            self._metrics.departed(reason)
