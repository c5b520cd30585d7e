"""What can be said of a table in `core/personal_data.py`: what is told, how it is erased, how long it lasts.

Conditions and values are SQL over the table's own columns; `:user` is whose data it is, `:now` the time.
"""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from core.clock import DAY_MS
from core.fields import FIELDS, Field

WITH_ACCOUNT = "as long as the account"

# Why a column is not in the export
YOURS = "that it is you"
OURS = "ids, hashes and counts that only the server has a use for"
HIDDEN = "secrets and hashes of them, which are nothing for a file"
OTHERS = "what others have done, said or decided, and in confidence"
GUARDED = "what finds people again who were banned; told, it would serve to get around it"

# Conditions
A_CASE_IS_OPEN = "EXISTS (SELECT FROM safety.cases c WHERE c.user_id = :user AND c.state <> 'decided')"
BANNED = "EXISTS (SELECT FROM identity.bans b WHERE b.user_id = :user AND b.lifted_at IS NULL)"
MY_CALLS = "(SELECT mine.call_id FROM interaction.call_participants mine WHERE mine.user_id = :user)"
MY_ROOMS = "(SELECT mine.room_id FROM communication.members mine WHERE mine.user_id = :user)"
MY_SESSIONS = "(SELECT mine.id FROM identity.sessions mine WHERE mine.user_id = :user)"
MY_STRIKES = "(SELECT mine.id FROM safety.strikes mine WHERE mine.user_id = :user)"


class Deleted(Struct, frozen=True, kw_only=True):
    """Rows go with the account: those where `only`, and not while `waits`: then later."""

    only: str = "true"
    waits: str = "false"
    says: str = "deleted"


class Emptied(Struct, frozen=True, kw_only=True):
    """Rows stay, since others have a part in them; `sets` gives columns values that tell nothing."""

    sets: str
    says: str
    only: str = "true"
    waits: str = "false"

    @property
    def values(self) -> Mapping[str, str]:
        """What each of these columns becomes."""
        pairs = (one.partition(" = ") for one in self.sets.split("; "))
        return {column: value for column, _, value in pairs}


class Stays(Struct, frozen=True):
    """Nothing is done, and why."""

    why: str


DECIDED = Stays("What was decided about somebody can be justified later. Ids, times, and a reason.")
AN_ID = Stays("Others have a part in it. It names an account of which nothing is left.")
Erasing: TypeAlias = Deleted | Emptied | Stays


class Lasts(Struct, frozen=True, kw_only=True):
    """Rows, or what `since` names, are forgotten so many `days` later, or as many as a setting says.

    `by`: who does that.
    """

    since: str
    setting: str = ""
    days: int = 0
    by: str = "realtime/background/retention.py"

    def ms(self, settings: object) -> int:
        """For how long."""
        return DAY_MS * (getattr(settings, self.setting) if self.setting else self.days)

    def __str__(self) -> str:
        """As a sentence has it."""
        how_long = f"`{self.setting.upper()}`" if self.setting else f"{self.days} day"
        return f"{how_long} after {self.since}"


class Table(Struct, frozen=True):
    """A table with rows about people.

    `of` says which are of `:user`; those where `copied` are in the export. `told` are the columns in the
    `file` of the export, each with the word that people read where the column's own is no good
    (`user_agent=browser`); `untold` are the others, by why, but for a `user_id`. Without a `file` nothing of
    it is in the export. `lasts` in words: as long as something else.
    """

    name: str
    about: str
    of: str = "user_id = :user"
    copied: str = "true"
    file: str = ""
    told: str = ""
    untold: Mapping[str, str] = {}
    erased: Erasing = Deleted()
    lasts: Lasts | str = WITH_ACCOUNT

    @property
    def sealed(self) -> Mapping[str, Field]:
        """Those of its columns that are told and may be sealed, by the word for each."""
        own = (field for field in FIELDS if field.table == self.name)
        return {self.words[field.column]: field for field in own if field.column in self.words}

    @property
    def words(self) -> Mapping[str, str]:
        """The columns that are told, and the word for each."""
        pairs = (told.partition("=") for told in self.told.split())
        return {column: word or column for column, _, word in pairs}

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why the others are not told, by column."""
        why = {column: why for why, columns in self.untold.items() for column in columns.split()}
        return {"user_id": YOURS, **why} if self.of.startswith("user_id = ") else why
