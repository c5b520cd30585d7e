"""What leaves the product: pushes to devices that are not in use, and mails, for notifications not yet read.

A job for each, written with the notification. In quiet hours it waits for their end; what was read by then,
or is not shown any more, stays here.
"""

from collections.abc import Sequence

import structlog

from core.clock import Clock
from db.postgres.devices import DeviceStore
from db.postgres.notifications import NotificationStore, SendNotification
from db.postgres.notifications import Outgoing as Found
from db.postgres.settings import notification_settings
from services.jobs import JobQueue, Work, work
from services.letters import Letters
from services.ports import Push, Pushed, Undeliverable
from services.post import SendMail
from services.quiet_hours import quiet_until

_log = structlog.get_logger()


class Outgoing:
    """Does these jobs. `push` None: this server reaches no devices. `mails`: it sends mail."""

    def __init__(
        self,
        store: NotificationStore,
        devices: DeviceStore,
        jobs: JobQueue,
        push: Push | None,
        letters: Letters,
        clock: Clock,
        *,
        mails: bool,
    ) -> None:
        self._store, self._devices, self._jobs = store, devices, jobs
        self._push, self._letters, self._clock, self._mails = push, letters, clock, mails

    @property
    def works(self) -> Sequence[Work]:
        """How they are done."""
        return (work(SendNotification, self.send),)

    async def send(self, job: SendNotification) -> None:
        """To all devices, and by mail, as the user wants it. Raises `Unavailable`."""
        now = self._clock()
        found = await self._store.to_send(job.user_id, job.notification_id, now)
        if found is None:
            return
        wanted = notification_settings(found.settings)
        if not wanted.kinds[found.notification.kind]:
            return
        until = quiet_until(wanted.quiet_from, wanted.quiet_to, found.time_zone, now)
        if until is not None:
            await self._jobs.add(job, at_ms=until, key=f"notification:{job.notification_id}:{until}")
            return
        if wanted.push:
            await self._to_devices(job.user_id, found, now)
        if wanted.email and found.email and self._mails:
            await self._jobs.add(self._mail(found, found.email))

    async def _to_devices(self, user_id: str, found: Found, now: int) -> None:
        if self._push is None:
            return
        for device in await self._devices.of_user(user_id, now):
            try:
                await self._push.send(device, _pushed(found))
            except Undeliverable as why:
                _log.info("a device is reached no longer", why=str(why))
                await self._devices.delete(user_id, device.device_id)

    def _mail(self, found: Found, to: str) -> SendMail:
        letter = self._letters.write("notification", to, found.language, letter_id=found.notification.id)
        return SendMail(letter=letter)


def _pushed(found: Found) -> Pushed:
    each, action = found.notification, found.notification.action
    return Pushed(id=each.id, title=each.title, body=each.body, url=action.url if action else None)
