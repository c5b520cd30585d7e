"""Rooms that need no connection, whose members join late and leave."""

import pytest

from core.clock import now_ms, to_datetime
from core.errors import Gone, NotFound
from core.ids import new_id
from tests.stores.world import TODAY, World


async def group(world: World, *people: str) -> str:
    """A room of nobody's connection; the first owns it."""
    room_id = new_id()
    await world.pool.execute(
        "WITH room AS (INSERT INTO communication.rooms (id, kind, created_at) VALUES ($1, 'group', now()))"
        " INSERT INTO communication.members (room_id, user_id, role)"
        " SELECT $1, who, CASE n WHEN 1 THEN 'owner' ELSE 'member' END"
        " FROM unnest($2::uuid[]) WITH ORDINALITY AS t (who, n)",
        room_id,
        people,
    )
    return room_id


async def join(world: World, room_id: str, who: str) -> None:
    """They see what is said from now on."""
    await world.pool.execute(
        "INSERT INTO communication.members (room_id, user_id, read_seq, delivered_seq, joined_seq)"
        " SELECT id, $2, last_seq, last_seq, last_seq FROM communication.rooms WHERE id = $1",
        room_id,
        who,
    )


async def leave(world: World, room_id: str, who: str) -> None:
    await world.pool.execute(
        "UPDATE communication.members SET left_at = now() WHERE room_id = $1 AND user_id = $2", room_id, who
    )


async def seqs(world: World, room_id: str, reader: str) -> list[int]:
    before, *_ = await world.rooms.history(room_id, reader, before_seq=None, after_seq=None, limit=100)
    after, *_ = await world.rooms.history(room_id, reader, before_seq=None, after_seq=0, limit=100)
    assert before == after
    return [message.seq for message in before]


async def test_a_room_needs_no_connection(world: World) -> None:
    """What its members say counts as anywhere, and the room tells what it is."""
    ana, ben, cleo = [await world.person(name) for name in ("Ana", "Ben", "Cleo")]
    room_id = await group(world, ana, ben, cleo)
    said = await world.say(room_id, ana)
    assert (said.message.seq, set(said.members)) == (1, {ana, ben, cleo})
    assert set((await world.read(room_id, ben, 1)).members) == {ana, ben, cleo}
    view = await world.rooms.room(room_id, ana, TODAY)
    assert (view.kind, view.role, view.member_count, view.active) == ("group", "owner", 3, True)
    assert (view.peer, view.connection_id) == (None, None)


async def test_who_joins_late_sees_what_is_said_from_then_on(world: World) -> None:
    """Neither read nor counted nor told is what was said before."""
    ana, ben = pair = await world.pair()
    room_id = await group(world, *pair)
    before = await world.say(room_id, ana)
    cleo = await world.person("Cleo")
    await join(world, room_id, cleo)
    after = await world.say(room_id, ben)
    assert set(after.members) == {ana, ben, cleo}
    assert (await seqs(world, room_id, cleo), await seqs(world, room_id, ana)) == ([2], [1, 2])
    assert await world.unread(cleo) == {room_id: 1}
    told = await world.rooms.to_announce([before.message.id, after.message.id], now_ms())
    assert set(told[before.message.id].members) == {ana, ben}
    assert set(told[after.message.id].members) == {ana, ben, cleo}


async def test_who_has_left_is_no_member(world: World) -> None:
    """They hear, say, read and see nothing there; the others go on."""
    ana, ben = pair = await world.pair()
    room_id = await group(world, *pair)
    said = await world.say(room_id, ben, client_id="1")
    await leave(world, room_id, ben)
    assert (await world.say(room_id, ana)).members == (ana,)
    for attempt in (
        world.say(room_id, ben),
        world.say(room_id, ben, client_id="1"),
        world.read(room_id, ben, 1),
        seqs(world, room_id, ben),
        world.rooms.members(room_id, ben),
        world.rooms.room(room_id, ben, TODAY),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await world.rooms.rooms(ben, before=None, limit=10, now=TODAY)).rooms == []
    assert await world.unread(ben) == {}
    assert (await world.rooms.members(room_id, ana)).members == (ana,)
    told = await world.rooms.to_announce([said.message.id], now_ms())
    assert told[said.message.id].members == (ana,)


async def test_a_room_ends_with_its_connection_whoever_ends_that(world: World) -> None:
    """Also a node of the version before, which knows nothing of the end of a room."""
    ana, ben = pair = await world.pair()
    connection = await world.connected(pair)
    await world.say(connection.room_id, ana)
    await world.pool.execute(
        "UPDATE interaction.connections SET ended_at = $2, ended_by = user_a WHERE id = $1",
        connection.id,
        to_datetime(now_ms()),
    )
    with pytest.raises(Gone):
        await world.say(connection.room_id, ben)
    assert not (await world.rooms.room(connection.room_id, ben, TODAY)).active
    assert await seqs(world, connection.room_id, ben) == [1]
