"""Partners, rules and rewards on record, as tests need them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from core.clock import now_ms
from core.contract.partners import NewPartner
from core.contract.reward_rules import NewRule
from core.contract.rewards import RewardView
from core.happenings import Happening, MilestoneReached
from core.ids import new_id
from core.keys import Keyring
from core.server_settings import DEFAULT_SECRET
from core.signed_codes import SignedCodes
from db.postgres.partners import PartnerStore
from db.postgres.redemptions import RedemptionStore
from db.postgres.reward_rules import RewardRuleStore
from db.postgres.rewards import RewardStore
from tests.stores.places import a_place
from tests.stores.world import World

A_RULE: dict[str, Any] = {
    "kind": "milestone",
    "milestone": "check_ins_100",
    "type": "coffee",
    "title": "A coffee on us",
}
CODES = SignedCodes(Keyring(DEFAULT_SECRET).keys("code of a reward"))


class Shop(Struct, frozen=True):
    """A partner, a place of theirs, and somebody who works there."""

    partner_id: str
    place: str
    staff: str


def rewards_of(world: World) -> RewardStore:
    return RewardStore(world.pool, world.notifications.notify)


def redemptions_of(world: World) -> RedemptionStore:
    return RedemptionStore(world.pool, world.notifications)


async def a_shop(world: World, *staff: str, **more: Any) -> Shop:
    """A partner with a place, where these work, or one who is made."""
    store, place = PartnerStore(world.pool), await a_place(world.pool)
    who = staff or (await world.person("Sam"),)
    new = NewPartner(name="Peaceful Grounds", location_ids=[place], **more)
    partner = await store.create(new, who[0], None, now_ms())
    for each in who:
        await store.hire(partner.id, each, who[0], now_ms())
    return Shop(partner.id, place, who[0])


async def a_rule(world: World, by: str, **terms: Any) -> str:
    """A rule in force; gives its id. Without terms it is for a milestone that nobody else asks for."""
    usual = {**A_RULE, "milestone": new_id()} if "kind" not in terms else A_RULE | {"milestone": None}
    made = await RewardRuleStore(world.pool).create(NewRule(**{**usual, **terms}), by, None, now_ms())
    return made.id


async def earn(
    world: World, user_id: str, *happened: Happening, now: int | None = None, each: int = 1
) -> list[RewardView]:
    """It happens to them, `each` so many times in one transaction; gives what they earn."""
    store, made = rewards_of(world), []
    async with world.pool.acquire() as connection, connection.transaction():
        for _ in range(each):
            made += await store.grant(connection, user_id, happened, now or now_ms())
    return made


async def a_reward(
    world: World, user_id: str, shop: Shop, *, now: int | None = None, **rule: Any
) -> RewardView:
    """One that they have earned, of a rule of its own, redeemed at this shop."""
    rule_id = await a_rule(world, shop.staff, **{"partner_id": shop.partner_id, **rule})
    query = "SELECT milestone FROM places.reward_rules WHERE id = $1"
    milestone = await world.pool.fetchval(query, rule_id)
    [reward] = await earn(world, user_id, MilestoneReached(milestone), now=now)
    return reward


async def a_scan(world: World, staff: str, *, of: str | None = None, at: int | None = None) -> dict[str, str]:
    """What these staff send who scan a reward at their place, whose code was made `at` then. `of`: whose."""
    shop = await a_shop(world, staff)
    reward = await a_reward(world, of or await world.person("Ana"), shop)
    return {"code": CODES.write(reward.id, at or now_ms()).text, "location_id": shop.place}


async def a_redemption(world: World, staff: str, *, at: int | None = None) -> str:
    """One by these staff; gives its id."""
    shop = await a_shop(world, staff)
    reward = await a_reward(world, await world.person("Ana"), shop, now=at)
    done, _ = await redemptions_of(world).redeem(
        reward.id, shop.place, staff, fresh=True, key=None, now=at or now_ms()
    )
    return done.redemption.id


async def redeemed(world: World, user_id: str) -> str:
    """A reward of theirs that somebody has redeemed; gives its id."""
    shop = await a_shop(world)
    reward = await a_reward(world, user_id, shop)
    store = redemptions_of(world)
    await store.redeem(reward.id, shop.place, shop.staff, fresh=True, key=None, now=now_ms())
    return reward.id


def ways_to_rewards(world: World, user_id: str) -> Mapping[str, Callable[[], Awaitable[str]]]:
    """For each endpoint about a reward, a redemption, a partner or a rule how one is made of this user, who
    is an admin and works there: its id.
    """

    async def partner() -> str:
        return (await a_shop(world, user_id)).partner_id

    async def reward() -> str:
        return (await a_reward(world, user_id, await a_shop(world, user_id))).id

    return {
        "reward_code": reward,
        "reverse_redemption": lambda: a_redemption(world, user_id),
        "partner_stats": partner,
        "change_partner": partner,
        "change_reward_rule": lambda: a_rule(world, user_id),
    }


async def entries(world: World, rewards: Sequence[str]) -> list[str]:
    """What the ledger says of these rewards, in order."""
    rows = await world.pool.fetch(
        "SELECT kind FROM places.reward_ledger WHERE reward_id = ANY ($1::uuid[]) ORDER BY at, id",
        list(rewards),
    )
    return [row["kind"] for row in rows]
