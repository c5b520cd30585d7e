"""What a report does to a call. Pure; the table in `signaling/transitions.py` says in which states.

For the reported user it looks like a hang-up, and like a decision without a connection: they are told what
`call:end` would have told them, at the same time. Only the reporter sees a difference.
"""

from msgspec.structs import replace

from core.contract.calls import CallEnded
from core.contract.decisions import DecisionResult
from signaling.call import Call
from signaling.effects import Effect, Effects, Emit, FileReport, Judge, RecordEnded, emit
from signaling.messages import Report


def ending(call: Call, effects: Effects, report: Report, now: int) -> tuple[Call, Effects]:
    """Turn the result of a hang-up (`call`, `effects`) into the result of a report.

    The reporter is told `reported`, has nothing to decide and is not at fault.
    """
    at_fault = tuple(user_id for user_id in call.at_fault if user_id != report.user_id)
    call = replace(call, at_fault=at_fault, reported_by=(report.user_id,))
    own = CallEnded(call_id=call.id, reason="reported", duration_s=call.duration_s)

    def reported(effect: Effect) -> Effect:
        if isinstance(effect, RecordEnded):
            return replace(effect, at_fault=at_fault)
        if isinstance(effect, Emit) and (effect.user_id, effect.name) == (report.user_id, own.event):
            return replace(effect, data=emit(report.user_id, own).data)
        return effect

    hung_up = tuple(reported(effect) for effect in effects if not isinstance(effect, Judge))
    return call, (*hung_up, _filed(call, report, now), *(Judge(party.user_id) for party in call.parties))


def deciding(call: Call, report: Report, now: int) -> tuple[Call, Effects]:
    """A report while the decision is open: it is over for the reporter, the other waits for the deadline."""
    call = replace(call, reported_by=(*call.reported_by, report.user_id))
    result = DecisionResult(call_id=call.id, outcome="not_connected")
    filed = _filed(call, report, now)
    return call, (emit(report.user_id, result), filed, Judge(filed.reported))


def _filed(call: Call, report: Report, now: int) -> FileReport:
    return FileReport(
        report_id=report.report_id,
        reporter=report.user_id,
        reported=call.peer(report.user_id).user_id,
        reason=report.reason,
        note=report.note,
        block=report.block,
        at=now,
        evidence_media_id=report.evidence_media_id,
    )
