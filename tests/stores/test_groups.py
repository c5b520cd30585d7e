"""Groups in Postgres: who may do what, what newcomers read, and what a block leaves."""

import asyncio
from collections.abc import Sequence

import pytest

from core.clock import now_ms, to_datetime
from core.contract.chat import SystemNote
from core.contract.groups import GroupPatch, GroupView, NewGroup
from core.errors import Conflict, Expired, Forbidden, Gone, NotFound
from core.ids import new_id
from db.postgres.rooms import RoomChange
from tests.stores.grouping import Party
from tests.stores.world import TODAY, World


async def people(world: World, number: int) -> Sequence[str]:
    return [await world.person(f"Person {n}") for n in range(number)]


async def test_whoever_comes_and_goes_is_told_of_in_the_room(world: World) -> None:
    """Each as a message that counts; who has done it has read it."""
    party = Party(world)
    ana, ben, cleo = await people(world, 3)
    group = await party.of(ana, ben)
    await world.befriended((ana, cleo))
    await party.put(group, ana, cleo)
    await party.remove(group, ana, ben)
    await party.remove(group, cleo, cleo)
    messages = await party.read(group, ana)
    assert [message.seq for message in messages] == [1, 2, 3, 4, 5]
    assert {(message.type, message.sender_id, message.content) for message in messages} == {
        ("system", None, None)
    }
    assert [message.system for message in messages] == [
        SystemNote(kind="created", user_id=ana),
        SystemNote(kind="joined", user_id=ben),
        SystemNote(kind="added", user_id=cleo, by=ana),
        SystemNote(kind="removed", user_id=ben, by=ana),
        SystemNote(kind="left", user_id=cleo, by=cleo),
    ]
    view = await world.rooms.room(group.room_id, ana, TODAY)
    assert (view.kind, view.name, view.group_id, view.member_count) == ("group", "Runners", group.id, 1)
    # She has read what was said before Ben came, and not since.
    assert (view.read_seq, view.unread, await world.unread(ana)) == (1, 4, {group.room_id: 4})
    for gone in (ben, cleo):
        with pytest.raises(NotFound):
            await party.read(group, gone)
        assert await party.store.groups(gone, before=None, limit=10) == []


@pytest.mark.parametrize(("history", "read"), [("from_joining", [3, 4]), ("all", [1, 2, 3, 4])])
async def test_newcomers_read_what_the_group_lets_them(world: World, history: str, read: list[int]) -> None:
    """What was said before is never theirs to catch up with."""
    party = Party(world)
    ana, ben = await people(world, 2)
    new = NewGroup(name="Runners", history=history)  # type: ignore[arg-type]
    group = await party.of(ana, new=new)
    await world.say(group.room_id, ana)
    await party.join(await party.invite(group, ana), ben)
    await world.say(group.room_id, ana)
    assert [message.seq for message in await party.read(group, ben)] == read
    assert await world.unread(ben) == {group.room_id: 1}


async def test_a_block_leaves_of_each_others_messages_that_they_are_there(world: World) -> None:
    """Both ways, to nobody else, and until it is taken back; unread is what is seen."""
    party = Party(world)
    ana, ben, cleo = await people(world, 3)
    group = await party.of(ana, ben, cleo)
    before = await world.say(group.room_id, ben)
    assert set(before.members) == {ana, ben, cleo}
    await world.block(ana, ben)
    said = [await world.say(group.room_id, who) for who in (ana, ben, cleo)]
    # Who avoids nobody is told as anybody; of the others the outbox says who is told what.
    assert [set(each.members) for each in said] == [set(), set(), {ana, ben, cleo}]
    told = await world.rooms.to_announce([each.message.id for each in said], now_ms())
    apart = [set(told[each.message.id].apart) for each in said]
    assert apart == [{ben}, {ana}, set()]
    for reader, other in ((ana, ben), (ben, ana)):
        for message in await party.read(group, reader):
            hidden = message.sender_id == other
            assert (message.content is None) == (hidden or message.type == "system")
            assert (message.deleted_at is not None, message.client_id is None) == (
                hidden,
                hidden or message.type == "system",
            )
    assert [m.content is None for m in await party.read(group, cleo)] == [True] + [False] * 4
    # Of Ben's two none, of her own one none, of who came two, and Cleo's.
    assert await world.unread(ana) == {group.room_id: 3}
    view = await world.rooms.room(group.room_id, ana, TODAY)
    assert (view.unread, view.last_seq) == (3, 7)
    assert set((await world.read(group.room_id, ben, 7)).members) == {ben, cleo}
    assert (await world.rooms.members(group.room_id, ana)).members == tuple(sorted((ana, cleo)))
    await world.blocks.unblock(ana, ben)
    assert await world.unread(ana) == {group.room_id: 5}
    assert not [m for m in await party.read(group, ana) if m.deleted_at]


