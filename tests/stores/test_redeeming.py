"""Redeeming in one statement: what its copies are told, what is left where it cannot be, and who is told."""

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.contract.redemptions import Redeemed
from core.errors import AlreadyRedeemed, IdempotencyConflict
from core.ids import new_id
from db.postgres.idempotency import IdempotencyKey
from db.postgres.redemptions import RedemptionStore
from tests.stores.dying import DyingPool
from tests.stores.rewarding import Shop, a_reward, a_shop, entries, redemptions_of
from tests.stores.world import World

_KEYS = "SELECT count(*) FROM identity.idempotent_requests WHERE owner = $1"
# By which transaction a row was changed or locked last, if only for a while.
_TOUCHED = "SELECT xmax::text FROM places.rewards WHERE id = $1"
_TOLD = "SELECT title, body FROM social.notifications WHERE user_id = $1 AND subject_id = $2 ORDER BY id"


def a_key(shop: Shop) -> IdempotencyKey:
    return IdempotencyKey(
        owner=shop.staff, operation="redeem_reward", key=new_id(), digest=bytes(32), at=now_ms()
    )


async def redeem(world: World, shop: Shop, reward: str, key: IdempotencyKey | None) -> Redeemed:
    given = reward, shop.place, shop.staff
    done, _ = await redemptions_of(world).redeem(*given, fresh=True, key=key, now=now_ms())
    return done


@pytest.mark.parametrize("keyed", [False, True])
async def test_it_takes_three_trips(world: World, keyed: bool) -> None:
    """Beginning, the statement, and the end: whoever dies before a third thing has done it."""
    shop = await a_shop(world)
    reward = await a_reward(world, await world.person(), shop)
    store = RedemptionStore(DyingPool(world.pool, 2), world.notifications)
    key = a_key(shop) if keyed else None
    await store.redeem(reward.id, shop.place, shop.staff, fresh=True, key=key, now=now_ms())
    assert await entries(world, [reward.id]) == ["granted", "redeemed"]


async def test_all_copies_at_once_hear_of_the_one_that_was_done(world: World) -> None:
    """Each with the same key."""
    shop = await a_shop(world)
    owner = await world.person()
    reward, key = await a_reward(world, owner, shop), a_key(shop)
    done = await asyncio.gather(*(redeem(world, shop, reward.id, key) for _ in range(20)))
    assert len({each.redemption.id for each in done}) == 1
    assert await entries(world, [reward.id]) == ["granted", "redeemed"]
    assert len(await world.pool.fetch(_TOLD, owner, reward.id)) == 1


async def test_of_all_keys_at_once_one_redeems(world: World) -> None:
    """And only that one is kept."""
    shop = await a_shop(world)
    reward = await a_reward(world, await world.person(), shop)
    tried = await asyncio.gather(
        *(redeem(world, shop, reward.id, a_key(shop)) for _ in range(20)), return_exceptions=True
    )
    assert Counter(type(each).__name__ for each in tried) == {"Redeemed": 1, "AlreadyRedeemed": 19}
    assert await world.pool.fetchval(_KEYS, shop.staff) == 1


async def test_a_key_that_stood_for_nothing_is_free(world: World) -> None:
    """What was refused is not kept: another request may have the key."""
    shop = await a_shop(world)
    first, second = [await a_reward(world, await world.person(), shop) for _ in range(2)]
    await redeem(world, shop, first.id, None)
    key = a_key(shop)
    with pytest.raises(AlreadyRedeemed):
        await redeem(world, shop, first.id, key)
    assert await world.pool.fetchval(_KEYS, shop.staff) == 0
    done = await redeem(world, shop, second.id, replace(key, digest=b"1" * 32))
    assert done.redemption.reward_id == second.id


async def test_a_key_of_another_request_redeems_nothing(world: World) -> None:
    shop = await a_shop(world)
    first, second = [await a_reward(world, await world.person(), shop) for _ in range(2)]
    key = a_key(shop)
    await redeem(world, shop, first.id, key)
    before = await world.pool.fetchval(_TOUCHED, second.id)
    with pytest.raises(IdempotencyConflict):
        await redeem(world, shop, second.id, replace(key, digest=b"1" * 32))
    assert await entries(world, [second.id]) == ["granted"]
    # Nor was it held for a moment.
    assert await world.pool.fetchval(_TOUCHED, second.id) in (before, "0")


async def test_its_owner_is_told_what_and_where(world: World) -> None:
    """In its own words, whatever they are."""
    shop, owner = await a_shop(world), await world.person()
    title = "{place} and {title}, 'quoted' \\ \""
    reward = await a_reward(world, owner, shop)
    await world.pool.execute("UPDATE places.rewards SET title = $2 WHERE id = $1", reward.id, title)
    await world.pool.execute("UPDATE places.locations SET name = '{title} & Co' WHERE id = $1", shop.place)
    await redeem(world, shop, reward.id, a_key(shop))
    [told] = await world.pool.fetch(_TOLD, owner, reward.id)
    assert (told["title"], told["body"]) == (f"Redeemed: {title}", "At {title} & Co, just now.")
