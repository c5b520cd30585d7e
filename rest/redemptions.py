"""Redeeming rewards, over REST. Decides nothing: `services.rewards` does."""

from core.contract import redemptions as contract
from core.contract.redemptions import Redeemed, Reversal, Scan, Scanned
from core.wire.endpoint import ById
from rest.http.request import Request
from services.rewards import Rewards


class RedemptionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, rewards: Rewards) -> None:
        self._rewards = rewards

    async def scan_reward(self, request: Request) -> Scanned:
        return await self._rewards.scan(request.caller.user_id, request.sent(Scan), request.now)

    async def redeem_reward(self, request: Request) -> Redeemed:
        scan = request.sent(Scan)
        return await self._rewards.redeem(request.caller.user_id, scan, request.key, request.now)

    async def reverse_redemption(self, request: Request) -> Redeemed:
        reversal, redemption_id = request.sent(Reversal), request.at(ById).id
        return await self._rewards.reverse(request.caller.user_id, redemption_id, reversal, request.now)
