"""The audit log, for admins."""

from typing import Annotated, Any

from msgspec import Meta

from core.vocabulary import Id, Timestamp
from core.wire.endpoint import Endpoint
from core.wire.message import Wire
from core.wire.pages import NextCursor, PageQuery


class AuditQuery(PageQuery):
    """Which part of the audit log; `user_id`: only what this user did, or what was done to them."""

    user_id: Id | None = None


class AuditEntry(Wire):
    """Something that was done. An entry never changes. What `details` say depends on the `action`."""

    id: Id
    at: Timestamp
    actor: Annotated[str, Meta(description="Id of the user who did it, or `system`.", examples=["system"])]
    action: Annotated[str, Meta(examples=["tier_changed"])]
    subject_id: Annotated[Id | None, Meta(description="To whom; null: to no user.")]
    details: Annotated[dict[str, Any], Meta(examples=[{"from": "neutral", "to": "suspect"}])]


class AuditPage(Wire):
    """A page of the audit log, newest first."""

    items: list[AuditEntry]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="audit",
        method="GET",
        path="/v1/admin/audit",
        area="admin",
        summary="The audit log: who did what to whom, newest first.",
        query=AuditQuery,
        reply=AuditPage,
        roles={"admin"},
    ),
)
