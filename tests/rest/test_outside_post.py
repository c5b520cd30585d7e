"""Mail and SMS as they leave: to real servers on this machine, in their own protocols."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from core.errors import Unavailable
from outside.mail import SmtpMail, message, smtp_server
from outside.sms import HttpSms
from services.ports import Letter, Undeliverable

LETTER = Letter(
    to="ana@example.org", subject="Grüße", text="Hällo\n", html="<p>Hällo</p>", message_id="<1@example.org>"
)


class MailServer:
    """What a mail server that answers thus has taken."""

    def __init__(self, to_recipient: str = "250 OK", to_data: str = "250 OK") -> None:
        self.taken: list[Message] = []
        self.signed_in: list[bytes] = []
        self._to_recipient, self._to_data = to_recipient, to_data

    async def handle_RCPT(
        self, server: object, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._to_recipient

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        return self._to_data

    def sign_in(
        self, server: object, session: object, envelope: object, mechanism: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.signed_in.append(given.password)
        return AuthResult(success=given.password == b"right")


@asynccontextmanager
async def mail_server(handler: MailServer) -> AsyncIterator[int]:
    """Its port."""

    def talk() -> SMTP:
        return SMTP(handler, authenticator=handler.sign_in, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def mail(port: int, user: str = "") -> SmtpMail:
    return SmtpMail(f"smtp://{user}127.0.0.1:{port}", sender="Us <us@example.org>", timeout_s=20)


async def test_a_mail_arrives_as_it_was_written_and_says_each_time_that_it_is_the_same() -> None:
    there = MailServer()
    async with mail_server(there) as port:
        for _ in range(2):
            await mail(port, "us:right@").send(LETTER)
    assert there.signed_in == [b"right", b"right"]
    first, second = there.taken
    assert first["Message-ID"] == second["Message-ID"] == "<1@example.org>"
    assert (first["To"], first["From"], first["Subject"]) == (
        "ana@example.org",
        "Us <us@example.org>",
        "Grüße",
    )
    _, text, html = first.walk()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_payload(decode=True) == "Hällo\r\n".encode()


@pytest.mark.parametrize(
    ("there", "user", "error"),
    [
        (MailServer(to_recipient="550 no such ana@example.org"), "", Undeliverable),
        (MailServer(to_recipient="450 later, ana@example.org"), "", Unavailable),
        (MailServer(to_data="554 not from you to ana@example.org"), "", Unavailable),
        (MailServer(), "us:wrong@", Unavailable),
    ],
)
async def test_what_a_mail_server_refuses(there: MailServer, user: str, error: type[Exception]) -> None:
    """A recipient whom it will never know is no reason to try again; and no address gets into a log."""
    async with mail_server(there) as port:
        with pytest.raises(error) as raised:
            await mail(port, user).send(LETTER)
    assert "ana" not in str(raised.value)


async def test_no_mail_server_is_an_outage() -> None:
    async with mail_server(MailServer()) as port:
        pass
    with pytest.raises(Unavailable):
        await mail(port).send(LETTER)


def test_a_password_leaves_the_machine_encrypted_or_not_at_all() -> None:
    away = smtp_server("smtp://us:p%40ss@mail.example")
    assert (away.port, away.password, away.tls, away.start_tls) == (587, "p@ss", False, True)
    assert smtp_server("smtp://mail.example:25").start_tls is None
    assert smtp_server("smtp://us:pass@localhost:25").start_tls is None
    safe = smtp_server("smtps://us:pass@mail.example")
    assert (safe.port, safe.tls, safe.start_tls) == (465, True, False)


def test_no_address_writes_further_headers() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        message(Letter(to="a@b.c\r\nBcc: d@e.f", subject="", text="", message_id="<1@a>"), "us@example.org")


@asynccontextmanager
async def gateway(status: int, asked: list[dict[str, object]]) -> AsyncIterator[str]:
    """One that answers so; its address."""

    async def answer(request: web.Request) -> web.Response:
        names = ("Authorization", "Idempotency-Key")
        asked.append({**await request.json(), **{name: request.headers.get(name) for name in names}})
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/sms", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/sms"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def ending(sms: HttpSms) -> AsyncIterator[HttpSms]:
    try:
        yield sms
    finally:
        await sms.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (202, None),
        (400, Undeliverable),
        (401, Unavailable),
        (307, Unavailable),
        (429, Unavailable),
        (503, Unavailable),
    ],
)
async def test_an_sms_is_handed_to_the_gateway(status: int, error: type[Exception] | None) -> None:
    asked: list[dict[str, object]] = []
    async with gateway(status, asked) as url, ending(HttpSms(url, token="secret")) as sms:
        with pytest.raises(error) if error else nullcontext():
            await sms.send("+4915112345678", "Your code", sms_id="7")
    assert asked == [
        {
            "to": "+4915112345678",
            "text": "Your code",
            "id": "7",
            "Authorization": "Bearer secret",
            "Idempotency-Key": "7",
        }
    ]


async def test_no_gateway_is_an_outage() -> None:
    async with gateway(200, []) as url:
        pass
    with pytest.raises(Unavailable):
        async with ending(HttpSms(url, token="")) as sms:
            await sms.send("+4915112345678", "Your code", sms_id="7")
