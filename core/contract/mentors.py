"""Mentors: whom admins have looked at, what they are good at, and when they have time."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from core.contract.locations import Hours, Near
from core.contract.profiles import ProfileCard
from core.errors import Conflict, NotFound
from core.vocabulary import SAYS_SOMETHING, Id, ScheduleType, SessionType, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Title = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING, examples=["Strength coach"])
]
Specialization = Annotated[
    str, Meta(min_length=1, max_length=50, pattern=SAYS_SOMETHING, examples=["anxiety"])
]
Specializations = Annotated[list[Specialization], Meta(min_length=1, max_length=20)]
Bio = Annotated[
    str, Meta(min_length=1, max_length=4000, pattern=SAYS_SOMETHING, examples=["I have been there myself."])
]
Minutes = Annotated[int, Meta(ge=15, le=240, description="How long a session is.", examples=[60])]
Moment = Annotated[datetime, Meta(tz=True, examples=["2026-12-01T09:00:00.000Z"])]


class MentorView(Wire):
    """A mentor. `schedule`: hours by the clock of its zone, which are cut into sessions of `session_m`.

    One who is not `verified` is shown to staff and themselves alone; while not `available`, nobody books.
    `rating` is the mean of their reviews, null before the first. `distance_m`: of their place, from the point
    that was asked about. `total_sessions`: those that were completed.
    """

    id: Id
    user: ProfileCard
    title: Title
    specialization: Specializations
    bio: Bio
    verified: bool
    available: bool
    schedule_type: ScheduleType
    schedule: Hours
    session_m: Minutes
    rating: Annotated[float, Meta(ge=1, le=5, examples=[4.5])] | None
    review_count: int
    total_sessions: int
    location_id: Id | UnsetType = UNSET
    distance_m: int | UnsetType = UNSET


class MentorQuery(PageQuery):
    """Which mentors. `near`: those who have a place, nearest first; without it, the newest first.

    `specialization`: one of theirs, capitals or not. `type`: who has such sessions.
    """

    near: Near | None = None
    specialization: Specialization | None = None
    type: SessionType | None = None


class MentorPage(Wire):
    """A page of mentors."""

    items: list[MentorView]
    next_cursor: NextCursor


class Slot(Wire):
    """When a session may begin, how long it is, and of which types it may be."""

    starts_at: Timestamp
    duration_m: Minutes
    type: list[SessionType]


class SlotQuery(PageQuery):
    """From when (now) and before when (two weeks later) slots begin; at most 31 days are answered."""

    from_: Moment | None = field(name="from", default=None)
    to: Moment | None = None


class SlotPage(Wire):
    """A page of slots, soonest first: none in which the mentor, or whoever asks, has a session."""

    items: list[Slot]
    next_cursor: NextCursor


class NewMentor(Input):
    """Who is a mentor. Without a `schedule` they have time from Monday to Friday, 9 to 17 o'clock UTC."""

    user_id: Id
    title: Title
    specialization: Specializations
    bio: Bio
    verified: bool = False
    available: bool = True
    schedule_type: ScheduleType = "virtual"
    schedule: Hours | None = None
    session_m: Minutes = 60
    location_id: Id | None = None


class MentorPatch(Input):
    """What is to change of a mentor; the rest stays, and so do sessions that are booked."""

    title: Title | UnsetType = UNSET
    specialization: Specializations | UnsetType = UNSET
    bio: Bio | UnsetType = UNSET
    verified: bool | UnsetType = UNSET
    available: bool | UnsetType = UNSET
    schedule_type: ScheduleType | UnsetType = UNSET
    schedule: Hours | UnsetType = UNSET
    session_m: Minutes | UnsetType = UNSET
    location_id: Id | UnsetType | None = UNSET


ENDPOINTS = (
    Endpoint(
        name="mentors",
        method="GET",
        path="/v1/mentors",
        area="places",
        summary="Mentors near a point, of a specialization, or of a type of session.",
        query=MentorQuery,
        reply=MentorPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="mentor",
        method="GET",
        path="/v1/mentors/{id}",
        area="places",
        summary="A mentor.",
        parameters=ById,
        reply=MentorView,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="mentor_slots",
        method="GET",
        path="/v1/mentors/{id}/slots",
        area="places",
        summary="When a session with this mentor may be booked.",
        parameters=ById,
        query=SlotQuery,
        reply=SlotPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="create_mentor",
        method="POST",
        path="/v1/admin/mentors",
        area="admin",
        summary="Make somebody a mentor. Who is one already: `conflict`.",
        body=NewMentor,
        reply=MentorView,
        status=201,
        errors=(NotFound, Conflict),
        roles={"admin"},
        idempotent=True,
    ),
    Endpoint(
        name="change_mentor",
        method="PATCH",
        path="/v1/admin/mentors/{id}",
        area="admin",
        summary="Change what is said of a mentor, when they have time, or whether they are verified.",
        parameters=ById,
        body=MentorPatch,
        reply=MentorView,
        roles={"admin"},
    ),
)
