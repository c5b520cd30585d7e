"""Settings of what is done later, and of how people are written to.

`core/settings.py` has those of the product, and says what holds for all.
"""

from typing import Annotated

from msgspec import Meta

from core.own_data_settings import OwnDataSettings
from core.server_settings import Count, Text, about

OUTBOX = "outbox"


class JobSettings(OwnDataSettings, frozen=True, kw_only=True):
    """What would be there whatever people are told by mail."""

    # Jobs, mail and SMS
    job_workers: Annotated[
        int,
        Meta(ge=0, le=100),
        about(
            "Jobs (mail, media and the like) that one process does at the same time; 0: none, and"
            " `python -m realtime worker` does them."
        ),
    ] = 4
    mail: Annotated[
        Text,
        about(
            "How mail is sent: `smtp://user:password@host:587` (with STARTTLS), `smtps://…:465`, or `outbox`,"
            " in development: it is in the log and at /dev/outbox. Empty: not at all."
        ),
    ] = ""
    mail_from: Annotated[Text, about("The sender of mail, as `Name <address>`.")] = (
        "Realtime Connect <no-reply@localhost>"
    )
    sms: Annotated[
        Text,
        about(
            'How SMS are sent: the address of a gateway, which is sent a POST of `{"to", "text", "id"}`, or'
            " `outbox`, as with mail. Empty: not at all."
        ),
    ] = ""
    sms_token: Annotated[Text, about("What the gateway knows us by: `Authorization: Bearer <token>`.")] = ""
    public_url: Annotated[
        Text,
        about("Address at which people reach the page, for links in mail; empty: http://localhost:PORT."),
    ] = ""

    notification_mail_m: Annotated[
        Count,
        about(
            "Minutes between two mails about notifications to one person: what comes meanwhile is in the"
            " second, unless it has been read."
        ),
    ] = 60
    forgotten_per_h: Annotated[Count, about("Forgotten passwords of all people of one network an hour.")] = (
        120
    )
    forgotten_burst: Annotated[Count, about("Forgotten passwords of one network at once.")] = 60
    mails_per_h: Annotated[Count, about("Mails an hour that an account may ask for.")] = 10
    mails_burst: Annotated[Count, about("Mails that an account may ask for at once.")] = 5
    mailbox_per_h: Annotated[
        Count,
        about(
            "Mails of one kind an hour that strangers may have sent to one mailbox. It has to be enough for a"
            " link to a new password in each RESET_LINK_M."
        ),
    ] = 4
    mailbox_burst: Annotated[Count, about("Such mails at once.")] = 4

    @property
    def page_url(self) -> str:
        """Where the page is, without a slash at its end."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"
