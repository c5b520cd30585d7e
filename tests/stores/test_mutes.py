"""A room that is quiet for one of its members: what is said there waits to be read, and is not pushed."""

import pytest

from core.clock import LATEST_MS, now_ms, rfc3339
from core.errors import NotFound
from db.postgres.mutes import MuteStore
from services.room_pushes import PushRoom, PushRoomAgain
from tests.stores.grouping import Party
from tests.stores.test_room_pushes import Pocket, friends, pocket  # noqa: F401
from tests.stores.world import World

HOUR_MS = 3_600_000


async def test_nothing_said_in_a_quiet_room_is_pushed_and_it_counts_as_unread(pocket: Pocket) -> None:  # noqa: F811
    ana, ben, room = await friends(pocket)
    mutes = MuteStore(pocket.world.pool)
    await mutes.mute(room, ben, LATEST_MS)
    await pocket.world.say(room, ana, "Hello")
    await pocket.asking.ask([room])
    assert await pocket.waiting(room) == []
    await pocket.node.push(PushRoom(room_id=room, moment=1))
    await pocket.node.again(PushRoomAgain(room_id=room, user_id=ben, device_id=ben))
    assert pocket.shown == []
    assert (await pocket.world.rooms.room(room, ben, now_ms())).unread == 1
    await mutes.mute(room, ben, None)
    await pocket.asking.ask([room])
    assert await pocket.waiting(room) == ["push-room"]
    await pocket.node.push(PushRoom(room_id=room, moment=2))
    assert pocket.shown == [(ben, "Ana", "Hello")]


async def test_it_is_quiet_for_one_and_until_then(pocket: Pocket) -> None:  # noqa: F811
    """Who was told nothing meanwhile is told what comes after."""
    ana, ben, room = await friends(pocket)
    await pocket.give(ana)
    mutes = MuteStore(pocket.world.pool)
    until = now_ms() + HOUR_MS
    await mutes.mute(room, ben, until)
    await pocket.world.say(room, ana, "Hello")
    await pocket.world.say(room, ben, "Hello yourself")
    found = await pocket.store.unsent(room, 1, until - 1)
    assert [each.user_id for each in found] == [ana]
    assert await pocket.store.with_devices([room], until - 1) == [room]
    found = await pocket.store.unsent(room, 1, until)
    assert [each.user_id for each in found] == sorted((ana, ben))


async def test_in_a_quiet_group_answers_to_oneself_are_pushed(pocket: Pocket) -> None:  # noqa: F811
    """Not those to others, nor one's own, nor of whom a block parts one; the newest of them, once."""
    world = pocket.world
    ana, ben, cleo = [await world.person(name) for name in ("Ana", "Ben", "Cleo")]
    group = await Party(world).of(ana, ben, cleo)
    await pocket.give(ben)
    await MuteStore(world.pool).mute(group.room_id, ben, LATEST_MS)
    bens = (await world.say(group.room_id, ben, "Who comes?")).message.id
    anas = (await world.say(group.room_id, ana, "Not I")).message.id
    await world.say(group.room_id, cleo, "To Ana", reply_to=anas)
    await world.say(group.room_id, ben, "To myself", reply_to=bens)
    await pocket.node.push(PushRoom(room_id=group.room_id, moment=1))
    assert pocket.shown == []
    await world.say(group.room_id, cleo, "I do", reply_to=bens)
    await world.say(group.room_id, ana, "To all")
    await pocket.asking.ask([group.room_id])
    assert await pocket.waiting(group.room_id) == ["push-room"]
    for moment in (2, 3):
        await pocket.node.push(PushRoom(room_id=group.room_id, moment=moment))
    assert pocket.shown == [(ben, "Runners", "Cleo: I do")]
    await world.say(group.room_id, cleo, "And Dan", reply_to=bens)
    await world.block(ben, cleo)
    await pocket.node.push(PushRoom(room_id=group.room_id, moment=4))
    assert len(pocket.shown) == 1


async def test_a_quiet_room_is_seen_so_by_its_member_alone(world: World) -> None:
    """Also in the list of what has changed; who comes back to a group hears of it again."""
    ana, ben = await world.pair()
    party, mutes = Party(world), MuteStore(world.pool)
    group = await party.of(ana, ben)
    before = (await world.rooms.rooms(ben, before=None, limit=10, now=now_ms())).moment
    until = now_ms() + HOUR_MS
    await mutes.mute(group.room_id, ben, until)
    changed = await world.rooms.rooms(ben, before=None, limit=10, now=now_ms(), since=before)
    assert [room.muted_until for room in changed.rooms] == [rfc3339(until)]
    assert (await world.rooms.room(group.room_id, ana, now_ms())).muted_until is None
    await mutes.mute(group.room_id, ben, LATEST_MS)
    assert (await world.rooms.room(group.room_id, ben, now_ms())).muted_until == "9999-12-31T23:59:59.999Z"
    told = await world.rooms.changed([group.room_id])
    seen = await world.rooms.seen_by_members(told[group.room_id])
    assert {who: view.muted_until is not None for who, view in seen.items()} == {ana: False, ben: True}
    await party.remove(group, ben, ben)
    with pytest.raises(NotFound):
        await mutes.mute(group.room_id, ben, None)
    await party.join(await party.invite(group, ana), ben)
    assert (await world.rooms.room(group.room_id, ben, now_ms())).muted_until is None


async def test_only_members_find_a_room(world: World) -> None:
    ana, ben = await world.pair()
    room = (await world.connected((ana, ben))).room_id
    with pytest.raises(NotFound):
        await MuteStore(world.pool).mute(room, await world.person("Cleo"), None)
