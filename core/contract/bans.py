"""Bans, for moderators. A suspension is a ban that ends."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from core.errors import Forbidden, Gone, NotFound
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

BanReason = Annotated[str, Meta(min_length=1, max_length=2000, examples=["spam"])]
Until = Annotated[datetime, Meta(tz=True, examples=["2030-01-31T12:00:00.000Z"])]


class BanView(Wire):
    """A ban; `active`: it holds now. `by` null: the system or the operator."""

    id: Id
    user_id: Id
    display_name: str
    reason: BanReason
    by: Id | None
    created_at: Timestamp
    active: bool
    begins_at: Timestamp | None = None
    until: Timestamp | None = None
    lifted_at: Timestamp | None = None
    strike_id: Id | None = None


class BanQuery(PageQuery):
    """Which bans; `user_id`: those of one user."""

    user_id: Id | None = None


class BanPage(Wire):
    """A page of bans, newest first."""

    items: list[BanView]
    next_cursor: NextCursor


class BanOrder(Input):
    """Whom to ban and why; `until` null: for good. It is a strike, against which they can appeal."""

    user_id: Id
    reason: BanReason
    until: Until | None = None


ENDPOINTS = (
    Endpoint(
        name="bans",
        method="GET",
        path="/v1/admin/bans",
        area="admin",
        summary="Bans, newest first, also those that are over.",
        query=BanQuery,
        reply=BanPage,
        roles={"moderator"},
    ),
    Endpoint(
        name="ban",
        method="POST",
        path="/v1/admin/bans",
        area="admin",
        summary="Ban somebody, who is out at once. Nobody bans themselves, nor staff above them.",
        body=BanOrder,
        reply=BanView,
        status=201,
        errors=(NotFound, Forbidden),
        roles={"moderator"},
        idempotent=True,
    ),
    Endpoint(
        name="unban",
        method="DELETE",
        path="/v1/admin/bans/{id}",
        area="admin",
        summary="Lift a ban and its strike; one that is over is `gone`. By whoever could have given it.",
        parameters=ById,
        status=204,
        errors=(Forbidden, Gone),
        roles={"moderator"},
    ),
)
