"""A second factor: one-time codes that an app makes of a secret and the time (TOTP, RFC 6238)."""

from typing import Annotated

from msgspec import Meta

from core.errors import Conflict
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

Code = Annotated[
    str,
    Meta(
        max_length=64,
        description="The six digits that the authenticator app shows. Each serves once.",
        examples=["492039"],
    ),
]


class TotpOn(Input):
    """Without `code` a new secret is asked for, with one of it codes are turned on.

    A secret is given to who has signed in within the last minutes, or sends the password; to others it is
    `unauthenticated` with `factor`, which is `password`, in `details`. A wrong code: the same with `totp`.
    """

    secrets = ("password",)

    code: Code | None = None
    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])] | None = None


class TotpCode(Input):
    """A code of one's authenticator app. A wrong one: `unauthenticated` with `factor` in `details`."""

    code: Code | None = None


class TotpSecret(Wire):
    """What an authenticator app needs: let the user scan `qr`, open `url`, or type the secret.

    `qr` is `url` as a QR code: the `data:` address of an image (SVG).
    """

    secret: Annotated[str, Meta(description="Base32.", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])]
    url: Annotated[
        str, Meta(examples=["otpauth://totp/Realtime%20Connect:ana_b?secret=…&issuer=Realtime%20Connect"])
    ]
    qr: Annotated[str, Meta(examples=["data:image/svg+xml;charset=utf-8,…"])]


ENDPOINTS = (
    Endpoint(
        name="turn_on_totp",
        method="POST",
        path="/v1/me/totp",
        area="accounts",
        summary="Without a code: a new secret. With a code of it: one-time codes are on from now on.",
        body=TotpOn,
        reply=TotpSecret,
        errors=(Conflict,),
        limits=("guesses", "login", "account_login", "totp"),
    ),
    Endpoint(
        name="turn_off_totp",
        method="DELETE",
        path="/v1/me/totp",
        area="accounts",
        summary="Turn one-time codes off; it takes a code, unless they were not on yet.",
        body=TotpCode,
        status=204,
        limits=("totp",),
    ),
)