async def test_each_member_is_told_of_a_change_as_they_see_the_room(world: World) -> None:
    """All at once, and the same as each would read; who has gone is told that it is over for them."""
    party = Party(world)
    ana, ben, cleo, dora = await people(world, 4)
    group = await party.of(ana, ben, cleo, dora)
    for who in (ben, cleo, ben):
        await world.say(group.room_id, who)
    await world.read(group.room_id, cleo, 5)
    await world.block(cleo, ben)
    await party.remove(group, ana, dora)
    await world.say(group.room_id, ben)
    seen = await world.rooms.seen_by_members(RoomChange(group.room_id, dora))
    gone = seen.pop(dora)
    for who in (ana, ben, cleo):
        assert seen[who] == await world.rooms.room(group.room_id, who, TODAY)
    assert (seen[cleo].unread, seen[ana].unread, seen[ben].unread) == (1, 8, 3)
    latest = seen[cleo].last_message
    assert latest is not None
    assert (latest.seq, latest.content) == (9, None)
    assert (gone.active, gone.unread, gone.last_message, gone.name) == (False, 0, None, "Runners")


async def test_the_owner_leads_and_hands_over(world: World) -> None:
    """Admins invite, add and remove members; roles are the owner's to give."""
    party = Party(world)
    ana, ben, cleo, dora = await people(world, 4)
    group = await party.of(ana, ben, cleo)
    await world.befriended((cleo, dora))
    for refused in (
        party.put(group, cleo, ben, "admin"),
        party.put(group, cleo, dora),
        party.remove(group, cleo, ben),
        party.invite(group, cleo),
        party.store.change(group.id, cleo, GroupPatch(name="Walkers"), now_ms()),
        party.store.end(group.id, cleo, now_ms()),
    ):
        with pytest.raises(Forbidden):
            await refused
    await party.put(group, ana, cleo, "admin")
    await party.put(group, cleo, dora)
    with pytest.raises(Forbidden):
        await party.remove(group, cleo, ana)
    with pytest.raises(Conflict):
        await party.put(group, ana, ana, "member")
    await party.put(group, ana, cleo, "owner")
    assert await party.roles(group, ben) == {cleo: "owner", ana: "admin", ben: "member", dora: "member"}
    changed = await party.store.change(group.id, ana, GroupPatch(name="Walkers", description="x"), now_ms())
    assert (changed.name, changed.description, changed.role) == ("Walkers", "x", "admin")
    await party.remove(group, ana, ben)
    await party.remove(group, cleo, cleo)
    # Whoever has been there for longest: Ana made it.
    assert await party.roles(group, ana) == {ana: "owner", dora: "member"}
    assert (await party.notes(group, ana))[-2:] == [
        SystemNote(kind="left", user_id=cleo, by=cleo),
        SystemNote(kind="owner", user_id=ana),
    ]
    await party.store.end(group.id, ana, now_ms())
    with pytest.raises(Gone):
        await world.say(group.room_id, ana)
    with pytest.raises(NotFound):
        await party.store.group(group.id, ana)
    assert (await party.notes(group, dora))[-1] == SystemNote(kind="ended", by=ana)


