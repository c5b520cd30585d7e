"""Rewards are earned once, within budgets, and with what earns them."""

import asyncio
from collections.abc import Sequence

import pytest

from core.clock import DAY_MS, now_ms
from core.contract.reward_rules import NewRule, RulePatch, RulePreview
from core.errors import InvalidRequest, NotFound
from core.happenings import CheckedIn, FirstCall, Happening, KeptConnection, MilestoneReached, StreakIs
from core.ids import new_id
from db.postgres.call_records import CallRecords
from db.postgres.connections import ConnectionStore
from db.postgres.partners import is_staff
from db.postgres.reward_rules import RewardRuleStore
from tests.stores.mentoring import a_mentor, completed
from tests.stores.places import a_check_in
from tests.stores.rewarding import A_RULE, a_rule, a_shop, earn, entries, rewards_of
from tests.stores.world import World


async def titles(world: World, user_id: str) -> list[str]:
    """Of all that they have, newest last."""
    page = await rewards_of(world).page(user_id, state=None, before=None, limit=100, now=now_ms())
    return [reward.title for reward in reversed(page)]


async def test_what_happens_again_earns_nothing_again(world: World) -> None:
    """Each occasion once: the fifth check-in, the tenth; a streak of three days but once."""
    ana, title = await world.person(), new_id()
    await a_rule(world, ana, kind="check_in", every=5, at="gym", title=f"{title} gym")
    await a_rule(world, ana, kind="streak", reaches=3, title=f"{title} streak")
    days: list[Sequence[Happening]] = [
        [CheckedIn(at="gym", nth=n, nth_at=n), StreakIs(n % 4)] for n in (1, 2, 3, 4, 5, 5, 6, 7, 10)
    ]
    for happened in days:
        await earn(world, ana, *happened)
    own = [each.removeprefix(f"{title} ") for each in await titles(world, ana) if each.startswith(title)]
    assert own == ["streak", "gym", "gym"]


async def test_at_once_it_is_earned_once(world: World) -> None:
    ana = await world.person()
    rule, milestone = await _milestone(world, ana)
    made = await asyncio.gather(*(earn(world, ana, MilestoneReached(milestone)) for _ in range(10)))
    [reward] = [each for rewards in made for each in rewards]
    assert await _granted(world, rule) == 1
    assert await entries(world, [reward.id]) == ["granted"]


async def test_no_budget_is_exceeded(world: World) -> None:
    """Of a rule, and of a partner with several rules, by many people at once; the rest earn nothing."""
    boss = await world.person()
    shop = await a_shop(world, boss, budget=12)
    milestones = []
    for budget in (5, None, None):
        rule, milestone = await _milestone(world, boss, budget=budget, partner_id=shop.partner_id)
        milestones.append((rule, milestone))
    people = [await world.person() for _ in range(8)]
    happened = [MilestoneReached(milestone) for _, milestone in milestones]
    made = await asyncio.gather(*(earn(world, one, *happened) for one in people))
    assert sum(map(len, made)) == 12
    assert await _granted(world, milestones[0][0]) <= 5
    spent = await world.pool.fetchval("SELECT granted FROM places.partners WHERE id = $1", shop.partner_id)
    assert spent == 12
    assert await earn(world, await world.person(), *happened) == []


async def test_nobody_earns_by_a_rule_that_has_ended_or_whose_partner_rests(world: World) -> None:
    ana = await world.person()
    shop = await a_shop(world, ana)
    ended, one = await _milestone(world, ana)
    _, other = await _milestone(world, ana, partner_id=shop.partner_id)
    await RewardRuleStore(world.pool).change(ended, RulePatch(active=False), ana, now_ms())
    await world.pool.execute("UPDATE places.partners SET active = false WHERE id = $1", shop.partner_id)
    assert await earn(world, ana, MilestoneReached(one), MilestoneReached(other)) == []
    assert not await is_staff(world.pool, ana, shop.place)
    await world.pool.execute("UPDATE places.partners SET active = true WHERE id = $1", shop.partner_id)
    assert await is_staff(world.pool, ana, shop.place)
    assert len(await earn(world, ana, MilestoneReached(other))) == 1


async def test_a_probe_earns_nothing(world: World) -> None:
    ana = await world.person()
    _, milestone = await _milestone(world, ana)
    await world.pool.execute("UPDATE identity.users SET probe = true WHERE id = $1", ana)
    assert await earn(world, ana, MilestoneReached(milestone)) == []
    await world.pool.execute("UPDATE identity.users SET probe = false WHERE id = $1", ana)


async def test_a_first_call_with_somebody_earns_as_it_goes_live(world: World) -> None:
    """Once, also if that is said again, and for those alone who had none before."""
    ana, ben, cem = [await world.person(name) for name in ("Ana", "Ben", "Cem")]
    records = CallRecords(world.pool, grant=rewards_of(world).grant_each)
    before = await world.offered((ana, cem))
    await records.live(before, now_ms())
    await world.pool.execute(
        "UPDATE interaction.call_participants SET active = false WHERE call_id = $1", before
    )
    rule = await a_rule(world, ana, kind="first_call", title="Hello")
    call = await world.offered((ana, ben))
    for _ in range(2):
        await records.live(call, now_ms())
    assert [await titles(world, one) for one in (ana, ben, cem)] == [[], ["Hello"], []]
    live = await world.pool.fetchval("SELECT live_at IS NOT NULL FROM interaction.calls WHERE id = $1", call)
    assert live
    await RewardRuleStore(world.pool).change(rule, RulePatch(active=False), ana, now_ms())


