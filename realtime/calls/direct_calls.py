"""Rings whoever is on the other side of a connection, or of a session with a mentor: on record, which
decides, then in Redis, and told.

Each step may be repeated, so an invitation that is sent again, as its answer was lost, goes on where the
first one ended.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from core.clock import Clock
from core.contract.direct_calls import CallInvite, Invited
from core.errors import (
    AlreadyInCall,
    Conflict,
    Expired,
    Gone,
    InvalidRequest,
    NotFound,
    RateLimited,
    Unavailable,
)
from core.limits import Rate
from db.postgres.direct_calls import Rung
from realtime.calls.call_service import CallService
from realtime.calls.eligibility import EligibilityService
from realtime.calls.executor import Executor
from realtime.calls.metrics import CallMetrics
from realtime.calls.ports import CallStore, DirectRecord, PresenceNotifier
from realtime.calls.recorder import Recorder
from realtime.calls.views import call_offered
from realtime.gateway.caller import Caller
from realtime.matchmaking.queue import Queue
from services.ports import Events, Limiter
from signaling.call import Call, Rules, State
from signaling.effects import Effects, emit
from signaling.inviting import Elsewhere, ring
from signaling.messages import Hangup, RungBack

# What is on record may be behind what has become of a call, or ahead of it, for a moment.
_PAUSES_S = (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


class DirectCalls:
    """Handles `call:invite`. `rate`: how often one may ring another, of the limit `ring_one`."""

    def __init__(
        self,
        *,
        calls: CallStore,
        record: DirectRecord,
        executor: Executor,
        call_service: CallService,
        eligibility: EligibilityService,
        queue: Queue,
        presence: PresenceNotifier,
        events: Events,
        recorder: Recorder,
        limiter: Limiter,
        rate: Rate,
        metrics: CallMetrics,
        rules: Rules,
        clock: Clock,
        new_id: Callable[[int], str],
        region: str,
    ) -> None:
        self._calls, self._record, self._executor = calls, record, executor
        self._call_service, self._eligibility = call_service, eligibility
        self._queue, self._presence, self._events = queue, presence, events
        self._recorder, self._limiter, self._rate = recorder, limiter, rate
        self._metrics, self._rules, self._clock = metrics, rules, clock
        self._new_id, self._region = new_id, region
        self.on_offer: list[Callable[[Call], None]] = []

    async def invite(self, caller: Caller, command: CallInvite) -> Invited:
        """`call:invite`. Raises `Conflict` for one who waits in the queue, and outside the time of a session,
        and what else speaks against it: `NotFound`, `Gone` with the connection, `Forbidden` without approved
        video, `AlreadyInCall`.
        """
        tie = _tie(command)
        if await self._queue.of(caller.user_id) is not None:
            raise Conflict("You wait in the queue: leave it first.")
        await self._count(caller.user_id, tie)
        for pause_s in _PAUSES_S:
            await asyncio.sleep(pause_s)
            call = await self._try(caller, command)
            if call is not None:
                rings_until = call.offered_at + self._rules.ring_s * 1000
                return Invited(call_id=call.id, expires_in_ms=max(0, rings_until - self._clock()))
        raise Unavailable("What you are in changes too fast: try again.")

    async def _try(self, caller: Caller, command: CallInvite) -> Call | None:
        """The call, if it rings; None: what is on record is about to change."""
        now = self._clock()
        found = await self._record.ring(
            self._new_id(now),
            connection_id=command.connection_id,
            mentor_session_id=command.mentor_session_id,
            inviter=caller.user_id,
            mode=command.mode,
            region=self._region,
            now=now,
        )
        if isinstance(found, Rung):
            return await self._ring(caller, found)
        if isinstance(found, Elsewhere):
            await self._check_free(caller.user_id)
            return None
        return await self._crossed(caller, found.call.id)

    async def _ring(self, caller: Caller, rung: Rung) -> Call | None:
        call = ring(
            rung.call_id,
            rung.parties,
            device=caller.device,
            mode=rung.mode,
            region=self._region,
            reach=rung.reach,
            room_id=rung.room_id,
            now=rung.offered_at,
            rules=self._rules,
            until=rung.until,
        )
        now = self._clock()
        effects = _announcements(call, now)
        told = self._executor.told(call, effects)
        notes = self._recorder.begun(call, auto_accept=False)
        pending = await self._calls.save(call, effects, version=0, now=now, told=told, notes=notes)
        if pending is None:  # it was made before
            stored = await self._calls.load(call.id)
            if stored is None or stored.call.state is not State.OFFERED:
                await self._check_free(caller.user_id)
                return None
            if stored.call.parties[0].device != caller.device:
                raise AlreadyInCall
            return stored.call
        self._metrics.offered(call)
        for each in self.on_offer:
            each(call)
        await self._executor.perform(call, pending)
        await self._presence.changed(caller.user_id)
        return call

    async def _check_free(self, user_id: str) -> None:
        """Raises `AlreadyInCall`, unless that call is over: then the record says so from here on."""
        if await self._eligibility.active_call(user_id) is not None:
            raise AlreadyInCall

    async def _crossed(self, caller: Caller, call_id: str) -> Call | None:
        """The other one rings just now: that is the call, and this device is asked to accept it."""
        try:
            call = await self._call_service.tell(call_id, RungBack(caller.user_id))
        except Conflict:  # another device was faster
            raise AlreadyInCall from None
        except (NotFound, Gone, Expired):
            return None
        offered = call_offered(call, caller.user_id, auto_accept=True, now=self._clock())
        key = f"{call_id}:crossed:{caller.device}"
        await self._events.send(caller.user_id, offered, device=caller.device, key=key)
        return call

    async def parted(self, user_id: str, other: str) -> None:
        """This one has ended the connection of the two: what rings is over, and a call as if they hung up."""
        for call_id in await self._record.between(user_id, other):
            with suppress(NotFound, Gone, Expired):  # over by itself
                await self._call_service.tell(call_id, Hangup(user_id))

    async def _count(self, user_id: str, tie: str) -> None:
        """So that nobody is rung without end."""
        wait_ms = await self._limiter.take(
            f"ring_one:{user_id}:{tie}",
            rate_per_s=self._rate.per_s,
            burst=self._rate.burst,
            now=self._clock(),
        )
        if wait_ms:
            raise RateLimited("You have called them often: wait a while.", retry_after_ms=wait_ms)


def _tie(command: CallInvite) -> str:
    """The connection, or the session, by which it is."""
    ties = [tie for tie in (command.connection_id, command.mentor_session_id) if tie is not None]
    if len(ties) != 1:
        raise InvalidRequest(
            "Either `connection_id` or `mentor_session_id`.", details={"field": "connection_id"}
        )
    return ties[0]


def _announcements(call: Call, now: int) -> Effects:
    callee = call.parties[1].user_id
    if call.reach != "rings":
        return ()
    return (emit(callee, call_offered(call, callee, auto_accept=False, now=now)),)
