"""`call:echo`: makes a call of a user with the server itself, which an echo process answers.

The seat is taken first, so that the process listens before the user is told of the call. The fence is that
of every call: whoever is in one gets no other, and is not matched meanwhile.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from core.clock import Clock
from core.contract.echo_calls import CallEcho, EchoBegun
from core.errors import (
    AlreadyInCall,
    AppError,
    Banned,
    Conflict,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from db.postgres.call_records import Refusal, RefusalReason
from db.redis.echo_seats import EchoSeats, Full
from realtime.calls.eligibility import EligibilityService
from realtime.calls.executor import Executor
from realtime.calls.ports import CallStore, Record, Wishes
from realtime.calls.recorder import Recorder
from realtime.calls.views import call_offered
from realtime.gateway.caller import Caller
from realtime.matchmaking.queue import Queue
from signaling.call import Rules
from signaling.echo import echo_call
from signaling.effects import emit

_RETRY_MS = 2_000
_SPARE_S = 60  # a seat that nobody gave back is free so long after the call must have ended
_REFUSED: Mapping[RefusalReason, type[AppError]] = MappingProxyType(
    {"banned": Banned, "gone": Unauthenticated, "in_call": AlreadyInCall, "double_match": AlreadyInCall}
)


class EchoProcess(Protocol):
    """The process that a node may start for itself."""

    async def start(self) -> bool:
        """Whether there is one from now on."""


class EchoCommands:
    """The command; `process` is the one of this node, if it may have one."""

    def __init__(
        self,
        *,
        calls: CallStore,
        record: Record,
        eligibility: EligibilityService,
        executor: Executor,
        recorder: Recorder,
        queue: Queue,
        seats: EchoSeats,
        process: EchoProcess | None,
        wishes: Wishes,
        rules: Rules,
        clock: Clock,
        new_id: Callable[[], str],
        region: str,
        auto_accept: bool,
    ) -> None:
        self._calls, self._record, self._eligibility = calls, record, eligibility
        self._executor, self._recorder, self._queue = executor, recorder, queue
        self._seats, self._process, self._wishes = seats, process, wishes
        self._rules, self._clock, self._new_id = rules, clock, new_id
        self._region, self._auto_accept = region, auto_accept

    async def echo(self, caller: Caller, command: CallEcho) -> EchoBegun:
        """Answers `conflict` to who queues, `already_in_call` to who is in a call, `rate_limited` if all are
        busy, and `unavailable` if nobody is there to answer.
        """
        if await self._queue.of(caller.user_id) is not None:
            raise Conflict("Leave the queue first.")
        if await self._eligibility.active_call(caller.user_id) is not None:
            raise AlreadyInCall
        call_id = self._new_id()
        process = await self._seat(call_id)
        try:
            await self._begin(caller, command, call_id, process)
        except BaseException:
            await self._seats.give_back(process, call_id)
            raise
        return EchoBegun(call_id=call_id)

    async def _seat(self, call_id: str) -> str:
        """The process that will answer. Raises why there is none."""
        seat = await self._take(call_id)
        if seat is None and self._process is not None and await self._process.start():
            seat = await self._take(call_id)
        if seat is None:
            raise Unavailable("Nobody is there to answer echo calls.", retry_after_ms=_RETRY_MS)
        if isinstance(seat, Full):
            raise RateLimited(
                "All echo calls are taken: try again shortly.",
                retry_after_ms=max(
                    _RETRY_MS, min(seat.until - self._clock(), self._rules.echo_call_s * 1000)
                ),
            )
        return seat

    async def _take(self, call_id: str) -> str | Full | None:
        now, rules = self._clock(), self._rules
        longest_s = rules.offer_s + rules.connect_s + rules.echo_call_s + rules.grace_s + _SPARE_S
        return await self._seats.take(call_id, now=now, until=now + longest_s * 1000)

    async def _begin(self, caller: Caller, command: CallEcho, call_id: str, process: str) -> None:
        relay_only = bool(await self._wishes.relay_only((caller.user_id,)))
        now = self._clock()
        await self._enter(caller.user_id, command, call_id, now)
        call = echo_call(
            call_id,
            caller.user_id,
            device=caller.device,
            process=process,
            mode=command.mode,
            region=self._region,
            now=now,
            rules=self._rules,
            relay_only=relay_only,
        )
        offered = call_offered(call, caller.user_id, auto_accept=self._auto_accept, now=now)
        effects = (emit(caller.user_id, offered, device=caller.device),)
        told = self._executor.told(call, effects)
        notes = self._recorder.begun(call, auto_accept=self._auto_accept)
        pending = await self._calls.save(call, effects, version=0, now=now, told=told, notes=notes)
        if pending is None:  # put back from the record meanwhile, as if it had been lost
            raise Unavailable
        await self._executor.perform(call, pending)

    async def _enter(self, user_id: str, command: CallEcho, call_id: str, now: int) -> None:
        """The fence. Raises why this user may not enter."""
        entered = await self._record.offer(
            call_id, origin="echo", mode=command.mode, region=self._region, users=(user_id,), now=now
        )
        if isinstance(entered, Refusal):
            raise _REFUSED.get(entered.reason, Unavailable)
