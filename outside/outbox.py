"""In development nothing is sent: it is in the log, and at /dev/outbox."""

import structlog

from core.clock import Clock
from db.postgres.devices import Target
from outside.apns_words import rings_itself
from services.ports import DevOutbox, Letter, Pushed, Sent

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


class OutboxPush:
    """Implements `services.ports.Push`: to whom it would go is the device's id."""

    def __init__(self, outbox: DevOutbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It is in the outbox."""
        rings = ", rings by itself" if rings_itself(device, pushed) else ""
        to = f"{device.device_id} ({device.platform}{rings})"
        text = "\n".join(filter(None, (pushed.body, pushed.url, *(f"closes {tag}" for tag in pushed.closes))))
        await self._outbox.put(
            Sent(by="push", to=to, subject=pushed.title or "(nothing is shown)", text=text, at=self._clock())
        )
        _log.info("a push, at /dev/outbox", to=to, title=pushed.title, text=text)