async def test_who_has_ended_it_begins_it_again(world: World) -> None:
    """One who was removed comes back by whoever leads, one who has left by an invitation."""
    party = Party(world)
    ana, ben, cleo = await people(world, 3)
    for friend in (ben, cleo):
        await world.befriended((ana, friend))
    group = await party.of(ana, ben, cleo)
    await party.remove(group, ana, ben)
    await party.remove(group, cleo, cleo)
    invitation = await party.invite(group, ana)
    with pytest.raises(NotFound):
        await party.join(invitation, ben)
    with pytest.raises(Conflict):
        await party.put(group, ana, cleo)
    await party.put(group, ana, ben)
    await party.join(invitation, cleo)
    assert set(await party.roles(group, cleo)) == {ana, ben, cleo}
    assert [message.seq for message in await party.read(group, cleo)] == [7]
    stranger = await world.person()
    with pytest.raises(NotFound):
        await party.put(group, ana, stranger)


async def test_an_invitation_stands_for_so_many_for_so_long(world: World) -> None:
    """And as long as who has made it leads; who is a member uses nothing up."""
    party = Party(world)
    ana, ben, cleo, dora = await people(world, 4)
    group = await party.of(ana, ben)
    once = await party.invite(group, ana, max_uses=1)
    await party.join(once, ben)
    await party.join(once, cleo)
    late, revoked = await party.invite(group, ana), await party.invite(group, ana)
    await party.put(group, ana, ben, "admin")
    by_ben = await party.invite(group, ben)
    await party.invitations.revoke(group.id, ben, revoked, now_ms())
    await party.put(group, ana, ben, "member")
    for invitation, at in ((once, 0), (late, 8 * 86_400_000), (revoked, 0), (by_ben, 0)):
        with pytest.raises(Expired):
            await party.join(invitation, dora, now_ms() + at)
    with pytest.raises(NotFound):
        await party.join(new_id(), dora)
    standing = await party.invitations.invitations(group.id, ana, before=None, limit=9, now=now_ms())
    assert late in {each.id for each in standing}
    assert not {once, revoked, by_ben} & {each.id for each in standing}
    assert await party.invitations.forget(now_ms() + 9 * 86_400_000, limit=100) >= 4


async def test_a_group_is_full_at_its_bound_whoever_comes_at_once(world: World) -> None:
    """And nobody is in too many."""
    party = Party(world, most_members=3, most_groups=2)
    ana, *others = await people(world, 6)
    group = await party.of(ana)
    invitation = await party.invite(group, ana)
    outcomes = await asyncio.gather(*(party.join(invitation, who) for who in others), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 3 + ["NoneType"] * 2
    seqs = [message.seq for message in await party.read(group, ana)]
    assert seqs == [1, 2, 3]
    await party.of(ana)
    with pytest.raises(Conflict):
        await party.of(ana)


async def test_who_is_erased_has_left_and_the_group_has_another_owner(world: World) -> None:
    """By the erasure itself, whoever does it."""
    party = Party(world)
    ana, ben = await people(world, 2)
    group, alone = await party.of(ana, ben), await party.of(ana)
    await world.pool.execute(
        "UPDATE identity.users SET deleted_at = $2, username = NULL WHERE id = $1", ana, to_datetime(now_ms())
    )
    assert await party.roles(group, ben) == {ben: "owner"}
    assert (await party.notes(group, ben))[-2:] == [
        SystemNote(kind="left", user_id=ana),
        SystemNote(kind="owner", user_id=ben),
    ]
    ended = "SELECT ended_at IS NOT NULL FROM communication.rooms WHERE id = $1"
    assert await world.pool.fetchval(ended, alone.room_id)


async def test_another_name_is_told_and_what_is_cleared_is_gone(world: World) -> None:
    """A patch that changes nothing to read says nothing."""
    party = Party(world)
    ana = await world.person()
    group = await party.of(ana, new=NewGroup(name="Runners", description="Slowly."))

    async def change(**patch: str | None) -> GroupView:
        return await party.store.change(group.id, ana, GroupPatch(**patch), now_ms())  # type: ignore[arg-type]

    assert (await change(name="Runners", history="all")).history == "all"
    assert (await change(description=None)).description is None
    assert (await change(name="Walkers")).description is None
    assert (await party.notes(group, ana))[1:] == [SystemNote(kind="renamed", by=ana)]
