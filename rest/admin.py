"""What is for admins alone; the boundary lets in nobody else. Reading only."""

from core.contract.admin import MatchReplay
from rest.boundary import Exchange
from services.ports import Replays


class AdminHandlers:
    """Handlers by the names of their endpoints."""

    def __init__(self, replays: Replays) -> None:
        self._replays = replays

    async def match_replay(self, exchange: Exchange) -> MatchReplay:
        """GET /v1/admin/calls/{id}/match"""
        return await self._replays.of(exchange.path["id"])
