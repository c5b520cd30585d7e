"""How the endpoints of rewards and partners are asked: the owner's rewards, a shop where the peer works."""

from collections.abc import Mapping
from typing import Any

from tests.integration.authorisation.asked import Asked, Way
from tests.integration.authorisation.people import Caller, Scene
from tests.stores.rewarding import A_RULE, a_redemption, a_reward, a_rule, a_scan, a_shop


async def _reward(scene: Scene, _caller: Caller) -> Asked:
    shop = await a_shop(scene.world, scene.people["peer"].id)
    return Asked(path={"id": (await a_reward(scene.world, scene.owner.id, shop)).id})


async def _scan(scene: Scene, _caller: Caller) -> Asked:
    """A code that somebody shows the peer."""
    return Asked(sent={"json": await a_scan(scene.world, scene.people["peer"].id)})


async def _redemption(scene: Scene, _caller: Caller) -> Asked:
    """By the peer."""
    redemption_id = await a_redemption(scene.world, scene.people["peer"].id)
    return Asked(path={"id": redemption_id}, sent={"json": {"reason": "By mistake."}})


async def _partner(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": (await a_shop(scene.world, scene.people["peer"].id)).partner_id})


def _admins_partner(**body: Any) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        shop = await a_shop(scene.world, scene.people["peer"].id)
        return Asked(path={"id": shop.partner_id}, sent={"json": body})

    return way


async def _staff(scene: Scene, _caller: Caller) -> Asked:
    """The peer, at a partner for whom they work."""
    shop = await a_shop(scene.world, scene.people["peer"].id)
    return Asked(path={"id": shop.partner_id, "user_id": shop.staff})


async def _new_partner(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"name": "Peaceful Grounds"}})


async def _new_rule(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": A_RULE})


async def _preview(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {**A_RULE, "kind": "first_call", "milestone": None}})


async def _rule(scene: Scene, _caller: Caller) -> Asked:
    rule_id = await a_rule(scene.world, scene.owner.id)
    return Asked(path={"id": rule_id}, sent={"json": {"active": False}})


REWARDS: Mapping[str, Way] = {
    "reward_code": _reward,
    "scan_reward": _scan,
    "redeem_reward": _scan,
    "reverse_redemption": _redemption,
    "partner_stats": _partner,
    "create_partner": _new_partner,
    "change_partner": _admins_partner(partnership_level="gold"),
    "add_partner_staff": _staff,
    "remove_partner_staff": _staff,
    "create_reward_rule": _new_rule,
    "change_reward_rule": _rule,
    "preview_reward_rule": _preview,
}
