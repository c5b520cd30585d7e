"""How calls went over REST, for admins; the boundary lets in nobody else. Reading only."""

from core.contract import timelines as contract
from core.contract.timelines import CallTimeline
from core.wire.endpoint import ById
from rest.http.request import Request
from services.timelines import Timelines


class TimelineHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, timelines: Timelines) -> None:
        self._timelines = timelines

    async def call_timeline(self, request: Request) -> CallTimeline:
        return await self._timelines.of(request.at(ById).id)
