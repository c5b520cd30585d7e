"""Settings of what is done later, and of how people are written to.

`core/settings.py` has those of the product, and says what holds for all.
"""

from typing import Annotated

from msgspec import Meta

from core.own_data_settings import OwnDataSettings
from core.server_settings import Count, Pause, Switch, Text, about

OUTBOX = "outbox"


class JobSettings(OwnDataSettings, frozen=True, kw_only=True):
    """What would be there whatever people are told by mail."""

    # The probe
    probe_secret: Annotated[
        Text,
        about(
            "By which the two synthetic users of `python -m realtime probe` sign in, who never meet people;"
            " at least 32 random characters in production, and none that is used for"
            " something else. Empty: they cannot sign in."
        ),
    ] = ""
    probe_every_s: Annotated[
        Pause,
        about(
            "Seconds after which one of all nodes has a probe go its way again, in a process of its own, and"
            " tells of it in its metrics; 0: none does."
        ),
    ] = 0
    probe_server: Annotated[
        Text,
        about(
            "Address to which probes go, best the one by which people come; empty: PUBLIC_URL, or"
            " http://localhost:PORT."
        ),
    ] = ""

    # Jobs, mail, SMS and pushes
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
    push_web_key: Annotated[
        Text,
        about(
            "Our key for notifications to browsers (Web Push), as `python -m realtime push-key` makes one."
            " Keep it: with another one, browsers have to subscribe anew. Empty: none are sent to browsers."
        ),
    ] = ""
    push_contact: Annotated[
        Text,
        about(
            "Where makers of browsers reach you about what you send: `mailto:…` or `https://…`. Needed with"
            " PUSH_WEB_KEY."
        ),
    ] = ""
    push_fcm: Annotated[
        Text,
        about(
            "The file with the key of a service account of Firebase (JSON), for notifications to phones by"
            " FCM. Empty: none are sent to phones."
        ),
    ] = ""
    push_apns: Annotated[
        Text,
        about(
            "The file with the key for APNs of a team at Apple (`AuthKey_….p8`), or what is in it, for"
            " notifications to iPhones without Firebase, and for calls that ring there by PushKit. Empty:"
            " none are sent by APNs."
        ),
    ] = ""
    push_apns_key_id: Annotated[
        Text, about("The id of that key: ten letters and digits. Needed with PUSH_APNS.")
    ] = ""
    push_apns_team_id: Annotated[
        Text, about("The id of that team: ten letters and digits. Needed with PUSH_APNS.")
    ] = ""
    push_apns_topic: Annotated[
        Text,
        about("The bundle's id of the app; it rings as `<id>.voip`. Needed with PUSH_APNS."),
    ] = ""
    push_apns_server: Annotated[
        Text,
        about(
            "Where APNs is. Apps that Xcode installed are reached by `https://api.sandbox.push.apple.com`"
            " alone, and those of TestFlight and the App Store by the default alone."
        ),
    ] = "https://api.push.apple.com"
    push_texts: Annotated[
        Switch,
        about("Whether such notifications say what there is to read; off: only that there is something."),
    ] = "on"
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

    @property
    def probed_url(self) -> str:
        """Where probes go, without a slash at its end."""
        return self.probe_server.rstrip("/") or self.page_url