async def test_keeping_in_touch_earns_with_the_connection(world: World) -> None:
    """Every second person for whom one decides; who was kept before is nobody new."""
    ana, *others = [await world.person(name) for name in ("Ana", "Ben", "Cem")]
    store = ConnectionStore(world.pool, grant=rewards_of(world).grant_each)
    rule = await a_rule(world, ana, kind="kept_connection", every=2, title="Friend")
    for other in (others[0], others[0], others[1]):
        call = await world.talked((ana, other))
        made = await store.connect(
            call, connection_id=new_id(), room_id=new_id(), users=(ana, other), now=now_ms()
        )
        await store.end(made.id, ana, now_ms())
    assert [await titles(world, one) for one in (ana, *others)] == [["Friend"], [], []]
    await RewardRuleStore(world.pool).change(rule, RulePatch(active=False), ana, now_ms())


async def test_what_expires_is_noted_once(world: World) -> None:
    ana, store = await world.person(), rewards_of(world)
    rule, milestone = await _milestone(world, ana, valid_days=1)
    [reward] = await earn(world, ana, MilestoneReached(milestone), now=now_ms() - 2 * DAY_MS)
    while await store.expire(now_ms(), limit=5):
        pass
    assert (await store.of(reward.id, ana, now_ms())).state == "expired"
    assert await entries(world, [reward.id]) == ["granted", "expired"]
    assert await _granted(world, rule) == 1


async def test_whom_a_rule_would_have_reached(world: World) -> None:
    """Those with a first call in these days; with every second connection; and how far a budget would go."""
    people = [await world.person(name) for name in ("Ana", "Ben", "Cem", "Dan")]
    ana, ben, cem, dan = people
    for pair in ((ana, ben), (ana, cem), (ana, dan)):
        await world.connected(pair)
    rules = RewardRuleStore(world.pool)
    calls = RulePreview(**A_RULE | {"kind": "first_call", "milestone": None}, days=1, budget=2)
    found = await rules.preview(calls, now_ms())
    assert found.within_budget == 2 <= found.rewards == found.users
    connections = RulePreview(**A_RULE | {"kind": "kept_connection", "milestone": None}, every=3)
    reached = (await rules.preview(connections, now_ms())).reached
    assert {each.user_id: each.rewards for each in reached}.get(ana) == 1
    for _ in range(4):
        await a_check_in(world.pool, ben, location_type="gym")
    gym = RulePreview(**A_RULE | {"kind": "check_in", "milestone": None}, every=2, at="gym")
    assert {each.user_id: each.rewards for each in (await rules.preview(gym, now_ms())).reached}[ben] == 2
    mentor = await a_mentor(world.pool, dan)
    for days in (1, 2, 3):
        await completed(world.pool, mentor, cem, days=days)
    mentored = RulePreview(**A_RULE | {"kind": "mentor_session", "milestone": None}, every=2)
    found = await rules.preview(mentored, now_ms())
    assert {each.user_id: each.rewards for each in found.reached}[cem] == 1
    for kind, more in (("streak", {"reaches": 900}), ("level", {"reaches": 5}), ("milestone", {})):
        asked = RulePreview(**A_RULE | {"kind": kind, "milestone": None if more else new_id()} | more)
        assert (await rules.preview(asked, now_ms())).users == 0
    assert not {ben, cem, dan} & {each.user_id for each in reached}


async def test_a_rule_that_makes_no_sense_is_refused(world: World) -> None:
    ana, rules = await world.person(), RewardRuleStore(world.pool)
    with pytest.raises(InvalidRequest):
        await rules.create(NewRule(**A_RULE | {"reaches": 3}), ana, None, now_ms())
    with pytest.raises(NotFound):
        await rules.create(NewRule(**A_RULE | {"partner_id": new_id()}), ana, None, now_ms())
    rule, milestone = await _milestone(world, ana)
    await earn(world, ana, MilestoneReached(milestone))
    with pytest.raises(InvalidRequest):
        await rules.change(rule, RulePatch(budget=0), ana, now_ms())
    changed = await rules.change(rule, RulePatch(budget=1, title="Tea"), ana, now_ms())
    assert (changed.budget, changed.granted, changed.title) == (1, 1, "Tea")


async def test_where_nothing_is_granted_it_costs_one_statement(world: World) -> None:
    """As for most check-ins."""
    ana = await world.person()
    said: list[str] = []
    async with world.pool.acquire() as connection, connection.transaction():
        with connection.query_logger(lambda record: said.append(record.query)):
            happened = (CheckedIn(at="mentor", nth=7, nth_at=7), KeptConnection(7), FirstCall())
            await rewards_of(world).grant(connection, ana, happened, now_ms())
    assert len(said) == 1, said


async def _milestone(world: World, by: str, **more: object) -> tuple[str, str]:
    """A rule for a milestone of its own: both ids."""
    milestone = new_id()
    return await a_rule(world, by, kind="milestone", milestone=milestone, **more), milestone


async def _granted(world: World, rule: str) -> int:
    found: int = await world.pool.fetchval("SELECT granted FROM places.reward_rules WHERE id = $1", rule)
    return found
