"""Mail by SMTP (RFC 5321), to the server that `MAIL` names: `smtp://user:password@host:587` or `smtps://…:465`."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from core.errors import Unavailable
from services.ports import Letter, Undeliverable

_HERE = ("localhost", "127.0.0.1", "::1")
_FOR_GOOD = range(500, 600)


class SmtpServer(Struct, frozen=True):
    """Where mail is handed in. `start_tls` None: if the server offers it."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    start_tls: bool | None


def smtp_server(url: str) -> SmtpServer:
    """As the setting names it. A password goes nowhere unless the connection is encrypted, or stays here."""
    parts = urlsplit(url)
    tls, host = parts.scheme == "smtps", parts.hostname or "localhost"
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password or "") if user else None
    must = bool(user) and host not in _HERE
    start_tls = False if tls else True if must else None
    return SmtpServer(host, parts.port or (465 if tls else 587), user, password, tls, start_tls)


class SmtpMail:
    """Implements `services.ports.Mail`. A connection for each mail."""

    def __init__(self, url: str, *, sender: str, timeout_s: float = 20) -> None:
        self._server, self._sender, self._timeout_s = smtp_server(url), sender, timeout_s

    async def send(self, letter: Letter) -> None:
        """It was taken."""
        server = self._server
        try:
            await aiosmtplib.send(
                message(letter, self._sender),
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.tls,
                start_tls=server.start_tls,
                timeout=self._timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [each.code for each in refused.recipients]
            if all(code in _FOR_GOOD for code in codes):
                raise Undeliverable(f"The mail server refuses the recipient: {codes}.") from None
            raise Unavailable(f"The mail server does not take the recipient now: {codes}.") from None
        except aiosmtplib.SMTPResponseException as error:
            # What servers say may name whom the mail is for.
            raise Unavailable(f"The mail server says {error.code} ({type(error).__name__}).") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unavailable(f"The mail server does not serve ({type(error).__name__}).") from None


def message(letter: Letter, sender: str) -> EmailMessage:
    """As it goes out. Raises ValueError for an address that is none, such as one with a line break."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = sender, letter.to, letter.subject
    made["Date"], made["Message-ID"] = formatdate(), letter.message_id
    made["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday answers it (RFC 3834)
    made.set_content(letter.text)
    if letter.html is not None:
        made.add_alternative(letter.html, subtype="html")
    return made
