"""Columns with words that name or describe somebody, sealed once there are keys for data. Pure.

A column holds either the words, or a box with them: a sign that no words begin with, the id of the key, and
what `core.seals` makes, as text. What is sealed belongs to table, column and row: moved to another one it
does not open. So nodes read both, whoever has written it, and statements take the column as it is.
"""

import base64
import hmac

from msgspec import Struct

from core.keys import Keyring
from core.seals import Sealed, Seals

SIGN = "\x01"


class Field(Struct, frozen=True):
    """A column; its table has an `id`, which is the row's."""

    table: str
    column: str

    def of(self, row: str) -> str:
        """What a value of this row is bound to."""
        return f"{self.table}.{self.column} {row}"


EMAIL = Field("identity.users", "email")
LOGIN_HINT = Field("identity.logins", "hint")
REPORT_NOTE = Field("interaction.reports", "note")
APPEAL = Field("safety.appeals", "text")
APPEAL_NOTE = Field("safety.appeals", "note")
CASE_NOTE = Field("safety.cases", "note")
MEDIA_NOTE = Field("social.media", "note")
MENTOR_NOTE = Field("places.mentor_notes", "notes")
FIELDS = (EMAIL, LOGIN_HINT, REPORT_NOTE, APPEAL, APPEAL_NOTE, CASE_NOTE, MEDIA_NOTE, MENTOR_NOTE)


class Fields:
    """Keeps and reads them with the keys of this ring."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring, self._seals = keyring, Seals(keyring.sealing("fields"))
        self._addresses = keyring.hashing("addresses")

    def kept(self, field: Field, row: str, words: str) -> str:
        """As they are stored: sealed, or, as long as nothing is, in clear."""
        if not self._keyring.writes:
            return words.lstrip(SIGN) or (words and " ")  # what may not be empty is not
        sealed = self._seals.seal(words.encode(), field.of(row))
        return f"{SIGN}{sealed.key_id}:{base64.b64encode(sealed.box).decode()}"

    def kept_if_any(self, field: Field, row: str, words: str | None) -> str | None:
        """The same where there may be none."""
        return None if words is None else self.kept(field, row, words)

    def read(self, field: Field, row: str, stored: str | None) -> str | None:
        """The words. None: there are none, or they were sealed with a key that is gone, or of another row."""
        if stored is None or not stored.startswith(SIGN):
            return stored
        if (sealed := boxed(stored)) is None:
            return None
        opened = self._seals.open(sealed, field.of(row))
        return None if opened is None else opened.decode()

    def is_current(self, stored: str) -> bool:
        """Whether it is stored as `kept` would have it now."""
        sealed = boxed(stored)
        return self._keyring.writes is None or (sealed is not None and not self._seals.is_old(sealed))

    def address_hashes(self, email: str) -> list[bytes]:
        """By what an address is found, however it is stored; the first is stored. Case does not count."""
        text = email.lower().encode()
        return [hmac.digest(key.value, text, "sha256") for key in self._addresses]

    def address_hash(self, email: str | None) -> bytes | None:
        """What is stored of it beside."""
        return next(iter(self.address_hashes(email)), None) if email is not None else None


def boxed(stored: str) -> Sealed | None:
    """What is in a column that is sealed; None: nothing that was."""
    if not stored.startswith(SIGN):
        return None
    key_id, _, box = stored[len(SIGN) :].partition(":")
    try:
        return Sealed(key_id, base64.b64decode(box, validate=True))
    except ValueError:
        return None


# For those who have no keys: nothing is sealed, and an address is found as it is written.
CLEAR = Fields(Keyring(""))
