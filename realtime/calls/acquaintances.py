"""Who must not meet whom, and who is busy: what Postgres has on record, set right by what Redis knows."""

from collections.abc import Collection

import structlog

from core.clock import Clock
from realtime.calls.ports import CallStore, Record
from signaling.call import ACTIVE, Call

_ABANDONED_MS = 60_000
_log = structlog.get_logger()


class Acquaintances:
    """Implements `services.ports.Acquaintances`."""

    def __init__(self, calls: CallStore, record: Record, clock: Clock) -> None:
        self._calls, self._record, self._clock = calls, record, clock

    async def avoid(self, user_id: str, since_ms: int) -> frozenset[str]:
        """Users blocked either way, or met since that time in ms since the epoch."""
        return await self._record.avoid(user_id, since_ms)

    async def unfit(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those of these users to whom no offer would be made: banned, gone, or in a call or offer."""
        return await self._record.unfit(user_ids, self._clock())

    async def on_good_terms(self, one: str, other: str, since_ms: int) -> bool:
        """No block stands between them, and neither has declined, skipped or reported the other since."""
        return await self._record.on_good_terms(one, other, since_ms)

    async def active_call(self, user_id: str) -> str | None:
        """The call or offer this user is in."""
        call_id = await self._record.active_call(user_id)
        if call_id is None or await self._goes_on(call_id):
            return call_id
        return None

    async def give_up(self, call_id: str) -> bool:
        """Close on record a call that the store has lost; False while it may be about to be there.

        Nobody else would: both would be kept out of the queue, or asked for ever to decide.
        """
        now = self._clock()
        if now - _made_at(call_id) < _ABANDONED_MS:
            return False
        _log.warning("a call was lost from the store and is closed on record", call_id=call_id)
        await self._record.ended(
            call_id, reason="connection_lost", by=None, duration_s=0, now=now, decision_deadline=None
        )
        await self._record.closed(call_id, "not_connected", now)
        return True

    async def _goes_on(self, call_id: str) -> bool:
        stored = await self._calls.load(call_id)
        if stored is not None:
            return stored.call.state in ACTIVE or await self._ended(stored.call)
        return not await self.give_up(call_id)

    async def _ended(self, call: Call) -> bool:
        """It is over, and the record lags behind: until that says so too, the fence keeps both out."""
        await self._record.ended(
            call.id,
            reason=call.reason or "connection_lost",
            by=call.left_by,
            duration_s=call.duration_s,
            now=call.ended_at or self._clock(),
            decision_deadline=call.deadline,
            at_fault=call.at_fault,
        )
        return False


def _made_at(call_id: str) -> int:
    """Unix milliseconds in a UUIDv7."""
    return int(call_id[:8] + call_id[9:13], 16)
