"""Marks, and whom they make a suspect, on the real Postgres: what is noted, forgotten, found and cleared."""

import asyncio
from datetime import date
from itertools import count

import pytest

from core.clock import now_ms, to_datetime
from core.ids import new_id
from core.keys import Keyring
from db.postgres.audit import AuditLog
from db.postgres.bans import lift_within
from db.postgres.marks import Mark, MarkStore
from db.postgres.suspicions import Suspicion, SuspicionStore
from db.postgres.trust import TrustStore
from services.marks import Marker, Sighting
from services.returning import DEFAULT_RULE, ReturnRule
from services.sightings import Sightings
from services.trust import TrustService
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.world import World, since

DAY = 86_400_000
BABBLE = "".join(chr(c) for c in range(ord("a"), ord("z") + 1))
_numbers = count(1)


@pytest.fixture(scope="session")
async def database_url(new_database: NewDatabase) -> str:
    """One of their own: how rare a mark is depends on everybody in it."""
    return await new_database()


@pytest.fixture
def trust(world: World) -> TrustService:
    return TrustService(
        TrustStore(world.pool), now_ms, new_id, window_ms=30 * DAY, early_ms=3_000, review_ms=DAY
    )


@pytest.fixture
def sightings(world: World, trust: TrustService) -> Sightings:
    return by_rule(world, trust, DEFAULT_RULE)


def by_rule(world: World, trust: TrustService, rule: ReturnRule) -> Sightings:
    marker = Marker(Keyring("a secret of thirty-two characters!").keys("marks of accounts"))
    return Sightings(MarkStore(world.pool), SuspicionStore(world.pool), marker, trust, rule)


async def person(world: World) -> str:
    """Somebody who has neither name nor birthday in common with others."""
    n = next(_numbers)
    name = "".join(BABBLE[int(digit)] for digit in str(n) + str(n * 7919))
    return await world.person(name, birth_date=date.fromordinal(725_000 + 37 * n % 9_000))


async def tier(world: World, user_id: str) -> str:
    return str(await world.pool.fetchval("SELECT tier FROM identity.users WHERE id = $1", user_id))


def on(device: str, user_id: str) -> Sighting:
    return Sighting(user_id=user_id, device_ids=(device,))


async def avoided(world: World, user_id: str) -> frozenset[str]:
    return await world.eligibility.avoid(user_id, since(now_ms()))


async def test_who_comes_back_on_the_same_device_is_kept_from_those_who_blocked_or_reported(
    world: World, sightings: Sightings
) -> None:
    """And is a suspect. From everybody whom the old account met otherwise, they are not kept."""
    ana, ada, eve, ben, again = [await person(world) for _ in range(5)]
    device = new_id()
    await sightings.seen([on(device, ben)], now_ms())
    await world.block(ana, ben)
    await world.report(await world.talked((ada, ben)), ada, ben)
    await world.talked((eve, ben))
    await world.ban(ben)
    await sightings.seen([on(device, again)], now_ms())
    assert await tier(world, again) == "suspect"
    assert await avoided(world, again) == {ana, ada}
    assert again in await avoided(world, ana)
    refusal = await world.offer(new_id(), (ada, again))
    assert refusal is not None
    assert refusal.reason in ("trust", "blocked")
    [why] = await sightings.look(again, again, now_ms())
    assert (why.of_user_id, why.kind, why.suspect, why.cleared_at) == (ben, "device", True, None)
    log = await AuditLog(world.pool).entries(user_id=again, before=None, limit=10)
    assert [e.details["standing"]["returning"] for e in log if e.action == "tier_changed"] == [True]


async def test_a_block_after_the_return_counts_too(world: World, sightings: Sightings) -> None:
    """Ana finds out late whom she has met: her block of the old account keeps the new one from her."""
    ana, ben, again = [await person(world) for _ in range(3)]
    device = new_id()
    await sightings.seen([on(device, ben)], now_ms())
    await world.ban(ben)
    await sightings.seen([on(device, again)], now_ms())
    assert await avoided(world, again) == frozenset()
    await world.block(ana, ben)
    assert await avoided(world, again) == {ana}


async def test_a_ban_marks_who_was_never_seen(world: World, sightings: Sightings) -> None:
    """Their mailbox, so that it opens no other account."""
    ben = await person(world)
    await world.ban(ben)
    await sightings.banned(ben, now_ms())
    query = "SELECT barred FROM safety.known_marks WHERE user_id = $1 AND kind = 'email'"
    assert [row["barred"] for row in await world.pool.fetch(query, ben)] == [True]


async def test_a_suspicion_may_come_at_the_third_sign_in_and_by_a_later_ban(
    world: World, sightings: Sightings
) -> None:
    ana, ben, again, other = [await person(world) for _ in range(4)]
    device = new_id()
    await sightings.seen([on(device, ben), on(device, other)], now_ms())
    await world.block(ana, ben)
    await world.ban(ben)
    for elsewhere in (new_id(), new_id()):
        await sightings.seen([on(elsewhere, again)], now_ms())
    assert await tier(world, again) == "neutral"
    await sightings.seen([on(device, again)], now_ms())
    assert (await tier(world, again), await tier(world, other)) == ("suspect", "neutral")
    await sightings.banned(ben, now_ms())
    assert await tier(world, other) == "suspect"
    assert await avoided(world, ana) == {ben, again, other}


