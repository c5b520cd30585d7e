"""One's own data: a copy of all of it, and the end of one's account."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from core.contract.media import FileAddress
from core.errors import Gone, Internal, NotFound, Unavailable
from core.vocabulary import Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire


class DeleteMe(Input):
    """The password; an account without one is deleted by who has signed in a moment ago."""

    password: Annotated[str, Meta(max_length=128, examples=["correct horse battery"])] | None = None


class Erasing(Wire):
    """When the account is erased. Until then signing in gives `restricted: "erasing"`, to restore it."""

    erases_at: Timestamp


class ExportView(Wire):
    """The latest copy of one's data: a ZIP of JSON and of what one has uploaded.

    `url` is valid for some minutes, and each answer has a new one; the copy itself is deleted at
    `expires_at`.
    """

    state: Literal["none", "running", "ready", "failed"]
    progress: Annotated[float, Meta(ge=0, le=1, examples=[0.4])]
    url: Annotated[str, Meta(examples=["https://example.com/v1/exports/…"])] | UnsetType = UNSET
    expires_at: Timestamp | UnsetType = UNSET
    size: Annotated[int, Meta(description="Bytes.")] | UnsetType = UNSET


ENDPOINTS = (
    Endpoint(
        name="delete_me",
        method="DELETE",
        path="/v1/me",
        area="me",
        summary="Delete one's account. It is out at once, and erased after some days, unless it is restored.",
        body=DeleteMe,
        reply=Erasing,
        status=202,
        limits=("guesses", "login", "account_login"),
    ),
    Endpoint(
        name="restore_me",
        method="POST",
        path="/v1/me/restore",
        area="me",
        summary="Keep one's account after all; the session that asks goes on as any other.",
        status=204,
        errors=(Gone,),
        restricted=True,
    ),
    Endpoint(
        name="start_export",
        method="POST",
        path="/v1/me/export",
        area="me",
        summary="Ask for a copy of one's data. While one is made, or is young, it is the same.",
        reply=ExportView,
        status=202,
        restricted=True,
    ),
    Endpoint(
        name="export",
        method="GET",
        path="/v1/me/export",
        area="me",
        summary="How far the copy is, and where it can be read.",
        reply=ExportView,
        restricted=True,
    ),
    Endpoint(
        name="export_file",
        method="GET",
        path="/v1/exports/{id}",
        area="me",
        summary="The copy, at the address that its owner was given.",
        parameters=ById,
        query=FileAddress,
        auth=False,
        media="application/zip",
        errors=(NotFound, Unavailable, Internal),
    ),
)
