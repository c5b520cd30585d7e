"""Past decisions of matching over REST, for admins; the boundary lets in nobody else. Reading only."""

from core.contract import matches as contract
from core.contract.matches import MatchReplay
from core.errors import NotFound
from core.wire.endpoint import ById
from db.postgres.matches import MatchRecords
from matching.replay import replay
from rest.http.request import Request


class MatchHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, matches: MatchRecords) -> None:
        self._matches = matches

    async def match_replay(self, request: Request) -> MatchReplay:
        call_id = request.at(ById).id
        decision = await self._matches.of(call_id)
        if decision is None:  # no matched call, or deleted by now
            raise NotFound
        return replay(call_id, decision)
