"""Reports on the real Postgres: filed once, with or without a block, by those who were there."""

import asyncio

import pytest

from core.clock import now_ms
from core.errors import NotFound
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.world import TODAY, World, since


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One that no running product looks at: it would perform the pending blocks."""
    return await new_database()


async def on_record(world: World, call: str) -> int:
    query = "SELECT count(*) FROM interaction.reports WHERE call_id = $1 AND status = 'open'"
    count: int = await world.pool.fetchval(query, call)
    return count


async def test_a_report_blocks_and_ends_the_connection(world: World) -> None:
    """In one step, as a block does, and the repeat adds nothing."""
    ana, ben = pair = await world.pair()
    row = await world.connected(pair)
    call = await world.talked(pair)
    for _ in range(2):
        await world.report(call, ana, ben, block=True)
    assert not (await world.connections.view(row.id, ben, TODAY)).active
    assert await world.eligibility.avoid(ben, since(now_ms())) == {ana}
    assert await on_record(world, call) == 1
    left = [p for p in await world.blocks.due(now_ms(), limit=1000) if p.blocker == ana]
    assert [(p.blocked, p.connection_id) for p in left] == [(ben, row.id)]


async def test_a_report_without_a_block_leaves_the_connection(world: World) -> None:
    """When the reporter says so; they are on no good terms all the same."""
    ana, ben = pair = await world.pair()
    row = await world.connected(pair)
    before = now_ms() - 1_000
    assert await world.eligibility.on_good_terms(ana, ben, since(before))
    await world.report(row.call_id, ana, ben)
    assert (await world.connections.view(row.id, ana, TODAY)).active
    assert await world.eligibility.avoid(ben, since(now_ms() + 1)) == frozenset()
    assert not await world.eligibility.on_good_terms(ben, ana, since(before))


async def test_a_repeat_does_not_block_whom_the_first_did_not(world: World) -> None:
    """Also one that was unblocked since."""
    ana, ben = pair = await world.pair()
    call = await world.talked(pair)
    await world.report(call, ana, ben)
    await world.report(call, ana, ben, block=True)
    assert await world.eligibility.avoid(ben, since(now_ms() + 1)) == frozenset()


async def test_both_may_report_one_call_at_once(world: World) -> None:
    """One report each, however often sent; the connection ends once."""
    pair = await world.pair()
    row = await world.connected(pair)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(
            *(world.report(row.call_id, *both, block=True) for both in (pair, pair[::-1]) for _ in range(3))
        )
    assert await on_record(world, row.call_id) == 2
    left = [p for p in await world.blocks.due(now_ms(), limit=1000) if p.blocker in pair]
    assert sorted(p.connection_id or "" for p in left) == ["", row.id]


async def test_only_who_was_there_reports(world: World) -> None:
    """Nobody is reported, or blocked, for a call that the reporter was not in."""
    ana, _ = pair = await world.pair()
    call = await world.talked(pair)
    cleo = await world.person("Cleo")
    with pytest.raises(NotFound):
        await world.report(call, cleo, ana, block=True)
    assert await world.eligibility.avoid(cleo, since(now_ms())) == frozenset()


async def test_only_the_reporter_sees_it_among_past_calls(world: World) -> None:
    """And only where the report ended the call, perhaps a moment later: a later one changes nothing."""
    ana, ben = pair = await world.pair()
    for after in (-500, 0, 1):
        now = now_ms()
        call = await world.offered(pair, now=now)
        await world.call_records.started(call, now)
        await world.call_records.ended(
            call, reason="hung_up", by=ana, duration_s=0, now=now, decision_deadline=None
        )
        await world.report(call, ana, ben, at=now + after)
        seen = []
        for user_id in pair:
            [latest] = await world.call_records.history(user_id, before=None, limit=1, now=TODAY)
            seen.append(latest.reason)
        assert seen == ["reported" if after <= 0 else "hung_up", "hung_up"]
