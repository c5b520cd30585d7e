"""What calls need of other packages, as interfaces. The stores say what each method promises."""

from asyncio import Future
from collections.abc import Awaitable, Collection, Iterable, Sequence
from typing import Any, Protocol

from core.ticket import MatchDecision
from core.vocabulary import EndReason, Mode, Origin, Outcome
from db.postgres.call_records import Admitted, Refusal
from db.postgres.direct_calls import Rung
from db.postgres.reports import NewReport
from db.postgres.timelines import KeptTimeline
from db.redis.calls import Due, Pending, StoredCall
from db.redis.signals import Allowed, Request, Sender, Signal
from db.redis.told import Told
from matching.rematch import Since
from signaling.call import Call
from signaling.effects import Effects
from signaling.inviting import Elsewhere, Standing


class CallStore(Protocol):
    """Calls while they last."""

    def known(self, call_id: str) -> StoredCall | None: ...
    async def load(self, call_id: str) -> StoredCall | None: ...
    def tells(self, call: Call) -> bool: ...
    async def save(
        self,
        call: Call,
        effects: Effects,
        *,
        version: int,
        now: int,
        told: Sequence[Told] = (),
        notes: Sequence[bytes] = (),
    ) -> list[Pending] | None: ...
    async def tell(
        self, call: Call, told: Sequence[tuple[Pending, Told]], performed: Sequence[Pending], *, now: int
    ) -> Sequence[Exception | None]: ...
    async def outbox(self, call_id: str) -> list[Pending]: ...
    async def done(
        self, call_id: str, performed: Sequence[Pending], failed: Sequence[Pending] = (), *, now: int
    ) -> None: ...
    async def give_up(self, call_id: str) -> bool: ...
    async def due(self, shards: Iterable[int], now: int, *, limit: int = 50) -> Due: ...
    async def forget(self, call_id: str) -> None: ...


class TimelineStore(Protocol):
    """Notes of calls while these last."""

    def add(self, call_id: str, notes: Sequence[bytes]) -> Future[Any]: ...
    async def end(self, call_id: str) -> list[bytes]: ...


class Lines(Protocol):
    """Which call each user was told of, by which signals may come to them."""

    def open(
        self, user_id: str, call_id: str, epoch: int, *, device: str, from_device: str, now: int
    ) -> Awaitable[int]: ...
    def close(self, user_id: str, call_id: str) -> Awaitable[int]: ...


class SignalStore(Protocol):
    """Passes on the signals that lines allow."""

    def pass_on(
        self, sender: Sender, signals: Sequence[Signal], *, now: int, allowed: Allowed | None = None
    ) -> Future[bytes]: ...
    def pass_on_all(
        self, asked: Sequence[Request], *, now: int
    ) -> Iterable[tuple[Sequence[Request], Future[list[bytes | Exception]]]]: ...


class Record(Protocol):
    """Calls on record: the fence, and what remains of a call."""

    async def offer(
        self,
        call_id: str,
        *,
        origin: Origin,
        mode: Mode,
        region: str,
        users: tuple[str, ...],
        now: int,
        suspects: Collection[str] = (),
        decision: MatchDecision | None = None,
        since: Since | None = None,
    ) -> Refusal | Admitted: ...
    async def started(self, call_id: str, now: int) -> Sequence[str]: ...
    async def live(self, call_id: str, now: int) -> None: ...
    async def ended(
        self,
        call_id: str,
        *,
        reason: EndReason,
        by: str | None,
        duration_s: int,
        now: int,
        decision_deadline: int | None,
        at_fault: Collection[str] = (),
        started: bool = True,
        timeline: KeptTimeline | None = None,
    ) -> None: ...
    async def voted(
        self, call_id: str, user_id: str, connect: bool, feedback: dict[str, Any] | None, now: int
    ) -> None: ...
    async def closed(self, call_id: str, outcome: Outcome, now: int) -> None: ...
    async def active_call(self, user_id: str) -> str | None: ...
    async def open_calls(self, user_id: str) -> list[str]: ...
    async def open_calls_of(self, user_ids: Collection[str]) -> list[str]: ...
    async def on_record(self, call_id: str, now: int) -> Call | None: ...
    async def was_in(self, call_id: str, user_id: str) -> bool: ...


class DirectRecord(Protocol):
    """Direct calls on record: who rings whom, and who has answered."""

    async def ring(
        self,
        call_id: str,
        *,
        inviter: str,
        mode: Mode,
        region: str,
        now: int,
        connection_id: str | None = None,
        mentor_session_id: str | None = None,
    ) -> Rung | Standing | Elsewhere: ...
    async def answered(self, call_id: str, user_id: str, now: int) -> bool: ...
    async def between(self, user_id: str, other: str) -> Sequence[str]: ...


class EligibilityRecord(Protocol):
    """Which users may be offered to each other, as far as the record says."""

    async def on_good_terms(self, one: str, other: str, since: Since) -> bool: ...
    async def unfit(self, user_ids: Collection[str], now: int) -> frozenset[str]: ...
    async def not_by_places(self, user_ids: Collection[str]) -> frozenset[str]: ...
    async def avoid(self, user_id: str, since: Since) -> frozenset[str]: ...


class Trust(Protocol):
    """Decides on tiers of trust."""

    async def judge(self, user_id: str) -> None:
        """Move this user to another tier, if what they did asks for it."""


class Wishes(Protocol):
    """What users wish of their calls."""

    async def relay_only(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who want media to go through relays only."""


class Reports(Protocol):
    """Records reports."""

    async def file(self, report: NewReport) -> None:
        """Record it, once for each call and reporter. A block with it has the effects of any block."""


class PresenceNotifier(Protocol):
    """Tells watchers how a user is shown."""

    def changed(self, user_id: str) -> Awaitable[None]:
        """A call has begun or ended for this user. Said at once; never raises an outage."""


class MissedCalls(Protocol):
    """Tells users of calls that they did not answer."""

    async def tell(self, call_id: str, user_ids: Iterable[str], now: int) -> None:
        """An offer, of a stranger."""

    async def tell_of(self, call_id: str, user_id: str, by: str, room_id: str | None, now: int) -> None:
        """A direct call `by` somebody with whom one writes in this room."""
