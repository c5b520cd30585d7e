"""One's email address: shown to be one's own by a link in a mail, and changed in the same way."""

from typing import Annotated

from msgspec import Meta

from core.contract.accounts import Email, Opaque
from core.errors import Conflict, Expired, Unauthenticated
from core.wire.endpoint import Endpoint
from core.wire.message import Input


class VerifyEmail(Input):
    """The token of the link. It serves once; one that does not serve any more is `unauthenticated`."""

    secrets = ("token",)

    token: Opaque


class ChangeEmail(Input):
    """The new address; the account has it once the link in the mail that goes there was opened.

    `password` as in `POST /v1/auth/password/change`.
    """

    secrets = ("password",)

    email: Email
    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])] | None = None


ENDPOINTS = (
    Endpoint(
        name="send_email",
        method="POST",
        path="/v1/auth/email/send",
        area="accounts",
        summary="Have the link mailed once more that shows the address to be one's own.",
        status=202,
        limits=("mails", "mailbox"),
    ),
    Endpoint(
        name="verify_email",
        method="POST",
        path="/v1/auth/email/verify",
        area="accounts",
        summary="Show by the token of a link that the address is one's own.",
        body=VerifyEmail,
        status=204,
        errors=(Unauthenticated, Expired, Conflict),
        auth=False,
    ),
    Endpoint(
        name="change_email",
        method="POST",
        path="/v1/auth/email/change",
        area="accounts",
        summary="Have a link mailed to another address, which then takes the place of the present one.",
        body=ChangeEmail,
        status=202,
        errors=(Conflict,),
        limits=("mails", "mailbox", "guesses", "login", "account_login"),
    ),
)
