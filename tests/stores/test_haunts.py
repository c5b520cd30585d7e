"""Where those go who want to be matched by that, as a join reads it."""

from datetime import timedelta

from core.clock import DAY_MS, now_ms, today
from core.contract.settings import PrivacyPatch, SettingsPatch
from core.keys import SigningKey
from db.postgres.applicants import ApplicantStore
from db.postgres.eligibility import EligibilityStore
from db.postgres.settings import SettingsStore
from matching.haunts import DAYS, marks_by
from tests.stores.places import a_check_in, a_place
from tests.stores.world import World, since

MARK = marks_by((SigningKey("k", b"k" * 32),))


async def marks_of(world: World, *user_ids: str) -> list[tuple[int, ...]]:
    now = now_ms()
    found = await ApplicantStore(world.pool, mark=MARK).applicants([(u, now, since(now)) for u in user_ids])
    return [each.haunts for each in found if each is not None]


async def wants(world: World, user_id: str, wish: bool) -> None:
    patch = SettingsPatch(privacy=PrivacyPatch(match_by_places=wish))
    assert (await SettingsStore(world.pool).change(user_id, patch)).privacy.match_by_places == wish


async def test_a_join_reads_where_those_go_who_want_it(world: World) -> None:
    """What counts and was not long ago; of all who join together, each their own, and of others nothing."""
    ana, ben = await world.pair()
    here, there, before, never = [await a_place(world.pool) for _ in range(4)]
    for user in (ana, ben):
        for days in (0, 1, 2):
            await a_check_in(world.pool, user, here, at=now_ms() - days * DAY_MS)
        await a_check_in(world.pool, user, there, at=now_ms() - (DAYS - 1) * DAY_MS)
        await a_check_in(world.pool, user, before, at=now_ms() - (DAYS + 1) * DAY_MS)
        await a_check_in(world.pool, user, never, verified_by=None, reason="not_verified", counts=False)
    assert await marks_of(world, ana, ben) == [(), ()]
    await wants(world, ana, True)
    assert await marks_of(world, ana, ben) == [MARK([there, here]), ()]
    await wants(world, ana, False)
    assert await marks_of(world, ana, ben) == [(), ()]


async def test_who_does_not_want_it_is_told_of_those_who_wait(world: World) -> None:
    """Who has never said so, wants it no more, or is gone: what their tickets say counts no more."""
    never, no_more, still, gone = [await world.person() for _ in range(4)]
    for user in (no_more, still, gone):
        await wants(world, user, True)
    await wants(world, no_more, False)
    await world.pool.execute("UPDATE identity.users SET deleted_at = now() WHERE id = $1", gone)
    await world.pool.execute("DELETE FROM identity.settings WHERE user_id = $1", gone)
    asked = EligibilityStore(world.pool).not_by_places((never, no_more, still, gone))
    assert await asked == {never, no_more, gone}


async def test_of_many_places_those_are_kept_where_one_is_most(world: World) -> None:
    """And of as many visits, those of the latest days."""
    ana, now = await world.person(), now_ms()
    days = {"often": (0, 1, 2), "twice": (20, 21), "lately": (0,), "once": (30,)}
    places = {name: await a_place(world.pool) for name in days}
    for name, ago in days.items():
        for each in ago:
            await a_check_in(world.pool, ana, places[name], at=now - each * DAY_MS)
    asked = "SELECT places.haunts($1, $2, $3)::text[]"
    first = today(now) - timedelta(days=DAYS)
    for most in (1, 3, 20):
        kept = await world.pool.fetchval(asked, ana, first, most)
        assert kept == [places[name] for name in days][:most]
