"""One's sign-ins, each on one device, for as long as they go on."""

from typing import Annotated

from msgspec import Meta

from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Wire
from core.wire.pages import NextCursor, PageQuery


class SessionClient(Wire):
    """What the app last said of itself when it connected."""

    name: Annotated[str, Meta(examples=["Meet"])] | None = None
    version: Annotated[str, Meta(examples=["2.1.0"])] | None = None
    platform: Annotated[str, Meta(examples=["ios"])] | None = None


class SessionView(Wire):
    """One sign-in on one device; `current` is the one that asks."""

    id: Id
    user_agent: str | None
    network: Annotated[
        str | None,
        Meta(description="Where one signed in: an address, or the /64 of one.", examples=["192.0.2.17"]),
    ]
    current: bool
    created_at: Timestamp
    last_used_at: Timestamp
    device_id: Annotated[str, Meta(examples=["phone-1"])] | None = None
    client: SessionClient | None = None


class SessionPage(Wire):
    """A page of sessions that go on."""

    items: list[SessionView]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="sessions",
        method="GET",
        path="/v1/auth/sessions",
        area="accounts",
        summary="One's sessions that go on.",
        query=PageQuery,
        reply=SessionPage,
    ),
    Endpoint(
        name="end_other_sessions",
        method="DELETE",
        path="/v1/auth/sessions",
        area="accounts",
        summary="Sign out everywhere but here; the live connections of those sessions end too.",
        status=204,
    ),
    Endpoint(
        name="end_session",
        method="DELETE",
        path="/v1/auth/sessions/{id}",
        area="accounts",
        summary="Sign out one session; its live connections end too.",
        parameters=ById,
        status=204,
    ),
)
