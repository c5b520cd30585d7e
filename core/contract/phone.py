"""Signing in by a code that is sent to a phone."""

from typing import Annotated

from msgspec import Meta

from core.contract.accounts import DeviceToken, Entering, SignedIn
from core.contract.logins import LoginView
from core.errors import Conflict, Expired, ProfileIncomplete, Underage
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

Phone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="With the country's code, as `+49 …`.",
        examples=["+4915112345678"],
    ),
]
SentCode = Annotated[str, Meta(min_length=1, max_length=20, examples=["492039"])]


class PhoneStart(Input):
    """Ask for a code. Whether anybody has an account with this number is not told.

    With a `device_token`, others who ask for codes for this number do not stand in the way.
    """

    phone: Phone
    device_token: DeviceToken | None = None


class CodeSent(Wire):
    """The code is on its way. It takes the place of one that was sent before."""

    expires_in_s: Annotated[int, Meta(examples=[300], description="Seconds for which it is valid.")]
    resend_after_s: Annotated[int, Meta(examples=[30], description="Seconds until another may be sent.")]


class PhoneVerify(Entering, kw_only=True):
    """Show the code. `profile` opens an account where there is none with this number.

    Without it that is `profile_incomplete`, with what is missing as `fields` in `details`; the code stays
    good. A wrong code is `unauthenticated`; after five, ask for another one. Sent with an access token, it
    adds the number to that account instead, and answers with the login; that takes a sign-in of the last
    minutes, or the `password`.
    """

    secrets = ("code", "device_token", "totp", "password")

    phone: Phone
    code: SentCode


ENDPOINTS = (
    Endpoint(
        name="start_phone",
        method="POST",
        path="/v1/auth/phone/start",
        area="accounts",
        summary="Send a code to a phone, to sign in, sign up or link it.",
        body=PhoneStart,
        reply=CodeSent,
        status=202,
        auth=False,
        may_be_known=True,
        cookie=True,
        limits=("network_codes", "account_codes", "number_codes"),
    ),
    Endpoint(
        name="verify_phone",
        method="POST",
        path="/v1/auth/phone/verify",
        area="accounts",
        summary="Sign in or up with the code, or link the number.",
        body=PhoneVerify,
        reply=SignedIn,
        other_reply=LoginView,
        creates=True,
        errors=(Underage, Conflict, Expired, ProfileIncomplete),
        auth=False,
        may_be_known=True,
        cookie=True,
        limits=("login", "guesses", "register", "register_device", "totp"),
    ),
)
