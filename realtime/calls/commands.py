"""The handlers of `call:*` and `decision:submit`: each turns a command into a message for its call."""

from collections.abc import Callable

import msgspec

from core.clock import Clock
from core.contract.calls import (
    CallAccept,
    CallConnected,
    CallDecline,
    CallEnd,
    CallExtend,
    CallMedia,
    CallMediaChanged,
    CallReport,
    CallSkip,
    Skipped,
)
from core.contract.decisions import DecisionSubmit
from core.contract.reports import Subject, SubjectReport
from core.contract.timelines import CallQuality
from core.errors import Conflict, Expired, Gone, StaleEpoch
from core.wire.message import Empty
from realtime.calls.call_service import CallService
from realtime.calls.metrics import CallMetrics, path_of
from realtime.calls.recorder import Recorder
from realtime.gateway.caller import Caller
from services.media import MediaService
from services.ports import Events
from services.reports import ReportService
from signaling.call import ACTIVE, STARTED
from signaling.messages import Accept, Connected, Decline, Extend, Hangup, Report, Skip, Vote
from signaling.transitions import misplaced

_DONE = Empty()


class CallCommands:
    """The commands of a client for its call."""

    def __init__(
        self,
        call_service: CallService,
        events: Events,
        reports: ReportService,
        media: MediaService,
        clock: Clock,
        new_id: Callable[[int], str],
        metrics: CallMetrics,
        recorder: Recorder,
    ) -> None:
        self._metrics, self._recorder = metrics, recorder
        self._tell, self._call = call_service.tell, call_service.call
        self._events, self._reports = events, reports
        self._media, self._clock, self._make_id = media, clock, new_id

    def _new_id(self) -> str:
        return self._make_id(self._clock())

    async def accept(self, caller: Caller, command: CallAccept) -> Empty:
        """Answers `expired` if the offer has lapsed, `gone` if another device was faster."""
        await self._tell(command.call_id, Accept(caller.user_id, caller.device))
        return _DONE

    async def decline(self, caller: Caller, command: CallDecline) -> Empty:
        """Answers `conflict` once the call has started: then `call:end` is the command."""
        await self._tell(command.call_id, Decline(caller.user_id))
        return _DONE

    async def connected(self, caller: Caller, command: CallConnected) -> Empty:
        """Answers `stale_epoch` for any but the current epoch."""
        path = None if command.path is None else path_of(command.path)
        call = await self._tell(
            command.call_id, Connected(caller.user_id, caller.device, command.epoch, path)
        )
        if path is not None and call.origin != "echo" and not call.probe:
            self._metrics.connected(path)
        return _DONE

    async def quality(self, caller: Caller, command: CallQuality) -> Empty:
        """For the timeline of the call. Answers `rate_limited` to samples that come too fast."""
        call = await self._call(command.call_id, caller.user_id)
        if call.state not in (STARTED if command.problem is None else ACTIVE):
            raise misplaced(call)
        if command.epoch != call.epoch and not command.is_of_device:
            raise StaleEpoch
        if call.party(caller.user_id).device not in {None, caller.device}:
            raise Conflict("This device does not have the call.")
        self._recorder.quality(caller.user_id, command)
        return _DONE

    async def media(self, caller: Caller, command: CallMedia) -> Empty:
        """Passed on to the peer's device. Before both have accepted it would tell who has, or who rings."""
        call = await self._call(command.call_id, caller.user_id)
        if call.state not in STARTED:
            raise misplaced(call)
        if call.party(caller.user_id).device != caller.device:
            raise Conflict("This device does not have the call.")
        self._recorder.media(caller.user_id, command)
        peer = call.peer(caller.user_id)
        changed = CallMediaChanged(call_id=call.id, audio=command.audio, video=command.video)
        await self._events.send(peer.user_id, changed, device=peer.device)
        return _DONE

    async def end(self, caller: Caller, command: CallEnd) -> Empty:
        """Hang up. Before the call has started, that declines it."""
        await self._tell(command.call_id, Hangup(caller.user_id))
        return _DONE

    async def extend(self, caller: Caller, command: CallExtend) -> Empty:
        """Answers `conflict` while it is not live for the first time, and where calls are not prolonged."""
        await self._tell(command.call_id, Extend(caller.user_id))
        return _DONE

    async def skip(self, caller: Caller, command: CallSkip) -> Skipped:
        """End and queue again in one step."""
        call = await self._tell(command.call_id, Skip(caller.user_id, self._new_id()))
        ticket = call.party(caller.user_id).ticket
        assert ticket is not None  # a call without tickets cannot be skipped
        return Skipped(ticket=ticket.view())

    async def report(self, caller: Caller, command: CallReport) -> Empty:
        """End the call, file the report, block. A call that is over can be reported for a while."""
        evidence = command.evidence_media_id
        if evidence is not None:
            await self._media.check_evidence(evidence, caller.user_id, command.call_id, self._clock())
        said = (command.reason, command.note, command.block, evidence)
        report = Report(caller.user_id, self._new_id(), *said)
        try:
            await self._tell(command.call_id, report)
        except (Gone, Expired):
            past = SubjectReport(
                subject=Subject(type="call", id=command.call_id),
                reason=command.reason,
                note=command.note,
                block=command.block,
                evidence_media_id=evidence,
            )
            await self._reports.report(caller.user_id, past, None, self._clock())
        return _DONE

    async def decide(self, caller: Caller, command: DecisionSubmit) -> Empty:
        """Answers `forbidden` without a say, `expired` if late, `already_decided` to a change of mind."""
        feedback = msgspec.to_builtins(command.feedback) if command.feedback else None
        vote = Vote(caller.user_id, command.connect, self._new_id(), self._new_id(), feedback)
        await self._tell(command.call_id, vote)
        return _DONE
