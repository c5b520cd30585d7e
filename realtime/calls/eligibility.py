"""Which users must not meet, and who is busy: the record in Postgres, corrected by what Redis knows."""

from collections.abc import Callable, Collection
from typing import cast

import structlog

from core.clock import Clock
from core.ids import made_at
from core.vocabulary import EndReason
from matching.rematch import Since
from realtime.calls.metrics import CallMetrics
from realtime.calls.ports import CallStore, EligibilityRecord, Record
from realtime.calls.recorder import Recorder
from signaling.call import ACTIVE, Call, Rules
from signaling.messages import Deadline
from signaling.store_loss import after_loss

_ABANDONED_MS = 60_000
# Nobody else waits for what one makes alone: a node that is only late finds the id taken, and begins anew.
_ALONE_MS = 10_000
_log = structlog.get_logger()


class EligibilityService:
    """Implements `realtime.matchmaking.ports.Eligibility`.

    `born`: since when (ms) Redis has its data. An older call that is not there is lost. A younger one is
    given a minute, because a call is on record before it is in Redis; one that was made by one user alone,
    who would be kept out of all others, ten seconds.
    """

    def __init__(
        self,
        calls: CallStore,
        record: Record,
        eligibility: EligibilityRecord,
        rules: Rules,
        clock: Clock,
        born: Callable[[], int],
        metrics: CallMetrics,
        recorder: Recorder,
    ) -> None:
        self._metrics, self._recorder = metrics, recorder
        self._calls, self._record, self._eligibility, self._rules = calls, record, eligibility, rules
        self._clock, self._born = clock, born

    async def avoid(self, user_id: str, since: Since) -> frozenset[str]:
        """Users blocked either way, met since then, or whose offer since then was left unanswered."""
        return await self._eligibility.avoid(user_id, since)

    async def unfit(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users to whom no offer can be made: banned, gone, or in a call or offer."""
        return await self._eligibility.unfit(user_ids, self._clock())

    async def not_by_places(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users who do not want to be matched by where they go."""
        return await self._eligibility.not_by_places(user_ids)

    async def on_good_terms(self, one: str, other: str, since: Since) -> bool:
        """Whether nothing since then speaks against a rematch: no block, decline, skip or report."""
        return await self._eligibility.on_good_terms(one, other, since)

    async def active_call(self, user_id: str) -> str | None:
        """The call or offer this user is in."""
        call_id = await self._record.active_call(user_id)
        if call_id is None:
            return None
        call = await self.find(call_id)
        if call is None:  # about to be there, or over by now
            return await self._record.active_call(user_id)
        if call.state in ACTIVE:
            return call_id
        await self._note(call)
        return None

    async def find(self, call_id: str) -> Call | None:
        """A call that was on record just now. One that Redis has lost is put back, as `after_loss` says.

        Nothing else does that: both users would be kept out of the queue, or be asked to decide for ever.
        If it is put back while its offer is still being made, the offer finds the id taken.
        None: the call is over, or may be about to be there.
        """
        stored = await self._calls.load(call_id)
        if stored is not None:
            return stored.call
        now, made, born = self._clock(), made_at(call_id), self._born()
        if made >= max(born, now - _ALONE_MS):
            return None
        recorded = await self._record.on_record(call_id, now)
        if recorded is None or (recorded.origin == "match" and made >= max(born, now - _ABANDONED_MS)):
            return None
        _log.warning("a call was lost from the store", call_id=call_id)
        call, effects = after_loss(recorded, now, self._rules)
        notes = self._recorder.server_lost(recorded, call, Deadline(), now)
        if await self._calls.save(call, effects, version=0, now=now, notes=notes) is not None:
            self._metrics.changed(recorded, call)
            await self._note(call)
        stored = await self._calls.load(call_id)
        return stored.call if stored is not None else call

    async def _note(self, call: Call) -> None:
        """Record the end of a call that is over: until then the fence lets neither of the two in."""
        await self._record.ended(
            call.id,
            reason=cast("EndReason", call.reason or "connection_lost"),
            by=call.left_by,
            duration_s=call.duration_s,
            now=call.ended_at or self._clock(),
            decision_deadline=call.deadline,
            at_fault=call.at_fault,
        )
        if call.outcome == "not_connected":
            await self._record.closed(call.id, "not_connected", self._clock())
