"""Mail and SMS are jobs: written with the act that they tell of, and sent at least once."""

from collections.abc import Sequence

import structlog

from core.clock import Clock
from core.job import Job
from services.jobs import GivenUp, Work, work
from services.ports import Letter, Mail, Sms, Undeliverable

_log = structlog.get_logger()


class SendMail(Job, frozen=True, kw_only=True, tag="mail"):
    """After `until_ms`, where there is such a time, nobody needs it any more."""

    letter: Letter
    until_ms: int | None = None


class SendSms(Job, frozen=True, kw_only=True, tag="sms"):
    """The same; `to` as in E.164, `sms_id` one of ours."""

    to: str
    text: str
    sms_id: str
    until_ms: int | None = None


class Post:
    """Does these jobs. `mail`, `sms` None: this server has none."""

    def __init__(self, mail: Mail | None, sms: Sms | None, clock: Clock) -> None:
        self._mail, self._sms, self._clock = mail, sms, clock

    @property
    def works(self) -> Sequence[Work]:
        """How they are done."""
        return work(SendMail, self.send_mail), work(SendSms, self.send_sms)

    async def send_mail(self, job: SendMail) -> None:
        """Raises `GivenUp`, `Unavailable`."""
        if self._mail is None:
            raise GivenUp("MAIL is not set.")
        if self._is_needed(job.until_ms):
            try:
                await self._mail.send(job.letter)
            except Undeliverable as why:
                _log.info("a mail is not delivered", why=str(why))

    async def send_sms(self, job: SendSms) -> None:
        """Raises the same."""
        if self._sms is None:
            raise GivenUp("SMS is not set.")
        if self._is_needed(job.until_ms):
            try:
                await self._sms.send(job.to, job.text, sms_id=job.sms_id)
            except Undeliverable as why:
                _log.info("an SMS is not delivered", why=str(why))

    def _is_needed(self, until_ms: int | None) -> bool:
        return until_ms is None or self._clock() < until_ms
