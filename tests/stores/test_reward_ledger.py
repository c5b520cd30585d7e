"""The ledger of rewards adds up: whatever many do at once, and wherever a process dies."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from composition.operations import Refused, operate
from core.clock import DAY_MS, now_ms, rfc3339, to_ms
from core.errors import AlreadyRedeemed, AppError
from core.happenings import KeptConnection, MilestoneReached
from core.ids import new_id
from core.settings import Settings
from db.postgres.idempotency import IdempotencyKey
from db.postgres.pool import open_pool
from db.postgres.redemptions import RedemptionStore
from db.postgres.reward_ledger import RewardLedger
from db.postgres.rewards import RewardStore
from realtime.arguments import parse
from tests.conftest import NewDatabase
from tests.machines.variants import is_pooled
from tests.patience import PATIENCE_S
from tests.stores.dying import Died, DyingPool
from tests.stores.redeemer import Outcome, Rush, rush
from tests.stores.rewarding import Shop, a_reward, a_rule, a_shop, earn, entries, redemptions_of, rewards_of
from tests.stores.world import World

AT_ONCE = 1000
PROCESSES, EACH, ROUNDS = 3, 60, 2
_REDEEMED = "SELECT at FROM places.reward_ledger WHERE reward_id = $1 AND kind = 'redeemed'"


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One with the ledger of this module alone."""
    return await new_database()


async def adds_up(world: World) -> Counter[str]:
    """How many entries of each kind; the ledger, the rewards and the budgets say the same."""
    sums, differences = await RewardLedger(world.pool).check()
    assert not differences
    assert sums.add_up, sums
    return Counter(
        granted=sums.granted - sums.again, redeemed=sums.redeemed, reversed=sums.reversed, open=sums.open
    )


async def redeem(world: World, shop: Shop, reward: str, *, key: IdempotencyKey | None = None) -> str:
    """Gives the id of the redemption."""
    store = redemptions_of(world)
    done, _ = await store.redeem(reward, shop.place, shop.staff, fresh=True, key=key, now=now_ms())
    return done.redemption.id


async def test_a_thousand_who_redeem_one_reward_at_once(world: World, database_url: str) -> None:
    """By many connections of two processes' pools: one does, and all others hear when that was."""
    shop = await a_shop(world)
    reward = await a_reward(world, await world.person(), shop)
    other = await open_pool(
        database_url, size=10, patience_s=PATIENCE_S, prepared=not is_pooled(database_url)
    )
    stores = [redemptions_of(world), RedemptionStore(other, world.notifications)]

    async def attempt(number: int) -> Any:
        store, now = stores[number % 2], now_ms()
        try:
            return await store.redeem(reward.id, shop.place, shop.staff, fresh=True, key=None, now=now)
        except AlreadyRedeemed as refused:
            return refused

    try:
        tried = await asyncio.gather(*map(attempt, range(AT_ONCE)))
    finally:
        await other.close()
    refused = [each for each in tried if isinstance(each, AlreadyRedeemed)]
    [(done, _)] = [each for each in tried if not isinstance(each, AlreadyRedeemed)]
    assert len(refused) == AT_ONCE - 1
    assert all(each.details == {"redeemed_at": done.redemption.at} for each in refused)
    assert sorted(await entries(world, [reward.id])) == ["granted", "redeemed"]
    await adds_up(world)


async def test_several_processes_that_redeem_one_reward_at_once(world: World, database_url: str) -> None:
    """Of all they try, one does; all others are told when that was, which is what the ledger says."""
    shop = await a_shop(world)
    async with AsyncExitStack() as running:
        nodes = [await running.enter_async_context(_redeemer(database_url)) for _ in range(PROCESSES - 1)]
        for node in nodes:
            await _line(node)  # all are ready before any begins
        for _ in range(ROUNDS):
            reward = await a_reward(world, await world.person(), shop)
            asked = Rush(reward.id, shop.place, shop.staff, EACH)
            for node in nodes:
                assert node.stdin is not None
                node.stdin.write(msgspec.json.encode(asked) + b"\n")
            came = [await rush(redemptions_of(world), asked)]
            came += [msgspec.json.decode(await _line(node), type=Outcome) for node in nodes]
            refused = sum((Counter(each.refused) for each in came), Counter[str]())
            assert (sum(each.done for each in came), refused) == (
                1,
                {"already_redeemed": PROCESSES * EACH - 1},
            )
            at = await world.pool.fetchval(_REDEEMED, reward.id)
            assert {time for each in came for time in each.told} == {rfc3339(to_ms(at))}
            assert sorted(await entries(world, [reward.id])) == ["granted", "redeemed"]
    await adds_up(world)


