"""Past calls over REST. Reading only."""

from msgspec import UNSET

from core.clock import rfc3339
from core.contract import calls as contract
from core.contract.calls import CallPage, CallVerdict, PastCall
from core.wire.cursors import BY_ID
from core.wire.pages import PageQuery
from db.postgres import call_records as records
from db.postgres.call_records import CallRecords
from rest.http.paging import page
from rest.http.request import Request
from signaling.verdicts import Verdict


class CallHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, calls: CallRecords) -> None:
        self._calls = calls

    async def past_calls(self, request: Request) -> CallPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._calls.history(
                request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda call: call.call_id,
        )
        return CallPage(items=[_past_call(call) for call in items], next_cursor=after)


def _past_call(call: records.EndedCall) -> PastCall:
    return PastCall(
        call_id=call.call_id,
        mode=call.mode,
        origin=call.origin,
        outgoing=call.outgoing,
        peer=call.peer,
        started_at=None if call.started_at is None else rfc3339(call.started_at),
        ended_at=rfc3339(call.ended_at),
        duration_s=call.duration_s,
        reason=call.reason,
        outcome=None if call.outcome == "none" else call.outcome,
        verdict=UNSET if call.verdict is None else _verdict(call.verdict),
    )


def _verdict(found: Verdict) -> CallVerdict:
    return CallVerdict(code=found.code, text=found.text, values=found.values or UNSET)
