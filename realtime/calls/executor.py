"""Performs the effects that a call's state machine has decided. They happen nowhere else.

Effects wait in the call's outbox until they are done. They are performed in order, by the node that saved
them or, after a moment, by any other; at once are performed those of one kind that stand in a row, if each is
for somebody else, and what is told in a row, which goes out in one script in this order. Each has a key or is
idempotent, so doing it twice is as good as once.

While a store does not answer, all effects behind wait for it, for a day at most. An effect that fails
otherwise, or that only another version knows, is passed over: those behind it are performed at once, and the
store gives it up after a while.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from core.clock import Clock, rfc3339
from core.contract.calls import CallStarted
from core.contract.connections import ConnectionCreated, ConnectionView
from core.contract.decisions import DecisionResult, NewConnection
from core.contract.profiles import ProfileCard
from core.errors import Blocked
from core.settings import Settings
from core.tasks import all_of
from core.vocabulary import EndReason, IceTransportPolicy, Outcome
from db.periodic import RetryLater
from db.postgres.connections import ConnectionRow, ConnectionStore
from db.postgres.reports import NewReport
from db.redis.calls import Pending
from db.redis.signals import CLOSED, opened
from db.redis.told import Told
from realtime.calls.effect_rows import is_fault, results_of, rows, tells
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
from realtime.matchmaking.queue import Queue
from services.ports import Events
from signaling import effects as do
from signaling import relay
from signaling.call import STARTED, Call, Rules, decider_for
from signaling.ice_servers import ice_servers
from signaling.inviting import missed_by
from signaling.no_shows import no_shows


class Ahead(Struct, frozen=True):
    """The call, effects that are left, and direct calls that ring somebody who is in another one now."""

    call: Call
    effects: do.Effects
    interrupted: Sequence[str] = ()


class UnknownEffectError(Exception):
    """Only a node of another version can perform this effect."""


class Executor:
    """Performs effects. One that fails stays in the outbox and is tried again.

    `on_engaged` is called with each direct call that rings somebody who has begun another one; `on_connected`
    with a user, their new room, and who is in it.
    """

    def __init__(
        self,
        *,
        calls: CallStore,
        lines: Lines,
        record: Record,
        direct: DirectRecord,
        connections: ConnectionStore,
        queue: Queue,
        reports: Reports,
        presence: PresenceNotifier,
        trust: Trust,
        missed: MissedCalls,
        events: Events,
        recorder: Recorder,
        settings: Settings,
        rules: Rules,
        clock: Clock,
    ) -> None:
        self.on_engaged: list[Callable[[str], None]] = []
        self.on_connected: list[Callable[[str, str, str], None]] = []
        self._recorder = recorder
        self._calls, self._lines, self._record, self._queue = calls, lines, record, queue
        self._direct = direct
        self._reports, self._presence, self._events = reports, presence, events
        self._connections, self._trust, self._missed = connections, trust, missed
        self._settings, self._rules, self._clock = settings, rules, clock
        self._how: dict[type[do.Effect], Callable[[Call, Any, str], Awaitable[None]]] = {
            do.Emit: self._emit,
            do.Start: self._start,
            do.Reserve: self._reserve,
            do.Requeue: self._requeue,
            do.LeaveQueue: self._leave_queue,
            do.RecordStarted: self._record_started,
            do.RecordLive: self._record_live,
            do.RecordEnded: self._record_ended,
            do.RecordVote: self._record_vote,
            do.RecordClosed: self._record_closed,
            do.Connect: self._connect,
            do.FileReport: self._file_report,
            do.Judge: self._judge,
            do.Unknown: self._unknown,
        }

    async def ahead(self, call: Call, effects: do.Effects) -> Ahead:
        """What is left of these, that are to be saved with the call: a start can be on record before that.

        Then saving tells of it and no effect has to wait. If it is not saved after all, because somebody was
        faster, the end of the call takes it back. It has its time, as the command has to be answered.

        A direct call starts on record first, or not at all: there it is seen whether they are in another one,
        and whether one of the two wishes for relays by now. Raises what `DirectRecord.answered` raises.
        """
        if not effects or not isinstance(effects[0], do.RecordStarted):
            return Ahead(call, effects)
        if call.origin == "direct":
            hidden = await self._direct.answered(call.id, call.parties[1].user_id, effects[0].at)
            return Ahead(*(relay.on_relays(call, effects[1:]) if hidden else (call, effects[1:])))
        if self._only_tell(call, effects[1:]):
            with RetryLater("a start is put on record after it was saved", call_id=call.id) as trying:
                async with asyncio.timeout(self._settings.aside_s):
                    interrupted = await self._record.started(call.id, effects[0].at)
            if not trying.failed:
                return Ahead(call, effects[1:], interrupted)
        return Ahead(call, effects)

    def told(self, call: Call, effects: do.Effects) -> Sequence[Told]:
        """What these tell, if they do nothing else and the store can tell of a change with saving it."""
        return [self._told(call, effect) for effect in effects] if self._only_tell(call, effects) else ()

    def _only_tell(self, call: Call, effects: do.Effects) -> bool:
        return bool(effects) and all(map(tells, effects)) and self._calls.tells(call)

    async def perform_in_time(self, call: Call, pending: Sequence[Pending]) -> None:
        """The same for a command, which is answered all the same: what takes too long is done later."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.aside_s):
                await self.perform(call, pending)

    async def perform(self, call: Call, pending: Sequence[Pending]) -> None:
        """Perform all of these, in order, until a store does not answer. Never raises."""
        performed: list[Pending] = []
        failed: list[Pending] = []
        for row in rows(pending):
            if told := tells(row[0].effect) and self._calls.tells(call):
                outcomes = await self._tell(call, row, performed)
            else:
                outcomes = await results_of([self._begin(call, item) for item in row])
            away = False
            for item, error in zip(row, outcomes, strict=True):
                if error is None:
                    performed += () if told else (item,)
                elif is_fault(item, error):
                    failed.append(item)
                else:
                    away = True
            if away:
                break
        if performed or failed:
            with RetryLater("effects cannot be noted; they will be done again", call_id=call.id):
                await self._calls.done(call.id, performed, failed, now=self._clock())

    async def _tell(
        self, call: Call, row: Sequence[Pending], performed: list[Pending]
    ) -> Sequence[BaseException | None]:
        """Tell all of this row and note it, together with what was performed before it."""
        try:
            told = [(item, self._told(call, item.effect)) for item in row]
            outcomes = await self._calls.tell(call, told, performed, now=self._clock())
        except Exception as error:
            return [error] * len(row)
        performed.clear()
        return outcomes

    def _begin(self, call: Call, item: Pending) -> Awaitable[Any]:
        """Raises nothing at once."""
        try:
            return self._how[type(item.effect)](call, item.effect, item.key)
        except Exception as error:
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    async def _unknown(self, _call: Call, effect: do.Unknown, _key: str) -> None:
        raise UnknownEffectError(effect.kind)

    def _emit(self, call: Call, effect: do.Emit, key: str) -> Awaitable[None]:
        return self._send(self._told(call, effect), key)

    def _start(self, call: Call, effect: do.Start, key: str) -> Awaitable[Any]:
        # In this order, which they keep on their way: the peer may answer the event at once.
        return all_of(
            self._set_line(call, effect.user_id),
            self._send(self._told(call, effect), key),
        )

    def _send(self, told: Told, key: str) -> Awaitable[Any]:
        return self._events.pass_on(
            told.user_id, told.name, told.data, device=told.device, not_device=told.not_device, key=key
        )

    def _told(self, call: Call, effect: do.Effect) -> Told:
        """What this effect tells: it is one that tells."""
        if isinstance(effect, do.Emit):
            data = bytes(effect.data)
            return Told(effect.user_id, effect.name, data, effect.device, effect.not_device)
        assert isinstance(effect, do.Start)
        started = CallStarted(
            call_id=call.id,
            epoch=effect.epoch,
            role=call.role(effect.user_id),
            ice_servers=ice_servers(
                self._settings,
                call.id,
                call.region,
                effect.user_id,
                self._clock(),
                lasts_s=call.max_call_s,
            ),
            ice_transport_policy=cast("IceTransportPolicy | None", effect.policy)
            or call.ice_policy(self._rules),
            direct=relay.asked(call, effect.user_id),
            may_go_direct=relay.may_go_direct(call, self._rules),
            decider=decider_for(call, effect.user_id, self._rules),
            max_duration_s=call.longest_s(self._rules),
            video_start=self._rules.video_start,
        )
        data, line = msgspec.json.encode(started), self._line(call, effect.user_id)
        return Told(effect.user_id, started.event, data, effect.device, line=line)

    def _set_line(self, call: Call, user_id: str) -> Awaitable[Any]:
        """To what the call is now: the effect may be of an epoch that is no more."""
        if call.state not in STARTED:
            return self._lines.close(user_id, call.id)
        own, other = _devices(call, user_id)
        return self._lines.open(
            user_id, call.id, call.epoch, device=own, from_device=other, now=self._clock()
        )

    def _line(self, call: Call, user_id: str) -> str:
        """The same, to be set by the script that tells."""
        if call.state not in STARTED:
            return CLOSED
        own, other = _devices(call, user_id)
        return opened(call.epoch, device=own, from_device=other, now=self._clock())

    async def _reserve(self, call: Call, effect: do.Reserve, _key: str) -> None:
        await self._queue.reserve(effect.ticket, call.id)

    async def _requeue(self, call: Call, effect: do.Requeue, _key: str) -> None:
        await self._queue.give_back(effect.ticket, call.id)

    async def _leave_queue(self, call: Call, effect: do.LeaveQueue, _key: str) -> None:
        if call.state in STARTED:  # after it they may wait again
            await self._queue.remove(effect.user_id, "left")
            await self._presence.changed(effect.user_id)

    async def _record_started(self, call: Call, effect: do.RecordStarted, _key: str) -> None:
        for ringing in await self._record.started(call.id, effect.at):
            for engaged in self.on_engaged:
                engaged(ringing)

    async def _record_live(self, call: Call, effect: do.RecordLive, _key: str) -> None:
        await self._record.live(call.id, effect.at)

    async def _record_ended(self, call: Call, effect: do.RecordEnded, _key: str) -> None:
        # Whatever becomes of the other: no signal comes any more, and no call keeps them from the next.
        closed = (self._set_line(call, party.user_id) for party in call.parties)
        missed = (
            self._queue.missed(absent.ticket, call.id, call.offered_at, effect.at, gone=absent.gone)
            for absent in no_shows(call)
        )
        await all_of(*closed, *missed, self._put_on_record(call, effect))
        await asyncio.gather(*(self._presence.changed(party.user_id) for party in call.people))
        if (callee := missed_by(call)) is not None:
            await self._missed.tell_of(call.id, callee, call.parties[0].user_id, call.room_id, effect.at)
        elif effect.reason == "no_answer":
            await self._missed.tell(call.id, effect.at_fault, effect.at)

    async def _put_on_record(self, call: Call, effect: do.RecordEnded) -> None:
        timeline = await self._recorder.kept(call)
        await self._record.ended(
            call.id,
            reason=cast("EndReason", effect.reason),
            by=effect.by,
            duration_s=effect.duration_s,
            now=effect.at,
            decision_deadline=effect.decision_deadline,
            at_fault=effect.at_fault,
            started=effect.started is not False,
            timeline=timeline,
        )

    async def _record_vote(self, call: Call, effect: do.RecordVote, _key: str) -> None:
        await self._record.voted(call.id, effect.user_id, effect.connect, effect.feedback, effect.at)

    async def _record_closed(self, call: Call, effect: do.RecordClosed, _key: str) -> None:
        await self._record.closed(call.id, cast("Outcome", effect.outcome), effect.at)

    async def _connect(self, call: Call, effect: do.Connect, key: str) -> None:
        first, second = call.parties
        try:
            row = await self._connections.connect(
                call.id,
                connection_id=effect.connection_id,
                room_id=effect.room_id,
                users=(first.user_id, second.user_id),
                now=effect.at,
            )
        except Blocked:
            await self._not_connected(call, effect.at, key)
            return
        await all_of(*(self._connected(call, party.user_id, row, key) for party in call.parties))

    async def _connected(self, call: Call, user_id: str, row: ConnectionRow, key: str) -> None:
        peer = call.peer(user_id).card.shown()
        made = NewConnection(id=row.id, room_id=row.room_id, peer=peer)
        result = DecisionResult(call_id=call.id, outcome="connected", connection=made)
        await self._events.send(user_id, result, key=f"{key}:result")
        created = ConnectionCreated(connection=_seen_with(row, peer))
        await self._events.send(user_id, created, key=f"{key}:created")
        for each in self.on_connected:
            each(user_id, row.room_id, peer.user_id)

    async def _not_connected(self, call: Call, at: int, key: str) -> None:
        """A block came between the votes: tell both that there is no connection."""
        await self._record.closed(call.id, "not_connected", at)
        result = DecisionResult(call_id=call.id, outcome="not_connected")
        told = (self._events.send(party.user_id, result, key=f"{key}:result") for party in call.parties)
        await all_of(*told)

    async def _file_report(self, call: Call, effect: do.FileReport, _key: str) -> None:
        await self._reports.file(
            NewReport(
                id=effect.report_id,
                subject_type="call",
                subject_id=call.id,
                reporter=effect.reporter,
                reason=effect.reason,
                note=effect.note,
                block=effect.block,
                at=effect.at,
                evidence_media_id=effect.evidence_media_id,
            )
        )

    async def _judge(self, _call: Call, effect: do.Judge, _key: str) -> None:
        await self._trust.judge(effect.user_id)


def _devices(call: Call, user_id: str) -> tuple[str, str]:
    """The user's own and the other one's, of a call that has started."""
    own, other = call.party(user_id).device, call.peer(user_id).device
    assert own is not None
    assert other is not None
    return own, other


def _seen_with(row: ConnectionRow, peer: ProfileCard) -> ConnectionView:
    return ConnectionView(
        id=row.id,
        room_id=row.room_id,
        peer=peer,
        active=row.active,
        video_enabled=row.video_enabled,
        created_at=rfc3339(row.created_at),
    )
