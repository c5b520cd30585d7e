"""Groups: making them, coming, going, and leading them. Postgres owns all of it.

What has happened is in the outbox of the room with the change itself, and announced at once where this
process announces, else by a node that looks.
"""

from collections.abc import Sequence

import structlog

from core.contract.chat import MemberRole
from core.contract.groups import (
    GroupMember,
    GroupPatch,
    GroupPreview,
    GroupView,
    InvitationView,
    NewGroup,
    NewInvitation,
)
from core.errors import InvalidRequest, NotFound
from core.invitation_codes import read, written
from core.keys import SigningKey
from core.worded import worded
from db.outage import OUTAGES
from db.postgres.groups import GroupStore
from db.postgres.idempotency import IdempotencyKey
from db.postgres.invitations import Invitation, InvitationStore
from services.announcer import Announcer
from services.message_rules import is_storable
from services.recent_members import RecentMembers

_log = structlog.get_logger()


class Groups:
    """The use cases. Without an announcer some other node announces.

    `keys` sign the codes of invitations, the first one new ones; `site`: the address of the page.
    Errors of an outage of Postgres pass through (`db.outage`).
    """

    def __init__(
        self,
        store: GroupStore,
        invitations: InvitationStore,
        members: RecentMembers,
        announcer: Announcer | None,
        *,
        keys: Sequence[SigningKey],
        site: str,
    ) -> None:
        self._store, self._invitations = store, invitations
        self._members, self._announcer = members, announcer
        self._keys, self._site = keys, site

    async def create(self, user_id: str, new: NewGroup, key: IdempotencyKey | None, now: int) -> GroupView:
        """Make a group and own it. Raises as the store does, and `InvalidRequest`."""
        _check_texts(name=new.name, description=new.description)
        view, fresh = await self._store.create(user_id, new, key, now)
        if fresh:
            await self._tell(view.room_id)
        return view

    async def change(self, user_id: str, group_id: str, patch: GroupPatch, now: int) -> GroupView:
        """Change what the patch names. Raises as the store does, and `InvalidRequest`."""
        _check_texts(name=patch.name or None, description=patch.description or None)
        view = await self._store.change(group_id, user_id, patch, now)
        await self._tell(view.room_id)
        return view

    async def end(self, user_id: str, group_id: str, now: int) -> None:
        """End the group. Raises as the store does."""
        await self._tell_who(await self._store.end(group_id, user_id, now))

    async def put_member(
        self, user_id: str, group_id: str, other: str, role: MemberRole, now: int
    ) -> GroupMember:
        """Add somebody, or give a member this role. Raises as the store does."""
        room_id, member = await self._store.put_member(group_id, user_id, other, role, now)
        await self._tell_who(room_id)
        return member

    async def remove_member(self, user_id: str, group_id: str, other: str, now: int) -> None:
        """Leave, or have somebody leave. Raises as the store does."""
        await self._tell_who(await self._store.remove_member(group_id, user_id, other, now))

    async def join(self, user_id: str, code: str, now: int) -> GroupView:
        """Join by a code. Raises `NotFound` for none of ours, and as the store does."""
        invitation_id = read(code, self._keys)
        if invitation_id is None:
            raise NotFound
        joined = await self._invitations.join(invitation_id, user_id, now)
        if joined.room_id is not None:
            await self._tell_who(joined.room_id)
        return await self._store.group(joined.group_id, user_id)

    async def preview(self, user_id: str, code: str, now: int) -> GroupPreview:
        """What a code is to. Raises `NotFound` for none of ours, and as the store does."""
        invitation_id = read(code, self._keys)
        if invitation_id is None:
            raise NotFound
        return await self._invitations.preview(invitation_id, user_id, now)

    async def invite(
        self, user_id: str, group_id: str, new: NewInvitation, key: IdempotencyKey | None, now: int
    ) -> InvitationView:
        """Make an invitation. Raises as the store does."""
        return self._shown(await self._invitations.invite(group_id, user_id, new, key, now))

    async def invitations(
        self, user_id: str, group_id: str, *, before: str | None, limit: int, now: int
    ) -> list[InvitationView]:
        """Those that stand. Raises as the store does."""
        found = await self._invitations.invitations(group_id, user_id, before=before, limit=limit, now=now)
        return [self._shown(each) for each in found]

    async def revoke(self, user_id: str, group_id: str, invitation_id: str, now: int) -> None:
        """Take an invitation back. Raises as the store does."""
        await self._invitations.revoke(group_id, user_id, invitation_id, now)

    def _shown(self, invitation: Invitation) -> InvitationView:
        code = written(self._keys[0], invitation.id)
        return InvitationView(
            id=invitation.id,
            code=code,
            url=f"{self._site}/#/join/{code}",
            uses_left=invitation.uses_left,
            expires_at=invitation.expires_at,
        )

    async def _tell_who(self, room_id: str) -> None:
        """Somebody has come or gone: all nodes ask anew who hears of whom."""
        try:
            await self._members.ended(room_id)
        except OUTAGES:
            _log.info("nodes cannot be told who is in a group; they ask within a second")
        await self._tell(room_id)

    async def _tell(self, room_id: str) -> None:
        if self._announcer:
            await self._announcer.tell_lane(room_id)


def _check_texts(**texts: object) -> None:
    for field, text in texts.items():
        if isinstance(text, str) and not (is_storable(text) and worded(text)):
            raise InvalidRequest("There has to be something to read.", details={"field": field})
