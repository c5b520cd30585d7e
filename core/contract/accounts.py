"""Signing up and in.

A username is 3 to 50 ASCII letters, digits, `_`, `.` or `-`; it is never an address, so that a login is
either. Lengths of passwords and names are counted in characters.
"""

from datetime import date
from typing import Annotated

from msgspec import Meta

from core.contract.profiles import DisplayName, Me
from core.contract.totp import Code
from core.errors import Banned, Conflict, Unauthenticated, Underage
from core.vocabulary import DeviceId, Gender
from core.wire.endpoint import Endpoint
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


class Register(Input):
    """What an account needs. Under 18: `underage`; what somebody else has: `conflict`, named in `details`.

    Who signs up agrees to the community rules (`/rules`) and to what is kept (`/privacy`): show both before.
    """

    # A fast digest of a password must not lie in a table; a device token may be another one with each try.
    secrets = ("password", "device_token", "totp")

    email: Email
    username: Username
    password: Password
    display_name: DisplayName
    birth_date: Annotated[date, Meta(examples=["1998-04-30"])]
    gender: Gender
    device_id: DeviceId | None = None
    device_token: DeviceToken | None = None
    totp: Code | None = None


class Login(Input):
    """`login` is the email address or the username.

    To one who is banned, the right password gives `banned` with `details: {until, token}`: when the ban ends
    (null: never), and an access token that serves `GET /v1/me/standing`, appeals and `POST /v1/auth/logout`.

    Where one-time codes are on, without `totp` or with a wrong one: `unauthenticated` with `factor`, which is
    `totp`, in `details`; after a right password only.
    """

    login: Annotated[str, Meta(min_length=1, max_length=254, examples=["ana@example.com"])]
    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])]
    device_id: DeviceId | None = None
    device_token: DeviceToken | None = None
    totp: Code | None = None


class Refresh(Input):
    """A refresh token can be used once.

    When the answer was lost, show it again within 60 s, at most three times: the next answer replaces it.
    With `totp` the session has a second factor from then on, if it had none.
    """

    refresh_token: Opaque
    device_token: DeviceToken | None = None
    totp: Code | None = None


class SignedIn(Wire):
    """The account and its tokens. Keep the refresh token: each refresh answers with the next one.

    Keep the device token for as long as the app is installed, and send it along with the next sign-in.
    """

    user: Me
    access_token: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs…"])]
    refresh_token: Annotated[str, Meta(examples=["qJt0rPq0…"])]
    expires_in_s: Annotated[int, Meta(examples=[900], description="Seconds that the access token serves.")]
    device_token: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs…"])]


ENDPOINTS = (
    Endpoint(
        name="register",
        method="POST",
        path="/v1/auth/register",
        area="accounts",
        summary="Open an account and sign in.",
        body=Register,
        reply=SignedIn,
        status=201,
        errors=(Underage, Conflict, Banned),
        auth=False,
        idempotent=True,
        limits=("register", "register_device", "guesses", "login", "account_login", "totp"),
    ),
    Endpoint(
        name="login",
        method="POST",
        path="/v1/auth/login",
        area="accounts",
        summary="Sign in with email address or username.",
        body=Login,
        reply=SignedIn,
        errors=(Unauthenticated, Banned),
        auth=False,
        limits=("guesses", "login", "account_login", "totp"),
    ),
    Endpoint(
        name="refresh",
        method="POST",
        path="/v1/auth/refresh",
        area="accounts",
        summary="Trade a refresh token for the next pair; one used twice may end its session.",
        body=Refresh,
        reply=SignedIn,
        errors=(Unauthenticated, Banned),
        auth=False,
        limits=("refreshes", "totp"),
    ),
    Endpoint(
        name="logout",
        method="POST",
        path="/v1/auth/logout",
        area="accounts",
        summary="End this session; its live connections end too.",
        status=204,
        restricted=True,
    ),
)
