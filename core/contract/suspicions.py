"""Why an account may be that of somebody who was banned, for moderators."""

from typing import Annotated

from msgspec import Meta

from core.errors import NotFound
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Wire


class SuspicionView(Wire):
    """It may be that of `of_user_id`: what the two have in common, and how much that weighs (see the docs).

    `suspect`: matched with suspects alone; otherwise only kept from those who blocked or reported the other.
    """

    of_user_id: Id
    kind: Annotated[str, Meta(description="What tells most.", examples=["device"])]
    shared: Annotated[list[str], Meta(examples=[["client", "device", "network", "soon"]])]
    weight: Annotated[float, Meta(examples=[20.0])]
    suspect: bool
    at: Timestamp
    cleared_at: Timestamp | None
    cleared_by: Id | None


class Suspicions(Wire):
    """All there are and were, the heaviest first."""

    items: list[SuspicionView]


ENDPOINTS = (
    Endpoint(
        name="suspicions",
        method="GET",
        path="/v1/admin/users/{id}/suspicions",
        area="admin",
        summary="Why a user may be somebody who was banned.",
        parameters=ById,
        reply=Suspicions,
        roles={"moderator"},
    ),
    Endpoint(
        name="clear_suspicions",
        method="DELETE",
        path="/v1/admin/users/{id}/suspicions",
        area="admin",
        summary="They are somebody else: the same is not suspected again. Nothing to clear: `not_found`.",
        parameters=ById,
        status=204,
        errors=(NotFound,),
        roles={"moderator"},
    ),
)
