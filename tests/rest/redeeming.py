"""Rewards that cannot be redeemed any more, or not like this: for `test_every_error.py`."""

from typing import Any, Protocol

from core.clock import now_ms
from core.wire.endpoint import Endpoint
from tests.rest.server import Answer, RestServer
from tests.stores.rewarding import CODES, a_redemption, a_reward, a_shop, redeemed

SCANS = ("scan_reward", "redeem_reward")
ABOUT_REWARDS = ("reward_code", "redeem_reward", "reverse_redemption")


class Someone(Protocol):
    """As `test_every_error.py` has it."""

    rest: RestServer

    @property
    def user_id(self) -> str: ...

    def body(self, endpoint: Endpoint) -> Any: ...

    async def ask(self, endpoint: Endpoint, **what: Any) -> Answer: ...


async def badge(someone: Someone, endpoint: Endpoint) -> Answer:
    """What nobody redeems."""
    world = someone.rest.world
    shop = await a_shop(world, someone.user_id)
    made = await a_reward(world, someone.user_id, shop, type="badge")
    if endpoint.name == "reward_code":
        return await someone.ask(endpoint, path=endpoint.path.replace("{id}", made.id))
    code = CODES.write(made.id, now_ms()).text
    return await someone.ask(endpoint, json={"code": code, "location_id": shop.place})


async def place_of_another(someone: Someone, endpoint: Endpoint) -> Answer:
    """A place that has a partner."""
    world = someone.rest.world
    own, other = await a_shop(world, someone.user_id), await a_shop(world, someone.user_id)
    path = endpoint.path.replace("{id}", own.partner_id)
    return await someone.ask(endpoint, path=path, json={"name": "Another", "location_ids": [other.place]})


async def already_redeemed(someone: Someone, endpoint: Endpoint) -> Answer:
    """One's own reward, or somebody's that was scanned before."""
    if endpoint.name == "reward_code":
        reward = await redeemed(someone.rest.world, someone.user_id)
        return await someone.ask(endpoint, path=endpoint.path.replace("{id}", reward))
    body = someone.body(endpoint)
    assert (await someone.ask(endpoint, json=body)).status == 201
    return await someone.ask(endpoint, json=body)


async def over(someone: Someone, endpoint: Endpoint) -> Answer:
    """A reward of the day before; a code, or a redemption, of a while ago."""
    world, long_ago = someone.rest.world, now_ms() - 90_000_000
    if endpoint.name == "reward_code":
        shop = await a_shop(world, someone.user_id)
        reward = await a_reward(world, someone.user_id, shop, valid_days=1, now=long_ago)
        return await someone.ask(endpoint, path=endpoint.path.replace("{id}", reward.id))
    if endpoint.name == "reverse_redemption":
        redemption = await a_redemption(world, someone.user_id, at=long_ago)
        return await someone.ask(endpoint, path=endpoint.path.replace("{id}", redemption))
    someone.rest.clock.advance(s=60)
    return await someone.ask(endpoint)
