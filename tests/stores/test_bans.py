"""Bans on the real Postgres: when they hold, and that each takes effect once and again when it is changed."""

import asyncio

import pytest

from core.clock import now_ms, to_datetime
from core.errors import InvalidRequest, NotFound
from db.postgres.accounts import AccountStore
from db.postgres.bans import TAKEN_MS, BanStore, NewBan, ban_within, lift_within
from db.postgres.penalties import PenaltyStore
from services.bans import Bans
from tests.conftest import NewDatabase
from tests.stores.world import World

DAY = 86_400_000


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """A database of its own: a running product would enforce the bans."""
    return await new_database()


@pytest.fixture
def bans(world: World) -> BanStore:
    return BanStore(world.pool)


async def due(bans: BanStore, user_id: str, now: int) -> list[str]:
    return [ban.id for ban in await bans.due(now, limit=1000) if ban.user_id == user_id]


async def test_a_ban_holds_between_its_times(world: World, bans: BanStore) -> None:
    """Everywhere that asks: the fence, the queue, sign-in."""
    ana, now = await world.person(), now_ms()
    later = NewBan(user_id=ana, reason="spam", begins_at=now + DAY, until=now + 2 * DAY)
    async with world.pool.acquire() as connection:
        await ban_within(connection, later, now)
    for at, holds in ((now, False), (now + DAY, True), (now + 2 * DAY - 1, True), (now + 2 * DAY, False)):
        assert (ana in await world.eligibility.unfit([ana], at)) is holds
        assert len(await due(bans, ana, at)) == holds
    assert await bans.unban(ana, None, now)
    assert await world.eligibility.unfit([ana], now + DAY) == frozenset()
    assert await due(bans, ana, now + DAY + TAKEN_MS) == []


async def test_each_is_taken_by_one_node_until_it_has_taken_effect(world: World, bans: BanStore) -> None:
    """However it was written."""
    ana, now = await world.person(), now_ms()
    ban_id = await world.ban(ana)
    taken = await asyncio.gather(*(due(bans, ana, now) for _ in range(4)))
    assert sorted(map(len, taken)) == [0, 0, 0, 1]
    assert await due(bans, ana, now + TAKEN_MS - 1) == []
    assert await due(bans, ana, now + TAKEN_MS) == [ban_id]
    await bans.enforced(ban_id, now)
    assert await due(bans, ana, now + DAY) == []


@pytest.mark.parametrize("change", ["until = until + interval '1 day'", "lifted_at = NULL"])
async def test_a_ban_that_was_changed_takes_effect_again(world: World, bans: BanStore, change: str) -> None:
    """Its user may have come back in between."""
    ana, now = await world.person(), now_ms()
    ban_id = await world.ban(ana, until=now + DAY)
    await bans.enforced(ban_id, now)
    await world.pool.execute(f"UPDATE identity.bans SET {change} WHERE id = $1", ban_id)
    assert await due(bans, ana, now) == [ban_id]


async def test_a_ban_written_by_hand_in_any_order(world: World, bans: BanStore) -> None:
    """One that ends before it begins never holds, and breaks nothing."""
    ana, now = await world.person(), now_ms()
    ban_id = await world.ban(ana, until=now)
    await world.pool.execute(
        "UPDATE identity.bans SET begins_at = $2 WHERE id = $1", ban_id, to_datetime(now + DAY)
    )
    assert await world.eligibility.unfit([ana], now + DAY) == frozenset()
    assert await due(bans, ana, now + DAY) == []


async def test_sessions_end_after_the_offers_that_did_not_know_of_the_ban(
    world: World, bans: BanStore
) -> None:
    """A look for calls afterwards finds them."""
    ana, _ = await world.pair()
    await world.waits_for_offers_to(ana, bans.end_sessions(ana, now_ms()))


async def test_what_is_no_ban(world: World) -> None:
    """Nobody's login, no reason, no time."""
    ana, now, accounts = await world.person(), now_ms(), AccountStore(world.pool)
    with pytest.raises(NotFound):
        await accounts.named("nobody@example.org")
    for who in (ana, ana.upper(), f"{ana.upper()}@example.org"):
        assert await accounts.named(who) == ana
    for reason, until in ((" ", None), ("spam", now)):
        with pytest.raises(InvalidRequest):
            await Bans(PenaltyStore(world.pool)).ban(ana, reason=reason, until=until, by=None, now=now)


async def test_a_decision_bans_and_lifts_within_its_transaction(world: World, bans: BanStore) -> None:
    """Of two bans the one that was meant is lifted, once; what fails afterwards takes the ban along."""
    ana, now = await world.person(), now_ms()
    for_good = NewBan(user_id=ana, reason="spam")
    async with world.pool.acquire() as connection:
        begun = connection.transaction()
        await begun.start()
        await ban_within(connection, for_good, now)
        await begun.rollback()
        assert await due(bans, ana, now) == []
        async with connection.transaction():
            first = await ban_within(connection, for_good, now)
            second = await ban_within(connection, for_good, now)
            assert await lift_within(connection, first, None, now)
            assert not await lift_within(connection, first, None, now)
        assert await due(bans, ana, now) == [second]
        assert await lift_within(connection, second, None, now)
    assert await world.eligibility.unfit([ana], now) == frozenset()
    assert len(await world.pool.fetch("SELECT FROM identity.audit_log WHERE subject_id = $1", ana)) == 4
