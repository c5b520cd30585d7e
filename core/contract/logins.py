"""One's ways to sign in: a password, phones, accounts at Google or Apple."""

from typing import Annotated

from msgspec import Meta

from core.errors import Conflict
from core.vocabulary import Id, LoginProvider, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor


class LoginView(Wire):
    """One way to sign in."""

    id: Id
    provider: LoginProvider
    hint: Annotated[
        str | None,
        Meta(description="By which its owner knows it again.", examples=["+49 … 78"]),
    ]
    created_at: Timestamp


class LoginPage(Wire):
    """All of them, oldest first; there is never a second page."""

    items: list[LoginView]
    next_cursor: NextCursor


class LoginRemoval(Input):
    """Needs a sign-in of the last minutes, or the password.

    Without: `unauthenticated` with `factor`, which is `password`, in `details`.
    """

    secrets = ("password",)

    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])] | None = None


ENDPOINTS = (
    Endpoint(
        name="logins",
        method="GET",
        path="/v1/me/logins",
        area="accounts",
        summary="One's ways to sign in.",
        reply=LoginPage,
    ),
    Endpoint(
        name="remove_login",
        method="DELETE",
        path="/v1/me/logins/{id}",
        area="accounts",
        summary="Sign in with this no longer; the last way stays.",
        parameters=ById,
        body=LoginRemoval,
        status=204,
        errors=(Conflict,),
        limits=("guesses", "login", "account_login"),
    ),
)
