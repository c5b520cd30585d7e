"""Groups and invitations to them. Decides nothing: `services.groups` does."""

from msgspec.structs import replace

from core.contract import groups as contract
from core.contract.groups import (
    ByInvitation,
    ByMember,
    GroupMember,
    GroupMemberPage,
    GroupPage,
    GroupPatch,
    GroupPreview,
    GroupView,
    InvitationPage,
    InvitationView,
    JoinGroup,
    NewGroup,
    NewInvitation,
    NewRole,
)
from core.wire.cursors import BY_ID, BY_SEVERITY
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.groups import GroupStore
from db.postgres.media_views import complete
from rest.http.paging import page
from rest.http.request import Request
from rest.profiles import reachable
from services.groups import Groups


class GroupHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, groups: Groups, store: GroupStore) -> None:
        self._groups, self._store = groups, store

    async def groups(self, request: Request) -> GroupPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.groups(request.caller.user_id, before=before, limit=limit),
            cursors=BY_ID,
            key=lambda group: group.id,
        )
        return GroupPage(items=[_complete(item, request) for item in items], next_cursor=after)

    async def create_group(self, request: Request) -> GroupView:
        new = request.sent(NewGroup)
        made = await self._groups.create(request.caller.user_id, new, request.key, request.now)
        return _complete(made, request)

    async def join_group(self, request: Request) -> GroupView:
        code = request.sent(JoinGroup).code
        return _complete(await self._groups.join(request.caller.user_id, code, request.now), request)

    async def preview_group(self, request: Request) -> GroupPreview:
        code = request.sent(JoinGroup).code
        found = await self._groups.preview(request.caller.user_id, code, request.now)
        return replace(found, photo_url=found.photo_url and complete(found.photo_url, request.address))

    async def group(self, request: Request) -> GroupView:
        return _complete(await self._store.group(request.at(ById).id, request.caller.user_id), request)

    async def change_group(self, request: Request) -> GroupView:
        group_id, patch = request.at(ById).id, request.sent(GroupPatch)
        changed = await self._groups.change(request.caller.user_id, group_id, patch, request.now)
        return _complete(changed, request)

    async def end_group(self, request: Request) -> None:
        await self._groups.end(request.caller.user_id, request.at(ById).id, request.now)

    async def group_members(self, request: Request) -> GroupMemberPage:
        group_id, user_id = request.at(ById).id, request.caller.user_id
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.members(
                group_id, user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_SEVERITY,
            key=lambda item: (item[0], item[1].user.user_id),
        )
        return GroupMemberPage(items=[_reachable(member, request) for _, member in items], next_cursor=after)

    async def put_member(self, request: Request) -> GroupMember:
        at, role = request.at(ByMember), request.sent(NewRole).role
        caller = request.caller.user_id
        member = await self._groups.put_member(caller, at.id, at.user_id, role, request.now)
        return _reachable(member, request)

    async def remove_member(self, request: Request) -> None:
        at = request.at(ByMember)
        await self._groups.remove_member(request.caller.user_id, at.id, at.user_id, request.now)

    async def invitations(self, request: Request) -> InvitationPage:
        group_id, user_id = request.at(ById).id, request.caller.user_id
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._groups.invitations(
                user_id, group_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda invitation: invitation.id,
        )
        return InvitationPage(items=items, next_cursor=after)

    async def invite(self, request: Request) -> InvitationView:
        group_id, new = request.at(ById).id, request.sent(NewInvitation)
        return await self._groups.invite(request.caller.user_id, group_id, new, request.key, request.now)

    async def revoke_invitation(self, request: Request) -> None:
        at = request.at(ByInvitation)
        await self._groups.revoke(request.caller.user_id, at.id, at.invitation_id, request.now)


def _complete(view: GroupView, request: Request) -> GroupView:
    """The same with a photo whose address says where this server is."""
    return replace(view, photo_url=complete(view.photo_url, request.address)) if view.photo_url else view


def _reachable(member: GroupMember, request: Request) -> GroupMember:
    return replace(member, user=reachable(member.user, request.address))
