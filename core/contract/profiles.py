"""Profiles: one's own account and profile, and the card that others see."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from core.contract.media import MediaView
from core.errors import Conflict, NotFound
from core.vocabulary import (
    ADULT_AGE,
    AccountStatus,
    Age,
    Country,
    Gender,
    Id,
    Intent,
    Language,
    Role,
    Timestamp,
)
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

GENDERS: tuple[Gender, ...] = ("female", "male", "other")
MAX_AGE = 120
MAX_DISPLAY_NAME = 100
MAX_PHOTOS, MAX_VIDEOS = 6, 2

Username = Annotated[
    str, Meta(min_length=3, max_length=50, pattern=r"^[A-Za-z0-9_.\-]+$(?!\n)", examples=["ana_b"])
]
DisplayName = Annotated[str, Meta(min_length=1, max_length=MAX_DISPLAY_NAME, examples=["Ana"])]


class ProfileCard(Wire):
    """What strangers see of someone: no more than its owner shows."""

    user_id: Id
    display_name: str
    gender: Gender
    intent: Intent
    languages: list[Language]
    age: int | None = None
    country: Country | None = None
    city: str | None = None
    bio: str | None = None
    photo_url: str | None = None


class ProfileView(ProfileCard, kw_only=True):
    """The card with all that its owner shows, in their order."""

    photos: list[MediaView]
    videos: list[MediaView]


class ProfileSearch(PageQuery, kw_only=True):
    """Words of a username or a display name, in any order; of the last one its beginning.

    Of more than a thousand who have them, the rest is found by one word more."""

    q: Annotated[str, Meta(min_length=2, max_length=100, examples=["ana"])]


class ProfilePage(Wire):
    """A page of people who let themselves be found."""

    items: list[ProfileCard]
    next_cursor: NextCursor


class SharedValue(Wire):
    """A value that both hold dear."""

    category: str
    name: str


class Compatibility(Wire):
    """How close the values of two people are: 50 where either's are unknown.

    `shared`: what both hold dear, the dearest first; nothing else of what the other has said.
    """

    score: Annotated[int, Meta(ge=0, le=100)]
    shared: list[SharedValue]


class Seeking(Input):
    """Whom someone wants to meet; what a `queue:join` does not say comes from here."""

    genders: Annotated[list[Gender], Meta(min_length=1, max_length=3)] = field(
        default_factory=lambda: list(GENDERS)
    )
    age_min: Age = ADULT_AGE
    age_max: Age = MAX_AGE


class Verified(Wire):
    """What was shown to be one's own."""

    email: bool
    phone: bool


class Me(Wire):
    """One's own account and profile. `pending`: nothing was verified yet, which makes one be trusted less."""

    id: Id
    email: str | None
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
    study_focus: str | None
    photos: list[MediaView]
    videos: list[MediaView]
    seeking: Seeking
    status: AccountStatus
    verified: Verified
    created_at: Timestamp
    updated_at: Timestamp


class SeekingPatch(Input):
    """Whom to meet; what is left out stays."""

    genders: Annotated[list[Gender], Meta(min_length=1, max_length=3)] | UnsetType = UNSET
    age_min: Age | UnsetType = UNSET
    age_max: Age | UnsetType = UNSET


class ProfilePatch(Input):
    """What may change; what is left out stays, null clears. No other field is for its owner to change.

    `photos` and `videos` are media that one has uploaded for the purpose `photo`, in the order in which they
    are shown; what is left out of the list is deleted.

    A former `username` is kept for its owner for some days. One that is somebody else's, or kept for them:
    `conflict`. After several changes the next one has to wait: `rate_limited`.
    """

    username: Username | UnsetType = UNSET
    display_name: DisplayName | UnsetType = UNSET
    intent: Intent | UnsetType = UNSET
    languages: Annotated[list[Language], Meta(max_length=20)] | UnsetType = UNSET
    country: Country | UnsetType | None = UNSET
    city: Annotated[str, Meta(max_length=100, examples=["Berlin"])] | UnsetType | None = UNSET
    bio: Annotated[str, Meta(max_length=2000, examples=["Climbs, cooks, laughs."])] | UnsetType | None = UNSET
    study_focus: Annotated[str, Meta(max_length=200, examples=["Marine biology"])] | UnsetType | None = UNSET
    seeking: SeekingPatch | UnsetType = UNSET
    photos: Annotated[list[Id], Meta(max_length=MAX_PHOTOS)] | UnsetType = UNSET
    videos: Annotated[list[Id], Meta(max_length=MAX_VIDEOS)] | UnsetType = UNSET


ENDPOINTS = (
    Endpoint(
        name="me",
        method="GET",
        path="/v1/me",
        area="me",
        summary="One's own account and profile.",
        reply=Me,
        versioned=True,
    ),
    Endpoint(
        name="change_me",
        method="PATCH",
        path="/v1/me",
        area="me",
        summary="Change one's profile, if it is still what `If-Match` says.",
        body=ProfilePatch,
        reply=Me,
        versioned=True,
        guarded=True,
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        name="search_profiles",
        method="GET",
        path="/v1/profiles",
        area="people",
        summary="People by name, of those who let themselves be found.",
        query=ProfileSearch,
        reply=ProfilePage,
        limits=("searches", "network_searches"),
    ),
    Endpoint(
        name="profile",
        method="GET",
        path="/v1/profiles/{id}",
        area="people",
        summary="The card of a friend, of who asks to be one, was met in a call, or lets one find them.",
        parameters=ById,
        reply=ProfileView,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="compatibility",
        method="GET",
        path="/v1/profiles/{id}/compatibility",
        area="people",
        summary="How close one's values are to those of a friend, or of somebody one is connected with.",
        parameters=ById,
        reply=Compatibility,
    ),
)
