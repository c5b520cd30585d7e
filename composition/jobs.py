"""What is done later: the queue, who does which kind of job, what is done on schedule, and the worker."""

from collections.abc import Sequence

from composition.foundation import Foundation
from composition.stores import Stores
from core.job_settings import OUTBOX
from core.mentor_sessions import SessionRule
from core.web_push_key import private_key
from db.postgres.jobs import Schedule
from db.postgres.moment_pushes import MomentPushStore
from db.postgres.room_pushes import RoomPushStore
from db.redis.dev_outbox import DevOutboxStore
from outside.apns import Apns
from outside.apns_token import ApnsAccount, apns_key
from outside.fcm import Fcm, service_account
from outside.mail import SmtpMail
from outside.outbox import OutboxMail, OutboxPush, OutboxSms
from outside.pushes import Pushes
from outside.sms import HttpSms
from outside.web_push import WebPush
from services.check_in_keeping import CHECK_INS_KEEPING, CheckInKeeping
from services.device_pushes import DevicePushes
from services.erasures import ERASURES_DUE
from services.exports import EXPORTS_KEEPING
from services.job_keeping import KEEPING, JobKeeping
from services.job_metrics import JobMetrics
from services.job_worker import JobWorker
from services.jobs import JobQueue, Work, by_kind
from services.letters import Letters
from services.mentor_sessions import SETTLING, MentorSessions, SessionSettling
from services.moment_pushes import MomentPushAsking, MomentPushes
from services.notification_keeping import QUARTERS, NotificationKeeping
from services.notifications import Notifications
from services.outgoing import Outgoing
from services.ports import Mail, Push, Sms
from services.post import Post
from services.push_metrics import PushMetrics
from services.pushing import Pushing
from services.room_pushes import RoomPushAsking, RoomPushes
from services.video_requests import VideoRequests


class JobParts:
    """The queue, and all that its worker needs."""

    def __init__(self, stores: Stores, base: Foundation) -> None:
        self._base, self._store = base, stores.jobs
        self.queue = JobQueue(stores.jobs, base.bus)
        self.outbox = DevOutboxStore(base.redis)
        self._services: list[Fcm | WebPush | Apns | HttpSms] = []
        self.post = Post(self._mail(), self._sms(), base.clock)
        push, clock, texts = self._push(), base.clock, base.settings.push_texts == "on"
        devices = DevicePushes(stores.devices, push, PushMetrics(base.registry), clock)
        said = RoomPushStore(base.pool)
        # Nothing is asked for that reaches nobody.
        self.room_pushes = RoomPushAsking(said, stores.jobs, clock) if push else None
        now = MomentPushStore(base.pool)
        self.moments = MomentPushAsking(now, stores.jobs, self.queue, clock) if push else None
        pushing = Pushing(stores.notifications, self.queue, devices, clock, texts=texts)
        self._works = (
            *RoomPushes(said, stores.jobs, devices, clock, texts=texts).works,
            *MomentPushes(now, self.queue, devices, clock, texts=texts).works,
            *self.post.works,
            *JobKeeping(stores.jobs, base.clock).works,
            *self._outgoing(stores, pushing).works,
            *NotificationKeeping(
                stores.notifications, base.clock, days=base.settings.notification_days
            ).works,
            *self._video_requests(stores).works,
            *self._mentor_sessions(stores),
            *CheckInKeeping(
                stores.check_ins, stores.journeys, base.clock, days=base.settings.check_in_days
            ).works,
        )
        self._schedules: Sequence[Schedule] = (
            KEEPING,
            QUARTERS,
            CHECK_INS_KEEPING,
            EXPORTS_KEEPING,
            ERASURES_DUE,
            SETTLING,
        )

    async def close(self) -> None:
        """What is being asked for now is not, and what is on its way is not waited for."""
        if self.moments is not None:
            await self.moments.close()
        for service in self._services:
            await service.close()

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

    def _video_requests(self, stores: Stores) -> VideoRequests:
        news = Notifications(stores.notifications, stores.events, None)
        return VideoRequests(
            stores.video_requests, stores.events, news, self._base.settings, self._base.clock
        )

    def _mentor_sessions(self, stores: Stores) -> Sequence[Work]:
        news, clock = Notifications(stores.notifications, stores.events, None), self._base.clock
        rule = SessionRule.of(self._base.settings)
        return (
            *MentorSessions(stores.mentor_sessions, news, clock).works,
            *SessionSettling(stores.unsettled_sessions, news, clock, rule).works,
        )

    def _outgoing(self, stores: Stores, pushing: Pushing) -> Outgoing:
        settings, clock = self._base.settings, self._base.clock
        return Outgoing(
            stores.notifications,
            self.queue,
            pushing,
            Letters(sender=settings.mail_from, page=settings.page_url),
            stores.limiter,
            clock,
            mails=bool(settings.mail),
            mail_each_m=settings.notification_mail_m,
        )

    def _push(self) -> Push | None:
        """By the services that are set; where none is, into the outbox, if that is where developers look."""
        settings, clock = self._base.settings, self._base.clock
        key, phones = settings.push_web_key, settings.push_fcm
        web = WebPush(private_key(key), contact=settings.push_contact, clock=clock) if key else None
        fcm, apple = Fcm(service_account(phones), clock) if phones else None, self._apns()
        services = [service for service in (web, fcm, apple) if service is not None]
        if services:
            self._services += services
            return Pushes(web=web, phones=fcm, apple=apple)
        shown = OUTBOX in (settings.mail, settings.sms)
        return OutboxPush(self.outbox, clock) if shown else None

    def _apns(self) -> Apns | None:
        settings = self._base.settings
        if not settings.push_apns:
            return None
        account = ApnsAccount(
            key=apns_key(settings.push_apns),
            key_id=settings.push_apns_key_id,
            team_id=settings.push_apns_team_id,
            topic=settings.push_apns_topic,
        )
        return Apns(account, self._base.clock, service=settings.push_apns_server)

    def _mail(self) -> Mail | None:
        settings = self._base.settings
        if settings.mail == OUTBOX:
            return OutboxMail(self.outbox, self._base.clock)
        return SmtpMail(settings.mail, sender=settings.mail_from) if settings.mail else None

    def _sms(self) -> Sms | None:
        settings = self._base.settings
        if settings.sms == OUTBOX:
            return OutboxSms(self.outbox, self._base.clock)
        if not settings.sms:
            return None
        gateway = HttpSms(settings.sms, token=settings.sms_token)
        self._services.append(gateway)
        return gateway
