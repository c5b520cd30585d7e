"""Sessions with mentors: booked in a slot, moved, cancelled, and what became of them."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from core.contract.mentors import Minutes, Moment
from core.contract.profiles import ProfileCard
from core.errors import Conflict, NotFound
from core.vocabulary import Id, SessionStatus, SessionType, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Notes = Annotated[str, Meta(max_length=4000)]


class MentorSessionView(Wire):
    """A session, the same for both but for `notes`, which are one's own. `user`: who has booked it.

    `change_until`: until when whoever has booked may move or cancel it.
    """

    id: Id
    mentor_id: Id
    user: ProfileCard
    mentor: ProfileCard
    starts_at: Timestamp
    duration_m: Minutes
    type: SessionType
    status: SessionStatus
    change_until: Timestamp
    created_at: Timestamp
    location_id: Id | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET


class MentorSessionQuery(PageQuery):
    """Which of one's sessions; without `status` all."""

    status: SessionStatus | None = None


class MentorSessionPage(Wire):
    """A page of sessions, as mentor and with mentors: the latest first."""

    items: list[MentorSessionView]
    next_cursor: NextCursor


class BookSession(Input):
    """Which slot of whom."""

    mentor_id: Id
    starts_at: Moment
    duration_m: Minutes
    type: SessionType


class MentorSessionPatch(Input):
    """What is to change; either `status` or `starts_at`, which moves it to another slot. `notes`: one's own.

    Only the mentor says that it was `completed`; each of the two may say that the other did not come.
    """

    status: Literal["completed", "cancelled", "no-show"] | UnsetType = UNSET
    starts_at: Moment | UnsetType = UNSET
    notes: Notes | UnsetType | None = UNSET


ENDPOINTS = (
    Endpoint(
        name="mentor_sessions",
        method="GET",
        path="/v1/mentor-sessions",
        area="places",
        summary="One's sessions, as mentor and with mentors.",
        query=MentorSessionQuery,
        reply=MentorSessionPage,
    ),
    Endpoint(
        name="book_session",
        method="POST",
        path="/v1/mentor-sessions",
        area="places",
        summary="Book a slot. One that is taken, or is none: `conflict`.",
        body=BookSession,
        reply=MentorSessionView,
        status=201,
        errors=(NotFound, Conflict),
        idempotent=True,
        limits=("bookings",),
    ),
    Endpoint(
        name="change_session",
        method="PATCH",
        path="/v1/mentor-sessions/{id}",
        area="places",
        summary="Move or cancel a session, say what became of it, or write one's own notes.",
        parameters=ById,
        body=MentorSessionPatch,
        reply=MentorSessionView,
        errors=(Conflict,),
        limits=("bookings",),
    ),
)
