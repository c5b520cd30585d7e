"""Sessions with mentors: booking and changing them, reminding both, and settling what neither does. Stores
decide by the rules.
"""

from collections.abc import Sequence

from msgspec import UNSET

from core.clock import Clock
from core.contract.mentor_sessions import BookSession, MentorSessionPatch, MentorSessionView
from core.errors import InvalidRequest
from core.job import Job
from core.mentor_sessions import SessionRule
from db.postgres.idempotency import IdempotencyKey
from db.postgres.jobs import Schedule
from db.postgres.mentor_sessions import MentorSessionStore, RemindOfSession
from db.postgres.unsettled_sessions import UnsettledSessions
from services.jobs import Work, work
from services.notifications import Notifications

_AT_ONCE = 100


class SettleSessions(Job, frozen=True, kw_only=True, tag="mentor-sessions-settling"):
    """Every ten minutes."""


SETTLING = Schedule(SettleSessions(), every_s=600, offset_s=120)


class SessionSettling:
    """Of what nobody has said what became of it."""

    def __init__(
        self, store: UnsettledSessions, notifications: Notifications, clock: Clock, rule: SessionRule
    ) -> None:
        self._store, self._notifications = store, notifications
        self._clock, self._rule = clock, rule

    @property
    def works(self) -> Sequence[Work]:
        """How it is done."""
        return (work(SettleSessions, self.settle),)

    async def settle(self, _: SettleSessions) -> None:
        """All whose time to be settled has come, some at a time. May be repeated."""
        due = _AT_ONCE
        while due == _AT_ONCE:
            now = self._clock()
            due, told = await self._store.settle(now - self._rule.settle_ms, now, limit=_AT_ONCE)
            await self._notifications.hurry(*told)


class MentorSessions:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: MentorSessionStore, notifications: Notifications, clock: Clock) -> None:
        self._store, self._notifications, self._clock = store, notifications, clock

    @property
    def works(self) -> Sequence[Work]:
        """What is done later."""
        return (work(RemindOfSession, self.remind),)

    async def book(
        self, user_id: str, asked: BookSession, key: IdempotencyKey | None, now: int
    ) -> MentorSessionView:
        """Raises `NotFound` for a mentor, `Conflict` for what is no free slot, `IdempotencyConflict`."""
        booked = await self._store.book(user_id, asked, key, now)
        await self._notifications.hurry(*booked.told)
        return booked.view

    async def change(
        self, session_id: str, user_id: str, patch: MentorSessionPatch, now: int
    ) -> MentorSessionView:
        """Raises `InvalidRequest`, `NotFound`, `Conflict`, `Forbidden`."""
        if patch.status is not UNSET and patch.starts_at is not UNSET:
            raise InvalidRequest("Either `status` or `starts_at`.", details={"field": "starts_at"})
        changed = await self._store.change(session_id, user_id, patch, now)
        await self._notifications.hurry(*changed.told)
        return changed.view

    async def remind(self, job: RemindOfSession) -> None:
        """It begins soon. May be repeated: each is told once."""
        told = await self._store.remind(job.session_id, job.starts_at, self._clock())
        await self._notifications.hurry(*told)
