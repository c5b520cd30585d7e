"""The journey over REST. Decides nothing: `services.journeys` does."""

from core.contract import journey as contract
from core.contract.journey import JourneyView
from rest.http.request import Request
from services.journeys import Journeys


class JourneyHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, journeys: Journeys) -> None:
        self._journeys = journeys

    async def journey(self, request: Request) -> JourneyView:
        return await self._journeys.of(request.caller.user_id, request.now)