@asynccontextmanager
async def _redeemer(database_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stores.redeemer", database_url), stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)


async def test_whatever_people_do_it_adds_up(world: World) -> None:
    """Earning, redeeming, repeating, taking back and expiring, by many at once; and as they were answered."""
    chance, before = Random(14), await adds_up(world)
    shops = [await a_shop(world, budget=budget) for budget in (None, 9)]
    for shop in shops:
        await a_rule(world, shop.staff, kind="kept_connection", partner_id=shop.partner_id)
    await a_rule(world, shops[0].staff, kind="kept_connection", every=3, budget=4, valid_days=1)
    did: Counter[str] = Counter()

    async def live(person: str) -> None:
        owned: list[str] = []
        done: list[tuple[Shop, str]] = []
        for nth in range(1, 9):
            ago = chance.choice([0, 2 * DAY_MS])
            owned += [each.id for each in await earn(world, person, KeptConnection(nth), now=now_ms() - ago)]
            shop = chance.choice(shops)
            try:
                if owned and chance.random() < 0.7:
                    done.append((shop, await redeem(world, shop, chance.choice(owned))))
                    did["redeemed"] += 1
                if done and chance.random() < 0.4:
                    where, redemption = done.pop(chance.randrange(len(done)))
                    await redemptions_of(world).reverse(redemption, where.staff, "By mistake.", now_ms())
                    did["reversed"] += 1
            except AppError as refused:
                did[refused.code] += 1
            if chance.random() < 0.2:
                await rewards_of(world).expire(now_ms(), limit=3)
        did["granted"] += len(owned)

    await asyncio.gather(*[live(await world.person()) for _ in range(8)])
    told = await adds_up(world) - before
    assert all(told[kind] == did[kind] for kind in ("granted", "redeemed", "reversed")), (told, did)
    assert did["redeemed"]
    spent = await world.pool.fetchval(
        "SELECT granted FROM places.partners WHERE id = $1", shops[1].partner_id
    )
    assert spent == 9


async def test_wherever_a_process_dies_nothing_is_half_done(world: World) -> None:
    """Granting, redeeming and taking back, before each of their statements; then they do it again."""
    died = 0
    for last in range(7):
        shop, milestone = await a_shop(world), new_id()
        await a_rule(world, shop.staff, kind="milestone", milestone=milestone, partner_id=shop.partner_id)
        died += await _attempts(world, shop, milestone, await world.person(), last)
    assert died > 10


async def _attempts(world: World, shop: Shop, milestone: str, person: str, last: int) -> int:
    """Each at first by a process that dies before its statement number `last`. Gives how many died."""
    dying, died = DyingPool(world.pool, last), 0
    try:
        async with dying.acquire() as connection, connection.transaction():
            granting = RewardStore(dying, world.notifications.notify)
            await granting.grant(connection, person, [MilestoneReached(milestone)], now_ms())
    except Exception as error:
        died += _died(error)
        assert await _rewards(world, person) == []
    await earn(world, person, MilestoneReached(milestone))
    [reward] = await _rewards(world, person)

    key = IdempotencyKey(owner=shop.staff, operation="redeem", key=new_id(), digest=bytes(32), at=now_ms())
    store = RedemptionStore(DyingPool(world.pool, last), world.notifications)
    try:
        await store.redeem(reward, shop.place, shop.staff, fresh=True, key=key, now=now_ms())
    except Exception as error:
        died += _died(error)
        assert await entries(world, [reward]) == ["granted"]
    redemption = await redeem(world, shop, reward, key=key)

    store = RedemptionStore(DyingPool(world.pool, last), world.notifications)
    try:
        await store.reverse(redemption, shop.staff, "By mistake.", now_ms())
    except Exception as error:
        died += _died(error)
        assert await _rewards(world, person) == [reward]
    await redemptions_of(world).reverse(redemption, shop.staff, "By mistake.", now_ms())
    assert len(await _rewards(world, person)) == 2
    await adds_up(world)
    return died


def _died(error: BaseException | None) -> bool:
    """Whether that is why; the driver may say that it cannot roll back any more."""
    while error is not None and not isinstance(error, Died):
        error = error.__context__
    assert error is not None
    return True


async def _rewards(world: World, person: str) -> list[str]:
    rows = await world.pool.fetch("SELECT id FROM places.rewards WHERE user_id = $1 ORDER BY id", person)
    return [row["id"] for row in rows]


async def test_an_entry_stays_as_it_is(world: World) -> None:
    await a_reward(world, await world.person(), await a_shop(world))
    for change in ("UPDATE places.reward_ledger SET at = now()", "DELETE FROM places.reward_ledger"):
        with pytest.raises(Exception, match="only ever added to"):
            await world.pool.execute(change)


async def test_what_does_not_add_up_is_found(world: World, database_url: str) -> None:
    """By the command: a reward that somebody has set to redeemed; a count that is wrong."""
    check = partial(operate, Settings(database_url=database_url), parse(None, ["check-ledger"]))
    shop, ana = await a_shop(world), await world.person()
    redeemed, untouched = [(await a_reward(world, ana, shop)).id for _ in range(2)]
    await redeem(world, shop, redeemed)
    assert (await check()).endswith("It adds up.")
    for change, back in (
        (
            f"UPDATE places.rewards SET redeemed_at = now() WHERE id = '{untouched}'",
            f"UPDATE places.rewards SET redeemed_at = NULL WHERE id = '{untouched}'",
        ),
        (
            f"UPDATE places.partners SET granted = granted + 1 WHERE id = '{shop.partner_id}'",
            f"UPDATE places.partners SET granted = granted - 1 WHERE id = '{shop.partner_id}'",
        ),
        (
            f"UPDATE places.reward_rules SET granted = granted + 1 WHERE partner_id = '{shop.partner_id}'",
            f"UPDATE places.reward_rules SET granted = granted - 1 WHERE partner_id = '{shop.partner_id}'",
        ),
    ):
        await world.pool.execute(change)
        with pytest.raises(Refused, match=r"(reward|partner|rule) [0-9a-f-]{36} "):
            await check()
        await world.pool.execute(back)
    await adds_up(world)
