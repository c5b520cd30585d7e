"""Which of somebody's rooms have changed since they looked: nothing is missed, whoever commits when."""

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.contract.chat import RoomView
from core.contract.groups import GroupPatch, GroupView
from db.postgres.rooms import Moment, RoomChange
from tests.stores.grouping import Party
from tests.stores.settling import all_has_ended
from tests.stores.world import TODAY, World


class Looking:
    """Somebody who looks at their rooms from time to time."""

    def __init__(self, world: World, who: str) -> None:
        self.world, self.who = world, who
        self.moment: Moment | None = None

    async def changed(self) -> list[RoomView]:
        """Since they looked last; at first, all. Whatever was done before is over by now."""
        await all_has_ended(self.world.pool)
        return await self.changed_by_now()

    async def changed_by_now(self) -> list[RoomView]:
        """The same, whatever goes on."""
        found = await self.world.rooms.rooms(self.who, before=None, limit=100, now=TODAY, since=self.moment)
        self.moment = found.moment
        return found.rooms

    async def ids(self) -> list[str]:
        return [room.id for room in await self.changed()]


@pytest.fixture
async def people(world: World) -> list[str]:
    return [await world.person(name) for name in ("Ana", "Ben", "Cleo")]


@pytest.fixture
async def group(world: World, people: list[str]) -> GroupView:
    return await Party(world).of(*people)


async def test_a_room_has_changed_by_whatever_its_view_shows(
    world: World, people: list[str], group: GroupView
) -> None:
    """Once for each look, and other rooms have not; what others read is no change of the view."""
    ana, ben, cleo = people
    room = (await world.connected((ana, ben))).room_id
    party, looking = Party(world), Looking(world, ana)
    assert await looking.ids() == [room, group.room_id]
    assert await looking.ids() == []
    await world.say(room, ben)
    [seen] = await looking.changed()
    assert seen == await world.rooms.room(room, ana, TODAY)
    assert (seen.unread, seen.last_seq) == (1, 1)
    await world.read(room, ana, 1)
    assert [(each.id, each.unread) for each in await looking.changed()] == [(room, 0)]
    await world.say(room, ana)
    assert await looking.ids() == [room]
    await world.read(room, ben, 2)
    assert await looking.ids() == []
    await party.store.change(group.id, ana, GroupPatch(name="Walkers"), now_ms())
    assert [each.name for each in await looking.changed()] == ["Walkers"]
    await party.put(group, ana, ben, "admin")
    assert await looking.ids() == [group.room_id]
    await party.put(group, ana, ben, "owner")
    assert [each.role for each in await looking.changed()] == ["admin"]
    await party.remove(group, cleo, cleo)
    assert [each.member_count for each in await looking.changed()] == [2]
    await world.pool.execute("UPDATE identity.profiles SET display_name = 'Bea' WHERE user_id = $1", ben)
    [seen] = await looking.changed()
    assert (seen.id, seen.peer and seen.peer.display_name) == (room, "Bea")
    await world.block(ben, cleo)
    assert await looking.ids() == []


async def test_what_one_has_left_is_told_once_and_nothing_of_what_came_later(
    world: World, people: list[str], group: GroupView
) -> None:
    ana, ben, _ = people
    party, looking = Party(world), Looking(world, ben)
    await looking.changed()
    await party.remove(group, ana, ben)
    await party.store.change(group.id, ana, GroupPatch(name="Without Ben"), now_ms())
    [gone] = await looking.changed()
    assert (gone.id, gone.active, gone.last_message, gone.unread) == (group.room_id, False, None, 0)
    assert gone.left_at is not None
    assert (gone.last_seq, gone.member_count) == (gone.read_seq, 0)
    assert gone.name is None
    await world.say(group.room_id, ana)
    assert await looking.ids() == []
    assert await Looking(world, ben).ids() == []  # who looks for the first time knows of none


async def test_what_was_under_way_while_one_looked_is_there_at_the_next_look(
    world: World, people: list[str], group: GroupView
) -> None:
    """Though others that began later were committed before."""
    ana, ben, _ = people
    room = (await world.connected((ana, ben))).room_id
    looking = Looking(world, ana)
    await looking.changed()
    async with world.pool.acquire() as connection:
        slow = connection.transaction()
        await slow.start()
        await connection.execute("UPDATE communication.rooms SET last_news = last_news WHERE id = $1", room)
        await world.say(group.room_id, ben)
        assert group.room_id in [each.id for each in await looking.changed_by_now()]
        await slow.commit()
    assert room in await looking.ids()
    assert await looking.ids() == []


async def test_a_moment_that_cannot_be_compared_gives_everything(
    world: World, people: list[str], group: GroupView
) -> None:
    """Of another history of the database, of what it has lost, and of too long ago."""
    looking = Looking(world, people[0])
    await looking.changed()
    assert looking.moment is not None
    seen, history = looking.moment.seen, looking.moment.history
    for moment in (
        replace(looking.moment, history=history - 1),
        replace(looking.moment, seen=seen + 1_000_000),
        replace(looking.moment, seen=seen - 2_100_000_000),
    ):
        looking.moment = moment
        assert await looking.ids() == [group.room_id]
    assert await looking.ids() == []


async def test_pages_of_what_has_changed_have_each_room_once(world: World, people: list[str]) -> None:
    ana, ben, _ = people
    groups = [await Party(world).of(ana, ben) for _ in range(3)]
    looking = Looking(world, ben)
    await looking.changed()
    for each in groups:
        await world.say(each.room_id, ana)
    before, ids = None, []
    while page := (
        await world.rooms.rooms(ben, before=before, limit=2, now=TODAY, since=looking.moment)
    ).rooms:
        ids += [room.id for room in page]
        before = ids[-1]
    assert ids == sorted((each.room_id for each in groups), reverse=True)


async def test_who_is_far_behind_costs_no_more_than_the_latest(world: World, people: list[str]) -> None:
    """Up to 1,000 behind unread is exact, and beyond that of the latest 1,000; the same in all places."""
    ana, ben, cleo = people
    party = Party(world)
    group = await party.of(ana, ben, cleo)
    await world.pool.execute(
        "WITH said AS (INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at)"
        " SELECT gen_random_uuid(), $1, n, CASE WHEN n % 10 = 0 THEN $2::uuid ELSE $3 END, n::text, 'text',"
        " 'hi', now() FROM generate_series(4, 3003) AS n)"
        " UPDATE communication.rooms SET last_seq = 3003 WHERE id = $1",
        group.room_id,
        ana,
        ben,
    )
    await world.read(group.room_id, cleo, 2_503)
    # Cleo is 500 behind. Of Ana's latest 1,000 there are 900 of Ben, of what came before all count.
    expected = {ana: 3_002 - 1_000 + 900, cleo: 500}
    told = await world.rooms.seen_by_members(RoomChange(group.room_id, None))
    for who, unread in expected.items():
        assert (await world.rooms.room(group.room_id, who, TODAY)).unread == unread
        assert (await world.unread(who))[group.room_id] == unread
        assert told[who].unread == unread
