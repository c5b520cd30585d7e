"""Groups for tests, on the stores of a world."""

from collections.abc import Awaitable, Callable, Mapping

from core.clock import now_ms
from core.contract.chat import Message, SystemNote
from core.contract.groups import GroupView, NewGroup, NewInvitation
from core.invitation_codes import written
from core.keys import SigningKey
from db.postgres.groups import GroupStore
from db.postgres.invitations import InvitationStore
from tests.stores.world import World

NEW = NewGroup(name="Runners")


class Party:
    """Groups and invitations on the stores of a world, small ones."""

    def __init__(self, world: World, *, most_members: int = 500, most_groups: int = 200) -> None:
        self.world = world
        self.store = GroupStore(world.pool, most_members=most_members, most_groups=most_groups)
        self.invitations = InvitationStore(world.pool, self.store)

    async def of(self, owner: str, *others: str, new: NewGroup = NEW) -> GroupView:
        """A group of these, who all came by one invitation."""
        group, fresh = await self.store.create(owner, new, None, now_ms())
        assert fresh
        if others:
            invitation = await self.invite(group, owner)
            for who in others:
                await self.join(invitation, who)
        return group

    async def invite(self, group: GroupView, who: str, max_uses: int | None = None) -> str:
        made = await self.invitations.invite(group.id, who, NewInvitation(max_uses=max_uses), None, now_ms())
        return made.id

    async def join(self, invitation: str, who: str, at: int | None = None) -> None:
        await self.invitations.join(invitation, who, now_ms() if at is None else at)

    async def put(self, group: GroupView, who: str, other: str, role: str = "member") -> None:
        await self.store.put_member(group.id, who, other, role, now_ms())  # type: ignore[arg-type]

    async def remove(self, group: GroupView, who: str, other: str) -> None:
        await self.store.remove_member(group.id, who, other, now_ms())

    async def read(self, group: GroupView, who: str) -> list[Message]:
        found, *_ = await self.world.rooms.history(
            group.room_id, who, before_seq=None, after_seq=0, limit=100
        )
        page = await self.world.rooms.page(group.room_id, who, before_seq=None, limit=100)
        assert found == page[::-1]
        return found

    async def notes(self, group: GroupView, who: str) -> list[SystemNote | None]:
        return [message.system for message in await self.read(group, who)]

    async def roles(self, group: GroupView, who: str) -> dict[str, str]:
        rows = await self.store.members(group.id, who, before=None, limit=10, now=now_ms())
        return {member.user.user_id: member.role for _, member in rows}


async def too_many(world: World, who: str) -> None:
    """As many groups as anybody is in."""
    await world.pool.execute(
        "WITH room AS (INSERT INTO communication.rooms (id, kind, created_at)"
        " SELECT gen_random_uuid(), 'group', now() FROM generate_series(1, 200) RETURNING id)"
        " INSERT INTO communication.members (room_id, user_id, joined_at) SELECT id, $1, now() FROM room",
        who,
    )


async def a_code(world: World, key: SigningKey, *, expires_at: int | None = None) -> str:
    """Of an invitation to somebody's group."""
    owner = await world.person("Olga")
    party = Party(world)
    invitation = await party.invite(await party.of(owner), owner)
    if expires_at is not None:
        await world.pool.execute(
            "UPDATE communication.invitations SET expires_at = to_timestamp($2) WHERE id = $1",
            invitation,
            expires_at,
        )
    return written(key, invitation)


def ways_to_groups(world: World, owner: str) -> Mapping[str, Callable[[], Awaitable[str]]]:
    """For each endpoint about a group how one of this owner is made: its id."""

    async def group() -> str:
        return (await Party(world).of(owner)).id

    names = "group change_group end_group group_members put_member remove_member invitations invite"
    return dict.fromkeys((*names.split(), "revoke_invitation"), group)
