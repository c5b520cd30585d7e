"""Calls: offers made of claims, direct calls, what happens in a call, and who handles its deadlines."""

from collections.abc import Callable

from core.clock import Clock
from core.limits import LIMITS
from core.settings import Settings
from db.postgres.connections import ConnectionStore
from realtime.calls.call_service import CallService
from realtime.calls.deadline_worker import DeadlineWorker
from realtime.calls.direct_calls import DirectCalls
from realtime.calls.eligibility import EligibilityService
from realtime.calls.executor import Executor
from realtime.calls.metrics import CallMetrics
from realtime.calls.offers import OfferMaker
from realtime.calls.ports import (
    CallStore,
    DirectRecord,
    Lines,
    MissedCalls,
    PresenceNotifier,
    Record,
    Reports,
    Trust,
)
from realtime.calls.recorder import Recorder
from realtime.calls.turns import OneByOne, Turns
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.queue import Queue
from services.ports import Events, Limiter
from signaling.call import Rules


class CallParts:
    """What one node needs to handle the calls, which all nodes share."""

    def __init__(
        self,
        *,
        calls: CallStore,
        lines: Lines,
        record: Record,
        direct: DirectRecord,
        connections: ConnectionStore,
        eligibility: EligibilityService,
        tickets: TicketStore,
        queue: Queue,
        reports: Reports,
        trust: Trust,
        missed: MissedCalls,
        presence: PresenceNotifier,
        events: Events,
        metrics: MatchingMetrics,
        call_metrics: CallMetrics,
        recorder: Recorder,
        settings: Settings,
        clock: Clock,
        limiter: Limiter,
        new_id: Callable[[int], str],
        turns: Turns | None = None,
    ) -> None:
        rules = Rules.of(settings)
        self.executor = Executor(
            calls=calls,
            lines=lines,
            record=record,
            direct=direct,
            connections=connections,
            queue=queue,
            reports=reports,
            presence=presence,
            trust=trust,
            missed=missed,
            events=events,
            recorder=recorder,
            settings=settings,
            rules=rules,
            clock=clock,
        )
        self.call_service = CallService(
            calls=calls,
            record=record,
            eligibility=eligibility,
            executor=self.executor,
            turns=turns or OneByOne(),
            recorder=recorder,
            metrics=call_metrics,
            rules=rules,
            clock=clock,
        )
        self.offers = OfferMaker(
            calls=calls,
            record=record,
            executor=self.executor,
            tickets=tickets,
            queue=queue,
            events=events,
            recorder=recorder,
            settings=settings,
            rules=rules,
            metrics=metrics,
            call_metrics=call_metrics,
            clock=clock,
        )
        self.direct_calls = DirectCalls(
            calls=calls,
            record=direct,
            executor=self.executor,
            call_service=self.call_service,
            eligibility=eligibility,
            queue=queue,
            presence=presence,
            events=events,
            recorder=recorder,
            limiter=limiter,
            rate=LIMITS["ring_one"].rate(settings),
            metrics=call_metrics,
            rules=rules,
            clock=clock,
            new_id=new_id,
            region=settings.region,
        )
        self.deadline_worker = DeadlineWorker(calls, self.call_service, clock)
