"""Strikes on the real Postgres: with their bans they come and go."""

import pytest

from core.clock import now_ms
from db.postgres.audit import AuditLog
from db.postgres.bans import BanStore, lift_within
from db.postgres.strikes import Struck, lift_strike_within
from tests.conftest import NewDatabase
from tests.stores.world import World

DAY = 86_400_000


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """A database of its own: a running product would enforce the bans."""
    return await new_database()


async def links(world: World, given: Struck) -> tuple[bool, bool]:
    """Whether the strike and its ban name each other, and whether the strike counts."""
    query = "SELECT s.lifted_at IS NULL AS counts, b.strike_id = s.id AS linked FROM safety.strikes s"
    row = await world.pool.fetchrow(
        f"{query} LEFT JOIN identity.bans b ON b.id = s.ban_id WHERE s.id = $1", given.strike_id
    )
    return bool(row["linked"]), row["counts"]


async def test_a_warning_bans_nobody(world: World) -> None:
    ana = await world.person()
    given = await world.strike(ana, "warn")
    assert given.ban_id is None
    assert await world.eligibility.unfit([ana], now_ms()) == frozenset()


async def test_a_strike_and_its_ban_are_lifted_together(world: World) -> None:
    """Whichever of them is lifted; others go on."""
    ana, now = await world.person(), now_ms()
    first = await world.strike(ana, "suspend", until=now + DAY)
    second = await world.strike(ana)
    assert second.ban_id
    for given in (first, second):
        assert await links(world, given) == (True, True)
    async with world.pool.acquire() as connection:
        assert await lift_strike_within(connection, first.strike_id, None, now)
        assert not await lift_strike_within(connection, first.strike_id, None, now)
        assert await world.eligibility.unfit([ana], now + 1)
        assert await links(world, second) == (True, True)
        assert await lift_within(connection, second.ban_id, None, now)
    assert await links(world, second) == (True, False)
    assert await world.eligibility.unfit([ana], now + 1) == frozenset()


@pytest.mark.parametrize("lifted", ["strike", "ban", "user"])
async def test_whoever_lifts_a_strike_grants_the_appeal(world: World, lifted: str) -> None:
    """Nothing waits to be decided, who did it is told, and it is on the audit log once."""
    ana, mod, now = await world.person(), await world.person("Mod"), now_ms()
    given = await world.strike(ana)
    assert given.ban_id
    appeal_id = await world.appeal_against(given, ana)
    async with world.pool.acquire() as connection, connection.transaction():
        if lifted == "strike":
            await lift_strike_within(connection, given.strike_id, mod, now)
        elif lifted == "ban":
            await lift_within(connection, given.ban_id, mod, now)
    if lifted == "user":
        assert await BanStore(world.pool).unban(ana, mod, now)
    row = await world.pool.fetchrow("SELECT state, decided_by FROM safety.appeals WHERE id = $1", appeal_id)
    assert tuple(row) == ("granted", mod)
    log = await AuditLog(world.pool).entries(user_id=ana, before=None, limit=9)
    assert [(e.actor, e.details) for e in log if e.action == "appeal_decided"] == [
        (mod, {"appeal": appeal_id, "strike": given.strike_id, "state": "granted"})
    ]


async def test_unbanning_lifts_the_strikes_too(world: World) -> None:
    """They cannot be appealed any more, and count no more."""
    ana, now = await world.person(), now_ms()
    given = [await world.strike(ana) for _ in range(2)]
    assert await BanStore(world.pool).unban(ana, None, now)
    assert [await links(world, one) for one in given] == [(True, False)] * 2
