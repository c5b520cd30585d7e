"""People on the wire: one's own account, and the card that others see."""

from typing import Annotated

from msgspec import Meta, field

from core.vocabulary import ADULT_AGE, Age, Country, Gender, Id, Intent, Language, Role, Timestamp
from core.wire.message import Input, Wire

GENDERS: tuple[Gender, ...] = ("female", "male", "other")
MAX_AGE = 120
MAX_DISPLAY_NAME = 100

DisplayName = Annotated[str, Meta(min_length=1, max_length=MAX_DISPLAY_NAME)]


class ProfileCard(Wire):
    """What strangers see of someone: no more than its owner shows."""

    user_id: Id
    display_name: str
    age: int
    gender: Gender
    intent: Intent
    languages: list[Language]
    country: Country | None = None
    city: str | None = None
    bio: str | None = None
    photo_url: str | None = None


class Seeking(Input):
    """Whom someone wants to meet; what a `queue:join` does not say comes from here."""

    genders: Annotated[list[Gender], Meta(min_length=1, max_length=3)] = field(
        default_factory=lambda: list(GENDERS)
    )
    age_min: Age = ADULT_AGE
    age_max: Age = MAX_AGE


class Me(Wire):
    """One's own account and profile."""

    id: Id
    email: str
    username: str
    role: Role
    display_name: str
    birth_date: Annotated[str, Meta(extra_json_schema={"format": "date"})]
    gender: Gender
    intent: Intent
    languages: list[Language]
    country: Country | None
    city: str | None
    bio: str | None
    photos: list[str]
    seeking: Seeking
    created_at: Timestamp
    updated_at: Timestamp
