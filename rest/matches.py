"""Past decisions of matching over REST, for admins; the boundary lets in nobody else. Reading only."""

from core.contract import matches as contract
from core.contract.matches import MatchReplay
from core.wire.endpoint import ById
from rest.http.exchange import Exchange
from services.ports import Replays


class MatchHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, replays: Replays) -> None:
        self._replays = replays

    async def match_replay(self, exchange: Exchange) -> MatchReplay:
        return await self._replays.of(exchange.at(ById).id)
