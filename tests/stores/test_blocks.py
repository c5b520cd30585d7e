"""Blocks and the pending blocks that they leave, on the real Postgres."""

import asyncio

import pytest

from core.clock import now_ms
from db.postgres.blocks import TAKEN_MS, PendingBlock
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.world import TODAY, World, since


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at: it would perform the pending blocks."""
    return await new_database()


async def pending_blocks(world: World, of: str, *, now: int | None = None) -> list[PendingBlock]:
    """Those of this blocker which can be taken now."""
    return [p for p in await world.blocks.due(now or now_ms(), limit=1000) if p.blocker == of]


async def test_a_block_ends_the_connection_and_leaves_a_pending_block(world: World) -> None:
    """In one step, and a repeat adds nothing."""
    ana, ben = pair = await world.pair()
    row = await world.connected(pair)
    first, left = await world.blocks.block(ana, ben, None, now_ms())
    assert await world.blocks.block(ana, ben, None, now_ms() + 5) == (first, None)
    assert not (await world.connections.view(row.id, ben, TODAY)).active
    assert await world.connections.connected([pair]) == frozenset()
    assert await world.eligibility.avoid(ben, since(now_ms())) == {ana}
    [pending] = await pending_blocks(world, ana)
    assert (pending.blocked, pending.connection_id) == (ben, row.id)
    assert pending == left


async def test_a_pending_block_is_taken_by_one_node_at_a_time_until_it_is_settled(world: World) -> None:
    """However late the clock of the process that left it."""
    ana, ben = await world.pair()
    now = now_ms()
    await world.blocks.block(ana, ben, None, now + 60_000)
    taken = await asyncio.gather(*(pending_blocks(world, ana, now=now) for _ in range(4)))
    assert sorted(map(len, taken)) == [0, 0, 0, 1]
    assert await pending_blocks(world, ana, now=now + TAKEN_MS - 1) == []
    [again] = await pending_blocks(world, ana, now=now + TAKEN_MS)
    await world.blocks.settled(again.id)
    assert await pending_blocks(world, ana, now=now + 10 * TAKEN_MS) == []


async def test_a_pending_block_that_its_node_takes_with_the_block_is_left_to_it(world: World) -> None:
    """Nobody else finds it before that node has had its time."""
    ana, ben = await world.pair()
    now = now_ms()
    _, pending = await world.blocks.block(ana, ben, None, now, take=True)
    assert await pending_blocks(world, ana, now=now + TAKEN_MS - 1) == []
    assert await pending_blocks(world, ana, now=now + TAKEN_MS) == [pending]


async def test_an_unblock_revives_nothing(world: World) -> None:
    """The connection stays ended and what the block asked for is still done; then they may meet anew."""
    ana, ben = pair = await world.pair()
    row = await world.connected(pair)
    await world.blocks.block(ana, ben, None, now_ms())
    await world.blocks.unblock(ana, ben)
    assert not (await world.connections.view(row.id, ana, TODAY)).active
    assert len(await pending_blocks(world, ana)) == 1
    assert await world.eligibility.avoid(ana, since(now_ms() + 1)) == frozenset()
    assert (await world.connected(pair)).active


async def test_a_block_by_the_other_is_not_undone(world: World) -> None:
    """Each takes back their own alone."""
    ana, ben = pair = await world.pair()
    await world.talked(pair)
    await world.blocks.block(ana, ben, None, now_ms())
    await world.blocks.block(ben, ana, None, now_ms())
    await world.blocks.unblock(ana, ben)
    assert await world.eligibility.avoid(ana, since(now_ms() + 1000)) == {ben}


async def test_what_is_open_between_two(world: World) -> None:
    """Calls that go on and decisions that are open, of these two alone."""
    ana, ben = pair = await world.pair()
    cem = await world.person("Cem")
    decision = await world.talked(pair)
    over = await world.offered(pair)
    await world.end(over, reason="declined")
    await world.talked((ana, cem))
    offer = await world.offered(pair)
    assert set(await world.blocks.open_between(ana, ben)) == {decision, offer}
    assert set(await world.blocks.open_between(ben, ana)) == {decision, offer}
    assert await world.blocks.open_between(ben, cem) == []


async def test_a_block_and_an_offer_at_once(world: World) -> None:
    """Whichever is first: no offer after the block, and a block after the offer finds it."""
    for _ in range(10):
        ana, ben = pair = await world.pair()
        call_id = f"{(await world.person())[:-4]}0000"
        async with asyncio.timeout(PATIENCE_S):
            refusal, _ = await asyncio.gather(
                world.offer(call_id, pair), world.blocks.block(ben, ana, None, now_ms())
            )
        assert await world.blocks.open_between(ana, ben) == ([call_id] if refusal is None else [])


async def test_a_block_waits_for_the_fence(world: World) -> None:
    """While an offer to either is decided on, so that a look after the block finds it."""
    ana, ben = await world.pair()
    await world.waits_for_offers_to(ana, world.blocks.block(ben, ana, None, now_ms()))


async def test_blocking_each_other_at_once(world: World) -> None:
    """Neither waits for the other for ever, and one connection ends once."""
    ana, ben = pair = await world.pair()
    row = await world.connected(pair)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(
            world.blocks.block(ana, ben, None, now_ms()), world.blocks.block(ben, ana, None, now_ms())
        )
    left = [*await pending_blocks(world, ana)]
    left += [p for p in await world.blocks.due(now_ms() + TAKEN_MS, limit=1000) if p.blocker == ben]
    assert sorted(p.connection_id or "" for p in left) == ["", row.id]
