"""Timelines of calls that are over, in Postgres, for admins, for a while; written with the end of the call.

Notes are JSON: what they say of people is personal, and no query needs to look into them.
"""

from collections.abc import Mapping, Sequence

import msgspec
import structlog
from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.vocabulary import EndReason, Mode, Origin, Outcome
from db.postgres.pool import Pool, Record, queries
from signaling.timeline import Note, read
from signaling.verdicts import Verdict

_SQL = queries("timelines")
_log = structlog.get_logger()


class KeptTimeline(Struct, frozen=True):
    """What is kept of a call that has ended: its notes, and what each of the two reads of it."""

    notes: Sequence[bytes]
    verdicts: Mapping[str, Verdict]

    @property
    def events(self) -> bytes:
        """All notes, as one text."""
        return b"[%b]" % b",".join(self.notes)


class RecordedCall(Struct, frozen=True, kw_only=True):
    """A call on record with its notes, if those are kept: times in ms. `decisions`: who voted when."""

    call_id: str
    users: Sequence[str]
    origin: Origin
    mode: Mode
    offered_at: int
    started_at: int | None
    live_at: int | None
    ended_at: int | None
    closed_at: int | None
    duration_s: int | None
    reason: EndReason | None
    ended_by: str | None
    outcome: Outcome | None
    notes: Sequence[Note]
    votes: Sequence[tuple[str, int]]


class TimelineRecords:
    """Stored timelines."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, call_id: str) -> RecordedCall | None:
        """None: there is no such call."""
        row = await self._pool.fetchrow(_SQL["of_call"], call_id)
        return row and _recorded(row)

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop the oldest of calls that ended before that time in ms, `limit` at most; gives how many."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))


def _recorded(row: Record) -> RecordedCall:
    def at(name: str) -> int | None:
        return row[name] and to_ms(row[name])

    votes = zip(row["voters"], map(to_ms, row["voted_at"]), strict=True)
    return RecordedCall(
        call_id=row["id"],
        users=row["users"],
        origin=row["origin"],
        mode=row["mode"],
        offered_at=to_ms(row["offered_at"]),
        started_at=at("started_at"),
        live_at=at("live_at"),
        ended_at=at("ended_at"),
        closed_at=at("closed_at"),
        duration_s=row["duration_s"],
        reason=row["end_reason"],
        ended_by=row["ended_by"],
        outcome=None if row["outcome"] == "none" else row["outcome"],
        notes=_notes(row["id"], row["events"]),
        votes=list(votes),
    )


def _notes(call_id: str, events: bytes | None) -> Sequence[Note]:
    try:
        return read(msgspec.json.decode(events, type=list[msgspec.Raw])) if events else ()
    except msgspec.MsgspecError as error:
        _log.error("a timeline cannot be read", call_id=call_id, error=str(error))
        return ()
