"""What is done later: the queue, who does which kind of job, what is done on schedule, and the worker."""

from collections.abc import Sequence

from composition.foundation import Foundation
from composition.stores import Stores
from core.job_settings import OUTBOX
from db.postgres.jobs import Schedule
from db.redis.dev_outbox import DevOutboxStore
from outside.mail import SmtpMail
from outside.outbox import OutboxMail, OutboxPush, OutboxSms
from outside.sms import HttpSms
from services.erasures import ERASURES_DUE
from services.exports import EXPORTS_KEEPING
from services.job_keeping import KEEPING, JobKeeping
from services.job_metrics import JobMetrics
from services.job_worker import JobWorker
from services.jobs import JobQueue, Work, by_kind
from services.letters import Letters
from services.notification_keeping import QUARTERS, NotificationKeeping
from services.outgoing import Outgoing
from services.ports import Mail, Sms
from services.post import Post


class JobParts:
    """The queue, and all that its worker needs."""

    def __init__(self, stores: Stores, base: Foundation) -> None:
        self._base, self._store = base, stores.jobs
        self.queue = JobQueue(stores.jobs, base.bus)
        self.outbox = DevOutboxStore(base.redis)
        self.post = Post(self._mail(), self._sms(), base.clock)
        self._works = (
            *self.post.works,
            *JobKeeping(stores.jobs, base.clock).works,
            *self._outgoing(stores).works,
            *NotificationKeeping(
                stores.notifications, base.clock, days=base.settings.notification_days
            ).works,
        )
        self._schedules: Sequence[Schedule] = (KEEPING, QUARTERS, EXPORTS_KEEPING, ERASURES_DUE)

    def worker(
        self, works: Sequence[Work], *, every_s: float | None, at_once: int | None = None
    ) -> JobWorker:
        """To be run; `works` are those of use cases. `every_s` None: it is woken by somebody who looks."""
        kinds = by_kind([*self._works, *works])
        return JobWorker(
            self._store,
            kinds,
            self._schedules,
            JobMetrics(self._base.registry, kinds),
            at_once=at_once or self._base.settings.job_workers,
            every_s=every_s,
            ending=self._base.ending,
        )

    def _outgoing(self, stores: Stores) -> Outgoing:
        settings, clock = self._base.settings, self._base.clock
        shown = OUTBOX in (settings.mail, settings.sms)  # that is where developers look
        return Outgoing(
            stores.notifications,
            stores.devices,
            self.queue,
            OutboxPush(self.outbox, clock) if shown else None,
            Letters(sender=settings.mail_from, page=settings.page_url),
            stores.limiter,
            clock,
            mails=bool(settings.mail),
            mail_each_m=settings.notification_mail_m,
        )

    def _mail(self) -> Mail | None:
        settings = self._base.settings
        if settings.mail == OUTBOX:
            return OutboxMail(self.outbox, self._base.clock)
        return SmtpMail(settings.mail, sender=settings.mail_from) if settings.mail else None

    def _sms(self) -> Sms | None:
        settings = self._base.settings
        if settings.sms == OUTBOX:
            return OutboxSms(self.outbox, self._base.clock)
        return HttpSms(settings.sms, token=settings.sms_token) if settings.sms else None
