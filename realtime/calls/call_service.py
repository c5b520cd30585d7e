"""The call service: takes messages to calls (load, decide, save, perform), on any node for any call."""

import contextlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from core.clock import Clock
from core.errors import AppError, Conflict, Expired, Gone, NotFound, Unavailable
from core.tasks import TaskSet
from db.outage import OUTAGES
from db.redis.calls import Pending, Unreadable
from realtime.calls.eligibility import EligibilityService
from realtime.calls.executor import Executor
from realtime.calls.metrics import CallMetrics
from realtime.calls.ports import CallStore, Record
from realtime.calls.recorder import Recorder
from realtime.calls.turns import Turns
from signaling.call import Call, Rules, State
from signaling.effects import Effects
from signaling.messages import (
    Back,
    Block,
    CallMessage,
    Deadline,
    Engaged,
    Hangup,
    Lost,
    Moderate,
    PartyMessage,
    Silent,
)
from signaling.transitions import advance

_ATTEMPTS = 20


class CallService:
    """Changes calls by compare-and-set: if another change was faster, it decides again on its result.

    Two messages of this node for one call are saved one after the other. The first decision is made on the
    call as this node knows it; what comes of that counts only if it is saved, which needs the newest.
    """

    def __init__(
        self,
        *,
        calls: CallStore,
        record: Record,
        eligibility: EligibilityService,
        executor: Executor,
        turns: Turns,
        recorder: Recorder,
        metrics: CallMetrics,
        rules: Rules,
        clock: Clock,
    ) -> None:
        self._metrics = metrics
        self._calls, self._record, self._executor = calls, record, executor
        self._eligibility = eligibility
        self._rules, self._clock = rules, clock
        self._turns, self._recorder, self._tasks = turns, recorder, TaskSet()
        self.on_change: list[Callable[[Call, Call], None]] = []
        executor.on_engaged.append(self._engaged)

    async def tell(self, call_id: str, message: CallMessage) -> Call:
        """The call after this message. Its effects are performed, or will be.

        Raises what `advance` answers, `NotFound`, `Gone`, or `Unavailable` under a storm of changes.
        """
        for _ in range(_ATTEMPTS):
            async with self._turns.of(call_id):
                call, done, pending = await self._change(call_id, message)
            if pending:
                await self._executor.perform_in_time(call, pending)
            if done:
                return call
        raise Unavailable("This call changes too fast: try again.")

    async def _change(self, call_id: str, message: CallMessage) -> tuple[Call, bool, list[Pending] | None]:
        """The call, whether this message is done with, and the outbox if the call was changed."""
        stored, now, decided = self._calls.known(call_id), self._clock(), None
        if stored is not None:
            with suppress(AppError):  # the call may be another one by now
                decided = self._decide(stored.call, message, now)
        if stored is None or decided is None or decided[1] is stored.call:
            stored = await self._calls.load(call_id)
            if stored is None:
                raise await self._missing(call_id, message)
            now = self._clock()
            decided = self._decide(stored.call, message, now)
        due, call, effects = decided
        if call is stored.call:
            return call, True, None
        ahead = await self._executor.ahead(call, effects)
        call, effects = ahead.call, ahead.effects
        told = self._executor.told(call, effects)
        notes = self._recorder.changes(stored.call, call, due, now)
        pending = None
        try:
            pending = await self._calls.save(
                call, effects, version=stored.version, now=now, told=told, notes=notes
            )
        finally:
            if pending is None:
                self._recorder.put_back(call_id, notes)
        if pending is not None:
            self._metrics.changed(stored.call, call)
            for each in self.on_change:
                each(stored.call, call)
            for ringing in ahead.interrupted:
                self._engaged(ringing)
        done = pending is not None and (due is message or isinstance(message, Deadline))
        return call, done, pending

    def _decide(self, call: Call, message: CallMessage, now: int) -> tuple[CallMessage, Call, Effects]:
        """What is done, and what comes of it. Raises what `advance` answers."""
        # A deadline that has passed comes first, or a message that came too late would count.
        overdue = call.deadline is not None and now >= call.deadline
        due = Deadline() if overdue else message
        return due, *advance(call, due, now, self._rules)

    async def close(self) -> None:
        """What it began by itself ends; whatever that leaves undone, another node does."""
        await self._tasks.end()

    def _engaged(self, call_id: str) -> None:
        """Whom this call rings is in another one now."""
        self._tasks.spawn(self._interrupt(call_id))

    async def _interrupt(self, call_id: str) -> None:
        """It ends by itself, if this does not end it."""
        with suppress(AppError, *OUTAGES):
            await self.tell(call_id, Engaged())

    async def part(self, call_id: str, message: Block | Moderate) -> None:
        """The two are apart when this returns, unless the call is not in the store yet.

        Where it is over already, by what another node was told, that node may still have to do what follows.
        """
        try:
            await self.tell(call_id, message)
        except (NotFound, Gone, Expired):
            await self._work_off(call_id)

    async def call(self, call_id: str, user_id: str) -> Call:
        """The call as it is, for one of the two. Raises `NotFound` or `Gone`."""
        stored = await self._calls.load(call_id)
        if stored is None:
            raise await self._missing(call_id, PartyMessage(user_id))
        stored.call.party(user_id)
        return stored.call

    async def people(self, call_id: str, user_id: str) -> Sequence[str]:
        """The users in this call, for one of them: they never change. Raises `NotFound` or `Gone`."""
        known = self._calls.known(call_id)
        call = await self.call(call_id, user_id) if known is None else known.call
        call.party(user_id)
        return [party.user_id for party in call.people]

    async def open_calls(self, user_id: str) -> list[Call]:
        """The call this user is in, and those still open to decide."""
        calls = []
        for call_id in await self._record.open_calls(user_id):
            call = await self._eligibility.find(call_id)
            if call is not None and call.state is not State.CLOSED and call.hears(user_id):
                calls.append(call)
        return calls

    async def open_calls_of(self, user_ids: Collection[str]) -> list[str]:
        """The same on record, of any of these users."""
        return await self._record.open_calls_of(user_ids)

    async def recover(self, call_id: str) -> None:
        """If Redis has lost this call, put back what has become of it, and tell both."""
        if await self._calls.load(call_id) is None and await self._eligibility.find(call_id) is not None:
            await self.catch_up(call_id)

    async def lost(self, user_id: str, device: str, *, left: bool = False) -> None:
        """The last connection of this device has gone. `left`: its client has said that it goes."""
        await self._tell_active(user_id, Lost(user_id, device, left))

    async def hang_up(self, user_id: str, device: str) -> None:
        """This device is signed out: the call that it is in ends."""
        call_id = await self._eligibility.active_call(user_id)
        with contextlib.suppress(NotFound, Gone, Expired, Conflict):  # over by itself
            if call_id is not None and (await self.call(call_id, user_id)).party(user_id).device == device:
                await self.tell(call_id, Hangup(user_id))

    async def back(self, user_id: str, device: str) -> None:
        """This device is connected again."""
        await self._tell_active(user_id, Back(user_id, device))

    async def silent(self, user_id: str) -> None:
        """None of this user's devices answers any more."""
        await self._tell_active(user_id, Silent(user_id))

    async def catch_up(self, call_id: str) -> None:
        """Do what is due for this call: first a deadline that has passed, then effects that nobody finished.

        In this order, so that no effect keeps a call from ending. A call that no node could read for long is
        ended like one that was lost.
        """
        try:
            await self.tell(call_id, Deadline())
            await self._work_off(call_id)
        except NotFound:
            await self._calls.forget(call_id)
        except Unreadable:
            if await self._calls.give_up(call_id):
                await self.recover(call_id)

    async def _work_off(self, call_id: str) -> None:
        pending = await self._calls.outbox(call_id)  # read before the call, which is then at least as new
        stored = await self._calls.load(call_id)
        if stored is not None and pending:
            await self._executor.perform(stored.call, pending)

    async def _tell_active(self, user_id: str, message: CallMessage) -> None:
        call_id = await self._eligibility.active_call(user_id)
        if call_id is None:
            return
        try:
            await self.tell(call_id, message)
        except Unavailable:
            raise
        except AppError:
            # It ended meanwhile, or its state does not allow this. Nobody waits for an answer, and connecting
            # and disconnecting must not fail because of it.
            return

    async def _missing(self, call_id: str, message: CallMessage) -> Exception:
        if isinstance(message, PartyMessage) and await self._record.was_in(call_id, message.user_id):
            return Gone("This call has ended.")
        return NotFound()
