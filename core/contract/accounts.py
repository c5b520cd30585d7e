"""Accounts over REST: sign up, sign in, one's own profile and sessions. Bodies and answers.

A username is 3 to 50 ASCII letters, digits, `_`, `.` or `-`; it is never an address, so that a login is
either. Lengths of passwords and names are counted in characters.
"""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.contract.people import DisplayName, Me
from core.vocabulary import Age, Country, DeviceId, Gender, Id, Intent, Language, Timestamp
from core.wire.message import Input, Wire

Email = Annotated[
    str,
    Meta(min_length=3, max_length=254, extra_json_schema={"format": "email"}, examples=["ana@example.com"]),
]
Username = Annotated[
    str, Meta(min_length=3, max_length=50, pattern=r"^[A-Za-z0-9_.\-]+$(?!\n)", examples=["ana_b"])
]
Password = Annotated[str, Meta(min_length=8, max_length=128, examples=["correct horse battery"])]
Opaque = Annotated[str, Meta(min_length=1, max_length=4096, examples=["qJt0rPq0…"])]
DeviceToken = Annotated[
    str,
    Meta(
        max_length=4096,
        description="What the last sign-in on this device gave: strangers who try the same login do not "
        "slow down a device that is known.",
        examples=["eyJhbGciOiJIUzI1NiIs…"],
    ),
]
Name = Annotated[DisplayName, Meta(examples=["Ana"])]


class Register(Input):
    """What an account needs. Under 18: `underage`; what somebody else has: `conflict`, named in `details`."""

    email: Email
    username: Username
    password: Password
    display_name: Name
    birth_date: Annotated[date, Meta(examples=["1998-04-30"])]
    gender: Gender
    device_id: DeviceId | None = None
    device_token: DeviceToken | None = None


class Login(Input):
    """`login` is the email address or the username."""

    login: Annotated[str, Meta(min_length=1, max_length=254, examples=["ana@example.com"])]
    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])]
    device_id: DeviceId | None = None
    device_token: DeviceToken | None = None


class Refresh(Input):
    """A refresh token serves once.

    When the answer was lost, show it again within 60 s, at most three times: the next answer replaces it.
    """

    refresh_token: Opaque
    device_token: DeviceToken | None = None


class SignedIn(Wire):
    """The account and its tokens. Keep the refresh token: each refresh answers with the next one.

    Keep the device token for as long as the app is installed, and send it along with the next sign-in.
    """

    user: Me
    access_token: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs…"])]
    refresh_token: Annotated[str, Meta(examples=["qJt0rPq0…"])]
    expires_in_s: Annotated[int, Meta(examples=[900], description="Seconds that the access token serves.")]
    device_token: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs…"])]


class SeekingPatch(Input):
    """Whom to meet; what is left out stays."""

    genders: Annotated[list[Gender], Meta(min_length=1, max_length=3)] | UnsetType = UNSET
    age_min: Age | UnsetType = UNSET
    age_max: Age | UnsetType = UNSET


class ProfilePatch(Input):
    """What may change; what is left out stays, null clears. No other field is for its owner to change."""

    display_name: Name | UnsetType = UNSET
    intent: Intent | UnsetType = UNSET
    languages: Annotated[list[Language], Meta(max_length=20)] | UnsetType = UNSET
    country: Country | UnsetType | None = UNSET
    city: Annotated[str, Meta(max_length=100, examples=["Berlin"])] | UnsetType | None = UNSET
    bio: Annotated[str, Meta(max_length=2000, examples=["Climbs, cooks, laughs."])] | UnsetType | None = UNSET
    seeking: SeekingPatch | UnsetType = UNSET


class SessionView(Wire):
    """One sign-in on one device; `current` is the one that asks."""

    id: Id
    user_agent: str | None
    current: bool
    created_at: Timestamp
    last_used_at: Timestamp
    device_id: Annotated[str, Meta(examples=["phone-1"])] | None = None
