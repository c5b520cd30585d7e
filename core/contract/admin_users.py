"""Users as moderators see them: whom they look for, and what they correct."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.contract.sessions import SessionView
from core.contract.standing import StandingView
from core.errors import Forbidden
from core.vocabulary import AccountStatus, Gender, Id, Role, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

BirthDate = Annotated[str, Meta(extra_json_schema={"format": "date"}, examples=["1998-04-30"])]


class UserQuery(PageQuery):
    """Whom to look for: an id, or how a username, an email address or a display name begins. Without: all."""

    q: Annotated[str, Meta(min_length=1, max_length=254, examples=["ana"])] | None = None


class UserItem(Wire):
    """Enough to tell who it is."""

    id: Id
    email: str | None
    username: str | None
    display_name: str
    role: Role
    status: AccountStatus
    created_at: Timestamp
    deleted_at: Timestamp | None = None


class UserPage(Wire):
    """A page of users, newest first."""

    items: list[UserItem]
    next_cursor: NextCursor


class ReportsOfUser(Wire):
    """How many reports, by or about how many different people, and the ids of their latest cases."""

    count: int
    people: int
    ids: list[Id]


class AdminUser(Wire):
    """An account as moderators see it, whatever its owner shows, with the latest sessions that go on."""

    id: Id
    email: str | None
    username: str | None
    display_name: str
    role: Role
    birth_date: BirthDate
    gender: Gender
    status: AccountStatus
    created_at: Timestamp
    standing: StandingView
    sessions: list[SessionView]
    reports_by: ReportsOfUser
    reports_about: ReportsOfUser
    last_login: Timestamp | None = None
    last_active: Timestamp | None = None
    deleted_at: Timestamp | None = None


class UserCorrection(Input):
    """What to correct; the rest stays. Roles are for admins. Who turns out to be under 18 is suspended."""

    birth_date: Annotated[date, Meta(examples=["1998-04-30"])] | UnsetType = UNSET
    gender: Gender | UnsetType = UNSET
    role: Role | UnsetType = UNSET


ENDPOINTS = (
    Endpoint(
        name="admin_users",
        method="GET",
        path="/v1/admin/users",
        area="admin",
        summary="Look for users by id, or by how a name or an address begins; newest first.",
        query=UserQuery,
        reply=UserPage,
        roles={"moderator"},
    ),
    Endpoint(
        name="admin_user",
        method="GET",
        path="/v1/admin/users/{id}",
        area="admin",
        summary="A user: account, standing, sessions, and reports by and about them.",
        parameters=ById,
        reply=AdminUser,
        roles={"moderator"},
    ),
    Endpoint(
        name="correct_user",
        method="PATCH",
        path="/v1/admin/users/{id}",
        area="admin",
        summary="Correct what users cannot change themselves; the role, for admins alone.",
        parameters=ById,
        body=UserCorrection,
        reply=AdminUser,
        errors=(Forbidden,),
        roles={"moderator"},
    ),
)
