"""How a call went, for admins: from its notes, where these are kept, and from its record."""

from collections.abc import Iterator
from typing import Protocol

from msgspec import UNSET

from core.clock import rfc3339
from core.contract.timelines import CallTimeline, TimelineCall, TimelineEvent, TimelineVerdict
from core.errors import NotFound
from db.postgres.timelines import RecordedCall
from signaling.timeline import Note, read
from signaling.verdicts import whole


class Records(Protocol):
    """Calls on record, with their notes once they are over."""

    async def of(self, call_id: str) -> RecordedCall | None: ...


class Live(Protocol):
    """Notes of calls that are not over."""

    async def read(self, call_id: str) -> list[bytes]: ...


class Timelines:
    """`live` is asked where there is no end on record."""

    def __init__(self, records: Records, live: Live) -> None:
        self._records, self._live = records, live

    async def of(self, call_id: str) -> CallTimeline:
        """Raises `NotFound`."""
        call = await self._records.of(call_id)
        if call is None:
            raise NotFound
        notes = list(call.notes) or (read(await self._live.read(call_id)) if call.ended_at is None else [])
        notes = notes or list(_on_record(call))
        notes += [Note(at, "voted", user_id) for user_id, at in call.votes]
        if call.closed_at is not None and call.outcome is not None:
            notes.append(Note(call.closed_at, "decided", None, {"outcome": call.outcome}))
        verdict = whole(notes, call.users)
        return CallTimeline(
            call=_call(call),
            events=[TimelineEvent(rfc3339(n.at), n.kind, n.data, n.user_id) for n in notes],
            verdict=TimelineVerdict(
                code=verdict.code,
                text=verdict.of_one,
                values=verdict.values or UNSET,
                user_id=verdict.user_id,
            ),
        )


def _on_record(call: RecordedCall) -> Iterator[Note]:
    """What is left when the notes are gone."""
    yield Note(call.offered_at, "offered", None, {"origin": call.origin, "mode": call.mode})
    if call.started_at is not None:
        yield Note(call.started_at, "started", None, {"epoch": 1})
    if call.live_at is not None:
        yield Note(call.live_at, "live", None, {"after_ms": call.live_at - call.offered_at})
    if call.ended_at is not None:
        yield Note(
            call.ended_at, "ended", call.ended_by, {"reason": call.reason, "duration_s": call.duration_s}
        )


def _call(call: RecordedCall) -> TimelineCall:
    def at(when: int | None) -> str | None:
        return None if when is None else rfc3339(when)

    return TimelineCall(
        call_id=call.call_id,
        origin=call.origin,
        mode=call.mode,
        users=list(call.users),
        offered_at=rfc3339(call.offered_at),
        started_at=at(call.started_at),
        live_at=at(call.live_at),
        ended_at=at(call.ended_at),
        duration_s=call.duration_s,
        reason=call.reason,
        ended_by=call.ended_by,
        outcome=call.outcome,
    )
