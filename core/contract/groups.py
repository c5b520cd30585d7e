"""Groups: rooms with a name, members with roles, and invitations. What is said in them: `chat`."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from core.contract.chat import MemberRole
from core.contract.profiles import ProfileCard
from core.errors import Conflict, Expired, NotFound
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

GroupHistory = Literal["from_joining", "all"]
Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["Monday runners"])]
Description = Annotated[str, Meta(min_length=1, max_length=1000, examples=["Slowly, and in any weather."])]
Photo = Annotated[Id, Meta(description="An image that was uploaded for the purpose `photo`.")]
KeepDays = Annotated[
    int, Meta(ge=1, le=3650, description="Days for which messages are kept, if the server keeps them longer.")
]
LONGEST_CODE = 300


class NewGroup(Input):
    """A group, whose owner is who makes it. `history`: what newcomers read. Without `keep_days` messages are
    kept as long as in any room.
    """

    name: Name
    description: Description | None = None
    photo: Photo | None = None
    history: GroupHistory = "from_joining"
    keep_days: KeepDays | None = None


class GroupPatch(Input):
    """What may change; what is left out stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    photo: Photo | UnsetType | None = UNSET
    history: GroupHistory | UnsetType = UNSET
    keep_days: KeepDays | UnsetType | None = UNSET


class GroupView(Wire):
    """A group as its member sees it, whose `role` it is."""

    id: Id
    room_id: Id
    name: str
    description: str | None
    history: GroupHistory
    member_count: int
    role: MemberRole
    created_at: Timestamp
    photo_url: str | None = None
    keep_days: int | None = None


class GroupPage(Wire):
    """A page of groups, the newest first."""

    items: list[GroupView]
    next_cursor: NextCursor


class ByMember(Input):
    """A member of a group."""

    id: Id
    user_id: Id


class NewRole(Input):
    """The role of a member; of somebody who is none, whom it adds, `member`."""

    role: MemberRole


class GroupMember(Wire):
    """A member, of whom a block leaves the name."""

    user: ProfileCard
    role: MemberRole
    joined_at: Timestamp


class GroupMemberPage(Wire):
    """A page of members: the owner, admins, and the others."""

    items: list[GroupMember]
    next_cursor: NextCursor


class NewInvitation(Input):
    """For how many, and for how long; without `max_uses` for as many as there is room for."""

    max_uses: Annotated[int, Meta(ge=1, le=1000)] | None = None
    expires_in_s: Annotated[int, Meta(ge=60, le=30 * 86_400)] = 7 * 86_400


class ByInvitation(Input):
    """An invitation to a group."""

    id: Id
    invitation_id: Id


class InvitationView(Wire):
    """An invitation that stands. Whoever has its `code` may join; `uses_left` null: as many as come."""

    id: Id
    code: str
    url: str
    uses_left: int | None
    expires_at: Timestamp


class InvitationPage(Wire):
    """A page of invitations, the newest first."""

    items: list[InvitationView]
    next_cursor: NextCursor


class GroupPreview(Wire):
    """What an invitation is to, for who has its code; `room_id` where one is a member."""

    name: str
    description: str | None
    member_count: int
    expires_at: Timestamp
    photo_url: str | None = None
    room_id: Id | None = None


class JoinGroup(Input):
    """The code of an invitation."""

    code: Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE)]


ENDPOINTS = (
    Endpoint(
        name="groups",
        method="GET",
        path="/v1/groups",
        area="chat",
        summary="The groups of which one is a member.",
        query=PageQuery,
        reply=GroupPage,
    ),
    Endpoint(
        name="create_group",
        method="POST",
        path="/v1/groups",
        area="chat",
        summary="Make a group, and own it.",
        body=NewGroup,
        reply=GroupView,
        status=201,
        errors=(Conflict, NotFound),
        idempotent=True,
        limits=("groups",),
    ),
    Endpoint(
        name="join_group",
        method="POST",
        path="/v1/groups/join",
        area="chat",
        summary="Join a group by the code of an invitation; again: the same group.",
        body=JoinGroup,
        reply=GroupView,
        errors=(Conflict, Expired, NotFound),
        limits=("groups",),
    ),
    Endpoint(
        name="preview_group",
        method="POST",
        path="/v1/groups/preview",
        area="chat",
        summary="What the code of an invitation is to, before one joins.",
        body=JoinGroup,
        reply=GroupPreview,
        errors=(Expired, NotFound),
        limits=("groups",),
    ),
    Endpoint(
        name="group",
        method="GET",
        path="/v1/groups/{id}",
        area="chat",
        summary="One group.",
        parameters=ById,
        reply=GroupView,
    ),
    Endpoint(
        name="change_group",
        method="PATCH",
        path="/v1/groups/{id}",
        area="chat",
        summary="Change what a group is called, shows, keeps, or lets newcomers read. For owner and admins.",
        parameters=ById,
        body=GroupPatch,
        reply=GroupView,
    ),
    Endpoint(
        name="end_group",
        method="DELETE",
        path="/v1/groups/{id}",
        area="chat",
        summary="End a group: what was said stays readable. For its owner.",
        parameters=ById,
        status=204,
    ),
    Endpoint(
        name="group_members",
        method="GET",
        path="/v1/groups/{id}/members",
        area="chat",
        summary="Who is in a group.",
        parameters=ById,
        query=PageQuery,
        reply=GroupMemberPage,
    ),
    Endpoint(
        name="put_member",
        method="PUT",
        path="/v1/groups/{id}/members/{user_id}",
        area="chat",
        summary="Add a friend, give a member another role (the owner may), or hand the group over.",
        parameters=ByMember,
        body=NewRole,
        reply=GroupMember,
        errors=(Conflict,),
    ),
    Endpoint(
        name="remove_member",
        method="DELETE",
        path="/v1/groups/{id}/members/{user_id}",
        area="chat",
        summary="Leave, or remove somebody: admins remove members, the owner anybody.",
        parameters=ByMember,
        status=204,
    ),
    Endpoint(
        name="invitations",
        method="GET",
        path="/v1/groups/{id}/invitations",
        area="chat",
        summary="Invitations that stand. For owner and admins.",
        parameters=ById,
        query=PageQuery,
        reply=InvitationPage,
    ),
    Endpoint(
        name="invite",
        method="POST",
        path="/v1/groups/{id}/invitations",
        area="chat",
        summary="Make an invitation. For owner and admins.",
        parameters=ById,
        body=NewInvitation,
        reply=InvitationView,
        status=201,
        errors=(Conflict,),
        idempotent=True,
        limits=("groups",),
    ),
    Endpoint(
        name="revoke_invitation",
        method="DELETE",
        path="/v1/groups/{id}/invitations/{invitation_id}",
        area="chat",
        summary="Nobody joins by it any more. For owner and admins.",
        parameters=ByInvitation,
        status=204,
    ),
)
