"""Notifications on their way to devices: to all of a user at once, and again to one that was not reached.

A push service that does not answer keeps nobody waiting for long: neither the other devices, nor the mail.
"""

from collections.abc import Sequence
from datetime import datetime

from core.clock import Clock, to_ms
from core.job import Job
from db.postgres.notifications import NotificationStore, Outgoing
from db.postgres.settings import notification_settings
from services.device_pushes import DevicePushes
from services.jobs import JobQueue, Work, work
from services.ports import Pushed
from services.quiet_hours import quiet_until

_TRIES = 6
_DAY_S = 86_400
SOMETHING = "There is news for you"
# Somebody waits for what one does about them.
_URGENT = frozenset({"missed_call", "video_request", "mentor_session"})


class PushNotification(Job, frozen=True, kw_only=True, tag="push"):
    """To one device, which could not be reached before."""

    user_id: str
    notification_id: str
    device_id: str


class Pushing:
    """Sends them. `texts`: they say what there is to read."""

    def __init__(
        self,
        store: NotificationStore,
        jobs: JobQueue,
        devices: DevicePushes,
        clock: Clock,
        *,
        texts: bool = True,
    ) -> None:
        self._store, self._jobs, self._devices = store, jobs, devices
        self._clock, self._texts = clock, texts

    @property
    def works(self) -> Sequence[Work]:
        """How they are done."""
        return (work(PushNotification, self.again, tries=_TRIES),)

    async def to_all(self, user_id: str, found: Outgoing, now: int) -> None:
        """To each device; where one cannot be reached now, it is tried again later."""
        pushed = _pushed(found, now, texts=self._texts)
        for each in await self._devices.send({user_id: pushed}):
            job = PushNotification(user_id=user_id, notification_id=pushed.id, device_id=each.device_id)
            await self._add(job, self._clock() + each.in_ms)

    async def again(self, job: PushNotification) -> None:
        """To one, unless it has been read since then, or it is quiet by now. Raises `Unavailable`."""
        now = self._clock()
        found = await self._store.to_send(job.user_id, job.notification_id, now)
        if found is None:
            return
        wanted = notification_settings(found.settings)
        until = quiet_until(wanted.quiet_from, wanted.quiet_to, found.time_zone, now)
        if until is not None:
            await self._add(job, until)
        elif wanted.push:
            pushed = _pushed(found, now, texts=self._texts)
            await self._devices.send_again(job.user_id, job.device_id, pushed)

    async def _add(self, job: PushNotification, at_ms: int) -> None:
        # Its time is in the key, as one that is being done may ask for itself.
        key = f"push:{job.notification_id}:{job.device_id}:{at_ms}"
        await self._jobs.add(job, at_ms=at_ms, key=key)


def _pushed(found: Outgoing, now: int, *, texts: bool) -> Pushed:
    each, action = found.notification, found.notification.action
    left_s = (to_ms(datetime.fromisoformat(each.expires_at)) - now) // 1000 if each.expires_at else _DAY_S
    return Pushed(
        id=each.id,
        title=each.title if texts else SOMETHING,
        body=each.body if texts else "",
        topic=each.id,  # it is renewed under the same one
        ttl_s=max(0, min(left_s, _DAY_S)),
        url=action.url if action else None,
        urgent=each.kind in _URGENT,
    )
