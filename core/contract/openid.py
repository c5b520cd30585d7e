"""Signing in by what Google or Apple says of somebody (OpenID Connect)."""

from typing import Annotated, Literal

from msgspec import Meta

from core.contract.accounts import Entering, SignedIn
from core.contract.logins import LoginView
from core.errors import Conflict, ProfileIncomplete, Underage
from core.wire.endpoint import Endpoint
from core.wire.message import Input

OpenIdProvider = Literal["google", "apple"]
IdToken = Annotated[str, Meta(min_length=1, max_length=8192, examples=["eyJraWQiOiI…"])]


class OfProvider(Input):
    """Who vouches for somebody."""

    provider: OpenIdProvider


class OpenIdSignIn(Entering, kw_only=True):
    """An ID token for this app. With the `nonce` that the app made for it, as it was sent or before it was
    hashed.

    `profile` opens an account where nobody has signed in as this person; without it that is
    `profile_incomplete`, with what is missing as `fields` in `details`. Whose address somebody has here
    already signs in there first, and then links: `conflict`. Sent with an access token, it adds the way to
    that account instead, and answers with the login; that takes a sign-in of the last minutes, or the
    `password`.
    """

    secrets = ("id_token", "nonce", "device_token", "totp", "password")

    id_token: IdToken
    nonce: Annotated[str, Meta(min_length=1, max_length=500, examples=["n-0S6_WzA2Mj"])] | None = None


ENDPOINTS = (
    Endpoint(
        name="open_id",
        method="POST",
        path="/v1/auth/openid/{provider}",
        area="accounts",
        summary="Sign in or up with an ID token of Google or Apple, or link it.",
        parameters=OfProvider,
        body=OpenIdSignIn,
        reply=SignedIn,
        other_reply=LoginView,
        creates=True,
        errors=(Underage, Conflict, ProfileIncomplete),
        auth=False,
        may_be_known=True,
        cookie=True,
        limits=("login", "register", "register_device", "totp"),
    ),
)
