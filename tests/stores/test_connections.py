"""What a call leads to, on the real Postgres: connections and their end."""

import asyncio

import pytest

from core.clock import now_ms
from core.errors import Blocked, NotFound
from tests.patience import PATIENCE_S
from tests.stores.world import TODAY, World


async def test_a_yes_makes_a_connection_a_room_and_the_outcome(world: World) -> None:
    """All of it is there at once, and the same for both."""
    ana, ben = pair = await world.pair()
    row = await world.connected(pair)
    assert (row.user_a, row.user_b, row.active, row.video_enabled) == (*sorted(pair), True, False)
    assert (await world.rooms.members(row.room_id, ana)).members == tuple(sorted(pair))
    assert await world.call_records.open_calls(ana) == []
    mine = await world.connections.view(row.id, ana, TODAY)
    theirs = await world.connections.view(row.id, ben, TODAY)
    assert (mine.id, mine.room_id, mine.active) == (theirs.id, theirs.room_id, theirs.active)
    assert (mine.peer.user_id, theirs.peer.user_id) == (ben, ana)


async def test_connecting_again_gives_the_same_connection(world: World) -> None:
    """Whether the executor repeats itself or the pair meets again."""
    pair = await world.pair()
    row = await world.connected(pair)
    assert await world.connect(row.call_id, pair) == row
    assert await world.connect(await world.talked(pair), pair[::-1]) == row


async def test_a_repeat_does_not_revive_what_was_ended(world: World) -> None:
    """The call led to this connection; that it is over stays so. A later call makes a new one."""
    ana, _ = pair = await world.pair()
    row = await world.connected(pair)
    await world.connections.end(row.id, ana, now_ms())
    repeated = await world.connect(row.call_id, pair)
    assert (repeated.id, repeated.active) == (row.id, False)
    new = await world.connected(pair)
    assert new.id != row.id
    assert new.active


async def test_an_end_looks_the_same_with_a_block_and_without(world: World) -> None:
    """What one sees of the other ends with the connection, in its room too, whichever of them ended it."""
    ana = await world.person("Ana")
    seen = []
    for blocks in (False, True):
        ben = await world.person("Ben", city="Graz")
        row = await world.connected((ana, ben))
        if blocks:
            await world.block(ben, ana)
        await world.connections.end(row.id, ben, now_ms())
        view = await world.connections.view(row.id, ana, TODAY)
        room = await world.rooms.room(row.room_id, ana, TODAY)
        seen += [(peer.display_name, peer.city, peer.languages) for peer in (view.peer, room.peer) if peer]
    assert seen == [("Ben", None, [])] * 4


async def test_connecting_at_once_makes_one_connection(world: World) -> None:
    """Two nodes, two calls, either order of the pair: one connection with one room."""
    ana, ben = pair = await world.pair()
    calls = [await world.talked(pair) for _ in range(4)]
    async with asyncio.timeout(PATIENCE_S):
        rows = await asyncio.gather(
            *(world.connect(call, users) for call in calls for users in ((ana, ben), (ben, ana)))
        )
    assert len({(row.id, row.room_id) for row in rows}) == 1
    assert len(await world.connections.page(ana, before=None, limit=10, now=TODAY)) == 1


async def test_a_block_before_the_yes_forbids_the_connection(world: World) -> None:
    """No connection is made, whichever has blocked."""
    ana, ben = pair = await world.pair()
    call = await world.talked(pair)
    await world.block(ben, ana)
    with pytest.raises(Blocked):
        await world.connect(call, pair)
    assert await world.connections.page(ana, before=None, limit=10, now=TODAY) == []


async def test_connections_page_from_the_newest(world: World) -> None:
    """Only one's own, ended ones too, without gap or repeat."""
    ana = await world.person("Ana")
    rows = [await world.connected((ana, await world.person(f"P{n}"))) for n in range(3)]
    await world.connected(await world.pair())
    await world.connections.end(rows[0].id, ana, now_ms())
    first = await world.connections.page(ana, before=None, limit=2, now=TODAY)
    rest = await world.connections.page(ana, before=first[-1].id, limit=2, now=TODAY)
    assert [view.id for view in first + rest] == sorted((row.id for row in rows), reverse=True)
    assert {view.id: view.active for view in first + rest}[rows[0].id] is False


async def test_others_connections_are_not_found(world: World) -> None:
    """To see or to end."""
    row = await world.connected(await world.pair())
    cleo = await world.person("Cleo")
    with pytest.raises(NotFound):
        await world.connections.view(row.id, cleo, TODAY)
    with pytest.raises(NotFound):
        await world.connections.end(row.id, cleo, now_ms())
    ana = await world.connections.view(row.id, row.user_a, TODAY)
    assert ana.active


async def test_who_is_connected_with_whom(world: World) -> None:
    """Asked for many pairs at once, either way round; over when the connection is."""
    ana, ben = pair = await world.pair()
    cem, _ = await world.pair()
    row = await world.connected(pair)
    asked = [(ana, ben), (ben, ana), (ana, cem), (cem, ben)]
    assert await world.connections.connected(asked) == {(ana, ben), (ben, ana)}
    assert await world.connections.connected([]) == frozenset()
    await world.connections.end(row.id, ana, now_ms())
    assert await world.connections.connected(asked) == frozenset()


async def test_many_who_ask_who_is_there_at_once_share_a_statement(world: World) -> None:
    """Each hears of theirs alone: with whom they are connected, and who of them is in a call."""
    ana, ben = pair = await world.pair()
    cem, dee = other = await world.pair()
    await world.connected(pair)
    await world.connected(other)
    await world.offered((ben, dee))
    lists = [[(ana, ben), (ana, cem)], [(cem, dee)], [(cem, ana)], [], [(ana, ben)]]
    connected = await asyncio.gather(*map(world.connections.connected, lists))
    assert connected == [{(ana, ben)}, {(cem, dee)}, frozenset(), frozenset(), {(ana, ben)}]
    busy = await asyncio.gather(*map(world.call_records.in_call, ([ana, ben], [dee], [cem], [], [ben, dee])))
    assert busy == [{ben}, {dee}, frozenset(), frozenset(), {ben, dee}]


async def test_whether_two_are_connected_is_asked_anew_each_time(world: World) -> None:
    """Whoever asks after it has ended hears so, though an earlier question is still under way."""
    pair = await world.pair()
    row = await world.connected(pair)
    earlier = [world.connections.connected([pair]) for _ in range(3)]
    await world.connections.end(row.id, pair[0], now_ms())
    assert await world.connections.connected([pair]) == frozenset()
    await asyncio.gather(*earlier)
