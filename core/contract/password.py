"""A new password: for who has forgotten theirs, by a link in a mail, and for who is signed in."""

from typing import Annotated

from msgspec import Meta

from core.contract.accounts import Email, Opaque, Password
from core.errors import Expired, Unauthenticated
from core.wire.endpoint import Endpoint
from core.wire.message import Input


class ForgotPassword(Input):
    """Whose link to a new password is to be mailed. Whether anybody has this address is not told."""

    email: Email


class ResetPassword(Input):
    """The token of the link. It serves once; one that does not serve any more is `unauthenticated`."""

    secrets = ("token", "password")

    token: Opaque
    password: Password


class ChangePassword(Input, kw_only=True):
    """`password` is the present one, for whom it is some minutes since they signed in.

    Without it, or with a wrong one: `unauthenticated` with `factor`, which is `password`, in `details`.
    """

    secrets = ("password", "new_password")

    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])] | None = None
    new_password: Password


ENDPOINTS = (
    Endpoint(
        name="forgot_password",
        method="POST",
        path="/v1/auth/password/forgot",
        area="accounts",
        summary="Have a link to a new password mailed. The answer does not tell whether anybody gets it.",
        body=ForgotPassword,
        status=202,
        auth=False,
        limits=("forgotten", "mailbox"),
    ),
    Endpoint(
        name="reset_password",
        method="POST",
        path="/v1/auth/password/reset",
        area="accounts",
        summary="Set a new password by the token of the link. All sessions of the account end.",
        body=ResetPassword,
        status=204,
        errors=(Unauthenticated, Expired),
        auth=False,
    ),
    Endpoint(
        name="change_password",
        method="POST",
        path="/v1/auth/password/change",
        area="accounts",
        summary="Set a new password. All other sessions of the account end, and a mail says so.",
        body=ChangePassword,
        status=204,
        limits=("guesses", "login", "account_login"),
    ),
)