async def test_who_comes_back_twice_is_known_by_the_first_return(world: World, sightings: Sightings) -> None:
    """The second device was never seen with the banned account; and the second return is banned or not."""
    ana, ben, second, third = [await person(world) for _ in range(4)]
    one, two = new_id(), new_id()
    await sightings.seen([on(one, ben)], now_ms())
    await world.block(ana, ben)
    await world.ban(ben)
    await sightings.seen([on(one, second)], now_ms())
    await sightings.seen([on(two, second)], now_ms())
    await sightings.seen([on(two, third)], now_ms())
    assert await avoided(world, third) == {ana}
    await world.ban(second)
    fourth = await person(world)
    await sightings.seen([on(two, fourth)], now_ms())
    assert {why.of_user_id for why in await sightings.look(fourth, fourth, now_ms())} == {ben, second}


async def test_nobody_is_suspected_for_an_account_that_is_in_good_standing(
    world: World, sightings: Sightings
) -> None:
    """Nor for a ban that is over, or lifted, nor on an account that is much older than the ban."""
    ben, over, lifted, again, old = [await person(world) for _ in range(5)]
    device = new_id()
    await sightings.seen([on(device, who) for who in (ben, over, lifted)], now_ms())
    await world.ban(over, until=now_ms() - 1)
    async with world.pool.acquire() as connection:
        await lift_within(connection, await world.ban(lifted), None, now_ms())
    await sightings.seen([on(device, again)], now_ms())
    assert await sightings.look(again, again, now_ms()) == []
    await world.pool.execute(
        "UPDATE identity.users SET created_at = $2 WHERE id = $1", old, to_datetime(now_ms() - 40 * DAY)
    )
    await world.ban(ben)
    await sightings.seen([on(device, old)], now_ms())
    assert await sightings.look(old, old, now_ms()) == []


async def test_who_has_reported_somebody_is_not_the_same_person(world: World, sightings: Sightings) -> None:
    ana, ben = await person(world), await person(world)
    device = new_id()
    await world.report(await world.talked((ana, ben)), ana, ben)
    await sightings.seen([on(device, ben)], now_ms())
    await world.ban(ben)
    await sightings.seen([on(device, ana)], now_ms())
    assert await sightings.look(ana, ana, now_ms()) == []


async def test_what_a_moderator_has_cleared_is_not_suspected_again(
    world: World, sightings: Sightings
) -> None:
    ana, ben, cal, moderator = [await person(world) for _ in range(4)]
    device = new_id()
    await sightings.seen([on(device, ben)], now_ms())
    await world.block(ana, ben)
    await world.ban(ben)
    await sightings.seen([on(device, cal)], now_ms())
    assert await sightings.clear(cal, moderator, now_ms())
    assert not await sightings.clear(cal, moderator, now_ms())
    await sightings.sign_in(on(device, cal), now_ms())
    assert (await tier(world, cal), await avoided(world, cal)) == ("neutral", frozenset())
    [was] = await sightings.look(cal, cal, now_ms())
    assert was.cleared_by == moderator
    log = await AuditLog(world.pool).entries(user_id=cal, before=None, limit=10)
    assert {e.action for e in log} == {"tier_changed", "suspicion_cleared", "suspicions_viewed"}


async def test_a_suspicion_lapses_and_goes_with_the_ban(
    world: World, sightings: Sightings, trust: TrustService
) -> None:
    """A ban that was a mistake takes it along at once; the tier follows at the next review."""
    ana, ben, cal, dan = [await person(world) for _ in range(4)]
    device, store = new_id(), SuspicionStore(world.pool)
    await sightings.seen([on(device, ben)], now_ms())
    await world.block(ana, ben)
    ban_id = await world.ban(ben)
    await sightings.seen([on(device, cal)], now_ms() - 2 * DAY)
    await sightings.seen([on(device, dan)], now_ms())
    assert await store.lapse(now_ms() - DAY, limit=10) == 1
    assert await avoided(world, cal) == frozenset()
    assert await avoided(world, dan) == {ana}
    async with world.pool.acquire() as connection, connection.transaction():
        assert await lift_within(connection, ban_id, None, now_ms())
    assert await avoided(world, dan) == frozenset()
    for suspect in (cal, dan):
        await trust.judge(suspect)
        assert await tier(world, suspect) == "neutral"


