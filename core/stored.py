"""What is kept in stores and not said on the wire: how one version of this server reads another's. Pure data.

While nodes are replaced old and new ones share one Redis, and a row of PostgreSQL is read weeks after it was
written. So a stored Struct is never a Struct of the wire, and holds to three rules:

- a reader ignores fields that it does not know, and a new field has a default for those who do not write it;
- a word of a vocabulary is a `str`, since the next version may have added one. What the rules do not know
  fits nobody and decides nothing; it is passed on as it is;
- a change that an older node must not overlook takes two releases: one reads it, and the next one writes it.
"""

from typing import cast

from msgspec import Struct

from core.contract.profiles import ProfileCard
from core.vocabulary import Gender, Intent


class StoredDocument(Struct, frozen=True, kw_only=True):
    """Something kept as a whole. `version` is the form that its writer gave it; the first one wrote none."""

    version: int = 1


class StoredCard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What strangers see of someone, as tickets and calls keep it."""

    user_id: str
    display_name: str
    age: int
    gender: str
    intent: str
    languages: tuple[str, ...]
    country: str | None = None
    city: str | None = None
    bio: str | None = None
    photo_url: str | None = None

    @classmethod
    def of(cls, card: ProfileCard) -> "StoredCard":
        """To keep this card."""
        return cls(
            user_id=card.user_id,
            display_name=card.display_name,
            age=card.age,
            gender=card.gender,
            intent=card.intent,
            languages=tuple(card.languages),
            country=card.country,
            city=card.city,
            bio=card.bio,
            photo_url=card.photo_url,
        )

    def shown(self) -> ProfileCard:
        """As it goes over the wire; a word that this version does not know goes with it."""
        return ProfileCard(
            user_id=self.user_id,
            display_name=self.display_name,
            age=self.age,
            gender=cast("Gender", self.gender),
            intent=cast("Intent", self.intent),
            languages=list(self.languages),
            country=self.country,
            city=self.city,
            bio=self.bio,
            photo_url=self.photo_url,
        )
