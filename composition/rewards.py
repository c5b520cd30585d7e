"""Rewards and partners: the use cases of one process."""

from composition.foundation import Foundation
from composition.stores import Stores
from core.signed_codes import SignedCodes
from db.postgres.partners import PartnerStore
from db.postgres.redemptions import RedemptionStore
from db.postgres.reward_rules import RewardRuleStore
from rest.http.binding import Resource
from rest.partners import PartnerHandlers
from rest.redemptions import RedemptionHandlers
from rest.reward_rules import RewardRuleHandlers
from rest.rewards import RewardHandlers
from services.notifications import Notifications
from services.rewards import Rewards


def reward_resources(stores: Stores, base: Foundation, notifications: Notifications) -> list[Resource]:
    """Their resources, each with what it needs."""
    codes = SignedCodes(base.keyring.keys("code of a reward"))
    redemptions = RedemptionStore(base.pool, stores.notifications)
    rewards = Rewards(stores.rewards, redemptions, codes, notifications)
    return [
        RewardHandlers(rewards, stores.rewards),
        RedemptionHandlers(rewards),
        PartnerHandlers(PartnerStore(base.pool)),
        RewardRuleHandlers(RewardRuleStore(base.pool)),
    ]
