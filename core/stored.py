"""What stores hold, apart from the wire's Structs, and how versions of this server read each other's.

While nodes are replaced old and new ones share one Redis, and a row of PostgreSQL is read weeks after it was
written. So a stored Struct is never a Struct of the wire, and holds to three rules:

- a reader ignores fields that it does not know, and a new field has a default for those who do not write it;
- a word of a vocabulary is a `str`, since the next version may have added one. A word that the rules do not
  know fits nobody and decides nothing; it is passed on as it is;
- a change that an older node must not overlook takes two releases: one reads it, and the next one writes it.
"""

from typing import cast

from msgspec import Struct

from core.contract.profiles import ProfileCard
from core.vocabulary import Gender, Intent

_ADDRESS = "address"


class StoredDocument(Struct, frozen=True, kw_only=True):
    """A document that is stored as a whole. `version` is that of its form; the first form had none."""

    version: int = 1


class StoredCard(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What strangers see of a user, as tickets and calls store it. Words and numbers: it is in no cycle.

    `hides`: what is here for matching alone, as its owner does not show it; and `address`, if media to and
    from its owner goes through relays only.
    """

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
    hides: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, card: ProfileCard, *, age: int, country: str | None, relay_only: bool = False
    ) -> "StoredCard":
        """The stored form of this card, with what is true of who may not show it."""
        return cls(
            user_id=card.user_id,
            display_name=card.display_name,
            age=age,
            gender=card.gender,
            intent=card.intent,
            languages=tuple(card.languages),
            country=country,
            city=card.city,
            bio=card.bio,
            photo_url=card.photo_url,
            hides=(
                *(("age",) if card.age != age else ()),
                *(("country",) if card.country != country else ()),
                *((_ADDRESS,) if relay_only else ()),
            ),
        )

    @property
    def relay_only(self) -> bool:
        """Whether its owner's network address is to be seen by nobody they talk to."""
        return _ADDRESS in self.hides

    def shown(self) -> ProfileCard:
        """The card for the wire, also with words that this version does not know."""
        return ProfileCard(
            user_id=self.user_id,
            display_name=self.display_name,
            age=None if "age" in self.hides else self.age,
            gender=cast("Gender", self.gender),
            intent=cast("Intent", self.intent),
            languages=list(self.languages),
            country=None if "country" in self.hides else self.country,
            city=self.city,
            bio=self.bio,
            photo_url=self.photo_url,
        )
