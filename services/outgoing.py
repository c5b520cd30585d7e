"""What leaves the product: pushes to devices that are not in use, and mails, for notifications not yet read.

A job for each, written with the notification. In quiet hours it waits for their end; what was read by then,
or is not shown any more, stays here. After a mail, what comes in the next hour or so gathers, and is in one.
"""

from collections.abc import Sequence

from core.clock import Clock
from db.postgres.notifications import MailNotifications, NotificationStore, SendNotification
from db.postgres.notifications import Outgoing as Found
from db.postgres.settings import notification_settings
from services.jobs import JobQueue, Work, work
from services.letters import Letters
from services.ports import Limiter
from services.post import SendMail
from services.pushing import Pushing
from services.quiet_hours import quiet_until

_MINUTE_MS = 60_000


class Outgoing:
    """Does these jobs. `mails`: this server sends mail."""

    def __init__(
        self,
        store: NotificationStore,
        jobs: JobQueue,
        pushing: Pushing,
        letters: Letters,
        limiter: Limiter,
        clock: Clock,
        *,
        mails: bool,
        mail_each_m: int,
    ) -> None:
        self._store, self._jobs, self._pushing = store, jobs, pushing
        self._letters, self._limiter, self._clock = letters, limiter, clock
        self._mails, self._mails_a_s = mails, 1 / (mail_each_m * 60)

    @property
    def works(self) -> Sequence[Work]:
        """How they are done."""
        own = work(SendNotification, self.send), work(MailNotifications, self.mail)
        return (*own, *self._pushing.works)

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
            await self._pushing.to_all(job.user_id, found, now)
        if wanted.email:
            await self._mail(job.user_id, found, now, since=now)

    async def mail(self, job: MailNotifications) -> None:
        """What has gathered, if its user still wants that. Raises `Unavailable`."""
        now = self._clock()
        for found in await self._store.to_mail(job.user_id, job.since, now):
            wanted = notification_settings(found.settings)
            if not wanted.email:
                return
            if wanted.kinds[found.notification.kind]:
                until = quiet_until(wanted.quiet_from, wanted.quiet_to, found.time_zone, now)
                if until is not None:
                    await self._gather(job.user_id, job.since, until)
                else:
                    await self._mail(job.user_id, found, now, since=job.since)
                return

    async def _mail(self, user_id: str, found: Found, now: int, *, since: int) -> None:
        """At once, or with what else gathers until a mail is due."""
        if not (found.email and self._mails):
            return
        wait_ms = await self._limiter.take(
            f"news-mail:{user_id}", rate_per_s=self._mails_a_s, burst=1, now=now
        )
        if wait_ms:
            await self._gather(user_id, since, now + wait_ms)
            return
        each = found.notification
        letter = self._letters.write("notification", found.email, found.language, letter_id=each.id)
        await self._jobs.add(SendMail(letter=letter))

    async def _gather(self, user_id: str, since: int, until: int) -> None:
        """One job for all that waits for the same minute, whichever is the first to say so."""
        at_ms = -(-until // _MINUTE_MS) * _MINUTE_MS
        job = MailNotifications(user_id=user_id, since=since)
        await self._jobs.add(job, at_ms=at_ms, key=f"notification-mail:{user_id}:{at_ms}")
