"""What REST says apart from accounts: problems, pages of lists, health.

A list is `{items, next_cursor}`, newest first. A cursor is opaque: give back what the last page gave.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from core.contract.accounts import SessionView
from core.contract.chat import Message, RoomView
from core.contract.connections import ConnectionView
from core.contract.people import ProfileCard
from core.vocabulary import EndReason, Id, Mode, Outcome, Timestamp
from core.wire.message import Input, Wire

PAGE_MAX = 100

Cursor = Annotated[str, Meta(max_length=100, examples=["AZovTnwbfTqfYFssjh1Kdw"])]
NextCursor = Annotated[str, Meta(description="For the next page; null on the last.")] | None


class Problem(Wire):
    """RFC 9457. `code` is the one of the catalogue; an `internal` one has a `reference` in its details."""

    type: Annotated[str, Meta(examples=["/docs#error-conflict"])]
    title: Annotated[str, Meta(examples=["This does not fit the present state."])]
    status: Annotated[int, Meta(examples=[409])]
    detail: Annotated[str, Meta(examples=["This username is taken."])]
    code: Annotated[str, Meta(examples=["conflict"])]
    details: Annotated[dict[str, Any], Meta(examples=[{"field": "username"}])] | None = None
    retry_after_ms: Annotated[int, Meta(examples=[1500])] | None = None


class PageQuery(Input):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 50
    cursor: Cursor | None = None


class PastCall(Wire):
    """A call that was answered and is over. `outcome` is null while it can still be decided."""

    call_id: Id
    mode: Mode
    peer: ProfileCard
    started_at: Timestamp
    ended_at: Timestamp
    duration_s: int
    reason: EndReason
    outcome: Outcome | None


class CallPage(Wire):
    """A page of past calls."""

    items: list[PastCall]
    next_cursor: NextCursor


class ConnectionPage(Wire):
    """A page of connections, ended ones too."""

    items: list[ConnectionView]
    next_cursor: NextCursor


class RoomPage(Wire):
    """A page of rooms."""

    items: list[RoomView]
    next_cursor: NextCursor


class MessagePage(Wire):
    """A page of messages, newest first."""

    items: list[Message]
    next_cursor: NextCursor


class SessionPage(Wire):
    """A page of sessions that go on."""

    items: list[SessionView]
    next_cursor: NextCursor


class NewBlock(Input):
    """Whom to block."""

    user_id: Id


class BlockView(Wire):
    """Someone whom one has blocked: enough to tell who it is, for nothing else can be seen of them."""

    user_id: Id
    display_name: str
    created_at: Timestamp


class BlockPage(Wire):
    """A page of blocks."""

    items: list[BlockView]
    next_cursor: NextCursor


class Health(Wire):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Wire):
    """Everything that it needs answers too."""

    status: Literal["ready"]
    checks: Annotated[list[str], Meta(examples=[["postgres", "redis", "event_bus"]])]
    notes: Annotated[list[str], Meta(description="What works, though not as well as it should.")] = field(
        default_factory=list
    )
