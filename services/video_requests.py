"""Video requests: asking, answering, and what becomes of those that nobody answers. Both are told.

Whoever gets no answer, as Redis was away, asks again and so tells again: each is told once.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from core.clock import HOUR_MS, Clock, rfc3339
from core.contract.video_requests import (
    VideoRequest,
    VideoRequested,
    VideoRequestView,
    VideoRespond,
    VideoResponded,
    VideoWasRequested,
)
from core.ids import new_id
from core.settings import Settings
from core.tasks import all_of
from core.vocabulary import DecisionPolicy
from core.wire.message import Event
from db.postgres.video_requests import ExpireVideoRequest, KnownRequest, VideoRequestStore
from services.jobs import Work, work
from services.notifications import Notifications
from services.ports import Events
from signaling.video_requests import VideoRequestRow


class VideoRequests:
    """The use cases. Errors of an outage of a store pass through (`db.outage`)."""

    def __init__(
        self,
        store: VideoRequestStore,
        events: Events,
        notifications: Notifications,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._store, self._events, self._notifications = store, events, notifications
        self._policy: DecisionPolicy = settings.decision_policy
        self._waits_ms, self._clock = settings.video_request_h * HOUR_MS, clock
        self._pause_ms = settings.video_request_pause_h * HOUR_MS if settings.rate_limits == "on" else 0

    @property
    def works(self) -> Sequence[Work]:
        """What is done later."""
        return (work(ExpireVideoRequest, self.expire),)

    async def request(self, user_id: str, command: VideoRequest) -> VideoRequested:
        """`video:request`. Raises `NotFound`, `Gone`, `Conflict` where video is approved already, or
        `RateLimited` soon after the other has said no.
        """
        now = self._clock()
        known = await self._store.ask(
            new_id(now),
            connection_id=command.connection_id,
            requester=user_id,
            policy=self._policy,
            expires_at=now + self._waits_ms,
            pause_ms=self._pause_ms,
            now=now,
        )
        request = known.request
        await self._tell(known, VideoWasRequested(request=_asked(request)))
        if request.status == "pending":
            await self._notifications.hurry(request.approver_id)
        else:
            await self._tell(known, VideoResponded(request=view(request)))
        return VideoRequested(request_id=request.id, expires_at=rfc3339(request.expires_at))

    async def respond(self, user_id: str, command: VideoRespond) -> None:
        """`video:respond`. Raises `NotFound`, `Forbidden`, `AlreadyDecided`, `Expired`, `Gone`."""
        known = await self._store.respond(
            command.request_id, user_id, approve=command.approve, now=self._clock()
        )
        await self._tell(known, VideoResponded(request=view(known.request)))
        await self._notifications.hurry(user_id)

    async def expire(self, job: ExpireVideoRequest) -> None:
        """Its time has passed: tell both, unless it was answered."""
        known = await self._store.expire(job.request_id, self._clock())
        if known is not None:
            await self._tell(known, VideoResponded(request=view(known.request)))

    async def parted(self, user_id: str, other: str) -> None:
        """This one has ended the connection of the two: nobody asks them for video calls any more."""
        await self._notifications.hurry(*await self._store.parted(user_id, other, self._clock()))

    async def _tell(self, known: KnownRequest, event: Event) -> None:
        key = f"{event.event}:{known.request.id}"
        await all_of(*(self._events.send(user_id, event, key=key) for user_id in known.users))


def view(request: VideoRequestRow) -> VideoRequestView:
    """As both see it."""
    return VideoRequestView(
        id=request.id,
        connection_id=request.connection_id,
        requester_id=request.requester_id,
        approver_id=request.approver_id,
        status=request.status,
        requested_at=rfc3339(request.requested_at),
        responded_at=None if request.responded_at is None else rfc3339(request.responded_at),
        expires_at=rfc3339(request.expires_at),
    )


def _asked(request: VideoRequestRow) -> VideoRequestView:
    """As it was when it was made."""
    return replace(view(request), status="pending", responded_at=None)
