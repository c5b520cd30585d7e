"""Appeals against strikes, for moderators."""

from typing import Annotated

from msgspec import Meta

from core.errors import AlreadyDecided, Forbidden, Gone
from core.vocabulary import AppealState, Id, StrikeAction, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Note = Annotated[str, Meta(max_length=2000, examples=["The messages were quoted out of order."])]


class AppealedStrike(Wire):
    """The strike of an appeal; `by`: the moderator who decided it, null where none did."""

    id: Id
    action: StrikeAction
    reason: str
    at: Timestamp
    by: Id | None
    until: Timestamp | None = None
    case_id: Id | None = None


class Appeal(Wire):
    """What somebody said against a strike."""

    id: Id
    user_id: Id
    display_name: str
    strike: AppealedStrike
    text: str
    at: Timestamp
    state: AppealState
    decided_by: Id | None = None
    decided_at: Timestamp | None = None
    note: str | None = None


class AppealPage(Wire):
    """A page of appeals: first those that are open, and of each the oldest first."""

    items: list[Appeal]
    next_cursor: NextCursor


class AppealDecision(Input):
    """Whether the strike and its ban are lifted. The note is for other moderators."""

    grant: bool
    note: Note | None = None


ENDPOINTS = (
    Endpoint(
        name="appeals",
        method="GET",
        path="/v1/admin/appeals",
        area="admin",
        summary="Appeals, open ones first. Of strikes that were lifted meanwhile there is nothing to decide.",
        query=PageQuery,
        reply=AppealPage,
        roles={"moderator"},
    ),
    Endpoint(
        name="decide_appeal",
        method="POST",
        path="/v1/admin/appeals/{id}/decide",
        area="admin",
        summary="Grant or refuse an appeal; where there is another moderator, not by the one who struck.",
        parameters=ById,
        body=AppealDecision,
        reply=Appeal,
        errors=(Forbidden, AlreadyDecided, Gone),
        roles={"moderator"},
    ),
)
