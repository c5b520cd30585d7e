"""The mails that people get: short, in plain text and simple HTML, in English or German. Pure.

Nothing that somebody has written themselves is in them: a name could be a lure for whoever gets the mail.
"""

from collections.abc import Mapping
from html import escape
from typing import Literal

from msgspec import Struct

from services.ports import Letter

Kind = Literal["verify", "reset", "password_changed", "email_changed", "notification"]
Language = Literal["en", "de"]


class Text(Struct, frozen=True):
    """`before` and `after` the link, each paragraph a string; `{lasts}` is how long that serves."""

    subject: str
    before: tuple[str, ...]
    after: tuple[str, ...] = ()


_TEXTS: Mapping[Language, Mapping[Kind, Text]] = {
    "en": {
        "verify": Text(
            "Confirm your email address",
            ("Hello,", "please confirm that this address is yours: open this link."),
            (
                "It serves once, for {lasts}.",
                "This was not you? Then there is nothing to do: ignore this mail.",
            ),
        ),
        "reset": Text(
            "Choose a new password",
            (
                "Hello,",
                "somebody, most likely you, wants a new password for your account: open this link.",
            ),
            (
                "It serves once, for {lasts}. Never pass it on: whoever has it can open your account.",
                "This was not you? Then there is nothing to do: your password stays as it is.",
            ),
        ),
        "password_changed": Text(
            "Your password was changed",
            (
                "Hello,",
                "your account has a new password, and other devices were signed out.",
                "This was not you? Choose a new one at once, by “Forgot your password?” where one signs in:",
            ),
        ),
        "email_changed": Text(
            "Your email address was changed",
            (
                "Hello,",
                "your account has another email address from now on, and this one is no longer part of it.",
                "This was not you? Somebody else may have your password. Sign in and change both:",
            ),
        ),
        "notification": Text(
            "There is something new for you",
            ("Hello,", "something has happened that you have not read yet. You see it here:"),
            ("You get this mail because you have asked for it: in your settings you can turn it off.",),
        ),
    },
    "de": {
        "verify": Text(
            "Bestätige deine E-Mail-Adresse",
            ("Hallo,", "bitte bestätige, dass diese Adresse dir gehört: Öffne diesen Link."),
            (
                "Er gilt einmal, {lasts} lang.",
                "Das warst nicht du? Dann musst du nichts tun: Beachte diese Mail nicht.",
            ),
        ),
        "reset": Text(
            "Wähle ein neues Passwort",
            (
                "Hallo,",
                "jemand, wahrscheinlich du, möchte ein neues Passwort für dein Konto: Öffne diesen Link.",
            ),
            (
                "Er gilt einmal, {lasts} lang. Gib ihn nie weiter: Wer ihn hat, kommt in dein Konto.",
                "Das warst nicht du? Dann musst du nichts tun: Dein Passwort bleibt, wie es ist.",
            ),
        ),
        "password_changed": Text(
            "Dein Passwort wurde geändert",
            (
                "Hallo,",
                "dein Konto hat ein neues Passwort, und andere Geräte wurden abgemeldet.",
                "Das warst nicht du? Wähle sofort ein neues, mit „Passwort vergessen?“ beim Anmelden:",
            ),
        ),
        "email_changed": Text(
            "Deine E-Mail-Adresse wurde geändert",
            (
                "Hallo,",
                "dein Konto hat ab jetzt eine andere E-Mail-Adresse; diese gehört nicht mehr dazu.",
                "Das warst nicht du? Vielleicht kennt jemand dein Passwort. Melde dich an und ändere beides:",
            ),
        ),
        "notification": Text(
            "Es gibt etwas Neues für dich",
            ("Hallo,", "es ist etwas geschehen, das du noch nicht gelesen hast. Hier siehst du es:"),
            ("Du bekommst diese Mail, weil du es so möchtest: Die Einstellungen ändern das.",),
        ),
    },
}
_UNITS: Mapping[Language, tuple[str, str, str, str]] = {
    "en": ("1 minute", "{} minutes", "1 hour", "{} hours"),
    "de": ("1 Minute", "{} Minuten", "1 Stunde", "{} Stunden"),
}


class Letters:
    """Writes them. `sender` as in MAIL_FROM, `page` where the page is."""

    def __init__(self, *, sender: str, page: str) -> None:
        self._domain = sender.rpartition("@")[2].strip("> ") or "localhost"
        self._page = page

    def write(
        self, kind: Kind, to: str, language: str | None, *, letter_id: str, token: str = "", lasts_ms: int = 0
    ) -> Letter:
        """A letter of this kind. `letter_id`: one of its own, which no other has."""
        spoken = _spoken(language)
        text = _TEXTS[spoken][kind]
        link = f"{self._page}/#{kind}={token}" if token else self._page
        after = tuple(each.format(lasts=_lasting(lasts_ms, spoken)) for each in text.after)
        paragraphs = (*text.before, link, *after)
        html = "".join(f"<p>{_shown(each, link)}</p>" for each in paragraphs)
        return Letter(
            to=to,
            subject=text.subject,
            text="\n\n".join(paragraphs) + "\n",
            html=f'<!doctype html><html lang="{spoken}"><body>{html}</body></html>\n',
            message_id=f"<{letter_id}@{self._domain}>",
        )


def _spoken(language: str | None) -> Language:
    """The one that we write of a language tag, or of what a browser prefers (`de-AT,de;q=0.9`)."""
    return "de" if (language or "").strip().lower()[:2] == "de" else "en"


def _lasting(ms: int, language: Language) -> str:
    minutes, hours = ms // 60_000, ms // 3_600_000
    number, unit = (hours, 2) if hours and minutes % 60 == 0 else (minutes, 0)
    return _UNITS[language][unit + (number != 1)].format(number)


def _shown(paragraph: str, link: str) -> str:
    shown = escape(paragraph)
    return f'<a href="{shown}">{shown}</a>' if paragraph == link else shown