async def test_of_two_degrees_the_lesser_only_keeps_apart(world: World, trust: TrustService) -> None:
    """It may become the greater one, and never the other way."""
    ana, ben, cal = [await person(world) for _ in range(3)]
    store, now = SuspicionStore(world.pool), now_ms()
    await world.block(ana, ben)
    await world.ban(ben)

    def of(weight: float, *, suspect: bool) -> list[Suspicion]:
        shared = ("client", "soon")
        return [Suspicion(of_user_id=ben, kind="client", shared=shared, weight=weight, suspect=suspect)]

    assert not await store.suspect(cal, of(5, suspect=False), now)
    await trust.judge(cal)
    assert await tier(world, cal) == "neutral"
    assert await avoided(world, cal) == {ana}
    assert await store.suspect(cal, of(11, suspect=True), now)
    assert not await store.suspect(cal, of(11, suspect=True), now)
    assert not await store.suspect(cal, of(5, suspect=False), now)
    [why] = await store.look(cal, cal, now_ms())
    assert (why.weight, why.suspect, why.shared) == (11, True, ("client", "soon"))


async def test_who_is_connected_is_not_kept_apart(world: World, sightings: Sightings) -> None:
    """Ana has met this one and said yes, before a suspicion arose."""
    ana, ben, cal = [await person(world) for _ in range(3)]
    device = new_id()
    await sightings.seen([on(device, ben)], now_ms())
    await world.block(ana, ben)
    await world.ban(ben)
    await world.connected((ana, cal))
    await sightings.seen([on(device, cal)], now_ms())
    assert await tier(world, cal) == "suspect"
    assert await avoided(world, ana) == {ben}


async def test_marks_are_forgotten_but_for_those_of_the_banned(world: World) -> None:
    ana, ben, cal = [await person(world) for _ in range(3)]
    store, now = MarkStore(world.pool), now_ms()
    mark = Mark("device", bytes.fromhex(new_id().replace("-", "")))
    await store.note({who: [mark] for who in (ana, ben, cal)}, now - 10 * DAY)
    await store.note({ana: [mark]}, now)
    await world.ban(ben)
    await world.ban(cal, until=now - 9 * DAY)
    while await store.forget(now - 5 * DAY, limit=1) == 1:
        pass
    rows = await world.pool.fetch("SELECT user_id FROM safety.known_marks WHERE mark = $1", mark.value)
    assert {row["user_id"] for row in rows} == {ana, ben}


async def test_the_same_mark_again_changes_when_it_was_seen(world: World) -> None:
    """Twice within half a day is as good as once; and time never goes back."""
    ana, store, now = await person(world), MarkStore(world.pool), now_ms()
    mark = Mark("device", bytes(16))
    noted = [await store.note({ana: [mark, mark]}, at) for at in (now, now + 1, now + DAY, now - DAY)]
    assert noted == [{ana}, set(), {ana}, set()]
    row = await world.pool.fetchrow("SELECT * FROM safety.known_marks WHERE user_id = $1", ana)
    assert (row["first_seen"], row["last_seen"]) == (to_datetime(now), to_datetime(now + DAY))
    assert await store.note({}, now) == set()


async def test_a_suspicion_waits_for_offers_to_the_suspect(world: World, sightings: Sightings) -> None:
    """One that is made at the same time is on record by then, and is ended as any call of the two."""
    ana, ben, again = [await person(world) for _ in range(3)]
    device = new_id()
    await sightings.seen([on(device, ben)], now_ms())
    await world.block(ana, ben)
    await world.ban(ben)
    await world.offered((ana, again))
    await world.waits_for_offers_to(again, sightings.seen([on(device, again)], now_ms()))
    query = "SELECT blocker_id, blocked_id FROM interaction.pending_blocks WHERE blocked_id = $1"
    assert [tuple(row) for row in await world.pool.fetch(query, again)] == [(ana, again)]
    assert [each.user_id for each in await world.blocks.blocks(ana, before=None, limit=9)] == [ben]


async def test_nobody_is_suspected_of_a_ban_that_was_lifted_while_they_signed_in(world: World) -> None:
    """They were compared before, and would be suspects for three months."""
    store, (ana, ben) = SuspicionStore(world.pool), [await person(world) for _ in range(2)]
    ban_id = await world.ban(ben)
    found = [Suspicion(of_user_id=ben, kind="device", shared=("device",), weight=9, suspect=True)]
    async with world.pool.acquire() as connection, connection.transaction(), asyncio.timeout(PATIENCE_S):
        assert await lift_within(connection, ban_id, None, now_ms())
        signing_in = asyncio.create_task(store.suspect(ana, found, now_ms()))
        await world.someone_waits_for(connection)
    await signing_in
    assert await store.look(ana, ana, now_ms()) == []


async def test_many_who_are_suspected_at_once_to_be_the_same_few_wait_for_each_other(world: World) -> None:
    """Also those who are banned and suspected themselves: whoever signs up meanwhile hears of no deadlock."""
    store, people = SuspicionStore(world.pool), sorted([await person(world) for _ in range(12)])

    def all_but(user: str) -> list[Suspicion]:
        return [
            Suspicion(of_user_id=other, kind="device", shared=("device",), weight=9, suspect=False)
            for other in people
            if other != user
        ]

    for user in people:
        await world.ban(user)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(store.suspect(user, all_but(user), now_ms()) for user in people))
    kept = "SELECT count(*) FROM safety.suspicions WHERE user_id = ANY ($1::uuid[])"
    assert await world.pool.fetchval(kept, people) == 12 * 11
