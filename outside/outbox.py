"""In development nothing is sent: it is in the log, and at /dev/outbox."""

import structlog

from core.clock import Clock
from services.ports import DevOutbox, Letter, Sent

_log = structlog.get_logger()


class OutboxMail:
    """Implements `services.ports.Mail`."""

    def __init__(self, outbox: DevOutbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock

    async def send(self, letter: Letter) -> None:
        """It is in the outbox."""
        sent = Sent(by="mail", to=letter.to, subject=letter.subject, text=letter.text, at=self._clock())
        await self._outbox.put(sent)
        _log.info("a mail, at /dev/outbox", to=letter.to, subject=letter.subject, text=letter.text)


class OutboxSms:
    """Implements `services.ports.Sms`."""

    def __init__(self, outbox: DevOutbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock

    async def send(self, to: str, text: str, *, sms_id: str) -> None:  # noqa: ARG002 - a gateway's
        """It is in the outbox."""
        await self._outbox.put(Sent(by="sms", to=to, text=text, at=self._clock()))
        _log.info("an SMS, at /dev/outbox", to=to, text=text)
