"""Signing up and in.

A username is 3 to 50 ASCII letters, digits, `_`, `.` or `-`; it is never an address, so that a login is
either. Lengths of passwords and names are counted in characters.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from core.contract.profiles import DisplayName, Me, Username
from core.contract.totp import Code
from core.errors import Banned, Conflict, Unauthenticated, Underage
from core.vocabulary import DeviceId, Gender, Timestamp
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

Email = Annotated[
    str,
    Meta(min_length=3, max_length=254, extra_json_schema={"format": "email"}, examples=["ana@example.com"]),
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


Cookie = Annotated[
    bool,
    Meta(
        description="For pages of this server: the browser keeps both tokens in cookies that no script "
        "can read, and they are no part of the answer."
    ),
]


Restricted = Literal["erasing"]


class SigningIn(Input):
    """What every way of signing in takes."""

    device_id: DeviceId | None = None
    device_token: DeviceToken | None = None
    totp: Code | None = None
    cookie: Cookie = False


class NewProfile(Input):
    """What an account needs that is opened by a phone or another provider; all of it."""

    username: Username | None = None
    display_name: DisplayName | None = None
    birth_date: Annotated[date, Meta(examples=["1998-04-30"])] | None = None
    gender: Gender | None = None


class Entering(SigningIn):
    """What every way takes that can open an account, or be added to one.

    `password`: of the account that it is added to, for whom it is some minutes since they signed in.
    """

    profile: NewProfile | None = None
    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])] | None = None


class Register(SigningIn, kw_only=True):
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


class Login(SigningIn, kw_only=True):
    """`login` is the email address or the username.

    To one who is banned, the right password gives `banned` with `details: {until, token}`: when the ban ends
    (null: never), and an access token that serves `GET /v1/me/standing`, appeals and `POST /v1/auth/logout`.

    Where one-time codes are on, without `totp` or with a wrong one: `unauthenticated` with `factor`, which is
    `totp`, in `details`; after a right password only.
    """

    login: Annotated[str, Meta(min_length=1, max_length=254, examples=["ana@example.com"])]
    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])]


class Refresh(Input):
    """A refresh token can be used once.

    When the answer was lost, show it again within 60 s, at most three times: the next answer replaces it.
    With `totp` the session has a second factor from then on, if it had none. A page whose browser keeps the
    token in a cookie sends none; with `cookie` and a token it hands that over to the browser.
    """

    refresh_token: Opaque | None = None
    device_token: DeviceToken | None = None
    totp: Code | None = None
    cookie: Cookie = False


class Logout(Input):
    """Nothing needs to be said: the access token or the browser's cookie says whose session it is."""


class SignedIn(Wire):
    """The account and its tokens. Keep the refresh token: each refresh answers with the next one.

    Keep the device token for as long as the app is installed, and send it along with the next sign-in.
    Neither is there where the browser keeps them (`cookie`). `restricted` is there where the account
    awaits erasure, at `erases_at`: until `POST /v1/me/restore`, its tokens serve that, the export, the
    standing and logging out.
    """

    user: Me
    access_token: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs…"])]
    expires_in_s: Annotated[int, Meta(examples=[900], description="Seconds that the access token serves.")]
    refresh_token: Annotated[str, Meta(examples=["qJt0rPq0…"])] | None = None
    device_token: Annotated[str, Meta(examples=["eyJhbGciOiJIUzI1NiIs…"])] | None = None
    restricted: Restricted | UnsetType = UNSET
    erases_at: Timestamp | UnsetType = UNSET


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
        cookie=True,
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
        cookie=True,
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
        cookie=True,
        limits=("refreshes", "totp"),
    ),
    Endpoint(
        name="logout",
        method="POST",
        path="/v1/auth/logout",
        area="accounts",
        summary="End this session; its live connections end too. The access token says which, or the cookie.",
        body=Logout,
        status=204,
        auth=False,
        may_be_known=True,
        cookie=True,
        restricted=True,
    ),
)
