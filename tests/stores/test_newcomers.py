"""Newcomers who are as old as somebody who was banned lately, among few people: each test has its own."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.ids import new_id
from db.postgres.suspicions import SuspicionStore
from services.marks import Sighting
from services.returning import DEFAULT_RULE
from services.trust import TrustService
from tests.conftest import NewDatabase
from tests.stores.test_marks import DAY, avoided, by_rule, on, person, tier
from tests.stores.test_marks import trust as trust  # noqa: PLC0414 - a fixture
from tests.stores.world import World, world_at


@pytest.fixture
async def world(new_database: NewDatabase) -> AsyncIterator[World]:
    """Without those of other tests: whoever was banned lately keeps newcomers of their age from some."""
    async with world_at(await new_database()) as world:
        yield world


async def test_who_gets_banned_on_purpose_takes_few_people_from_newcomers_of_their_age(
    world: World, trust: TrustService
) -> None:
    """Else a few who annoy everybody would leave all new men of 30 without women."""
    rule = replace(DEFAULT_RULE, newcomer_accounts=0, newcomer_alike=1.0, newcomer_lost=0.05)
    sightings = by_rule(world, trust, rule)

    async def born(year: int, month: int, name: str) -> str:
        return await world.person(name, birth_date=date(year, month, 1), gender="other")

    old = {year: await born(year, 1, "Old") for year in (1911, 1921)}
    everybody = [await person(world) for _ in range(40)]
    for user in (*old.values(), *everybody):
        await sightings.sign_in(Sighting(user_id=user), now_ms())
    for avoider in everybody:
        await world.block(avoider, old[1911])
    await world.block(everybody[0], old[1921])
    for user in old.values():
        await world.ban(user)
    new = {year: await born(year, 6, "New") for year in old}
    for user in new.values():
        await sightings.sign_in(Sighting(user_id=user), now_ms())
    assert await avoided(world, new[1911]) == frozenset()
    assert await avoided(world, new[1921]) == {everybody[0]}


async def test_newcomers_as_old_as_somebody_banned_are_kept_apart_and_nothing_else(
    world: World, trust: TrustService
) -> None:
    """That is no suspicion: nobody is shown or clears it, and it leads to nobody else."""
    rule = replace(DEFAULT_RULE, newcomer_accounts=0, newcomer_alike=1.0, newcomer_lost=1.0)
    sightings = by_rule(world, trust, rule)

    async def born(month: int, name: str, gender: str = "other") -> str:
        return await world.person(name, birth_date=date(1931, month, 1), gender=gender)

    early, ben = await born(1, "Early"), await born(2, "Ben")
    ana, eve = [await person(world) for _ in range(2)]
    await sightings.sign_in(Sighting(user_id=ben), now_ms())
    await world.block(ana, ben)
    await world.ban(ben)
    new, other = await born(3, "New"), await born(4, "Other", "male")
    for user in (early, new, other):
        await sightings.sign_in(Sighting(user_id=user), now_ms())
    assert (await tier(world, new), await avoided(world, new)) == ("neutral", frozenset({ana}))
    assert await avoided(world, early) == await avoided(world, other) == frozenset()
    assert await sightings.look(new, new, now_ms()) == []
    assert not await sightings.clear(new, eve, now_ms())

    await world.block(eve, new)
    await world.ban(new)
    last = await born(5, "Last")
    await sightings.sign_in(on(device := new_id(), new), now_ms())
    await sightings.sign_in(on(device, last), now_ms())
    assert await avoided(world, last) == {ana, eve}  # the one as old as Ben, the other on the same device
    assert [why.of_user_id for why in await sightings.look(last, last, now_ms())] == [new]
    while await SuspicionStore(world.pool).lapse(now_ms() + DAY, limit=1):
        pass
    assert await avoided(world, new) == {eve}
    kept = "SELECT count(*) FROM safety.suspicions WHERE kind = 'age'"
    assert await world.pool.fetchval(kept) == 0
