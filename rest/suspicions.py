"""Suspicions over REST, for moderators. Decides nothing: `services.sightings` does."""

from core.clock import rfc3339
from core.contract import suspicions as contract
from core.contract.suspicions import Suspicions, SuspicionView
from core.errors import NotFound
from core.wire.endpoint import ById
from db.postgres.suspicions import RecordedSuspicion
from rest.http.request import Request
from services.sightings import Sightings


class SuspicionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, sightings: Sightings) -> None:
        self._sightings = sightings

    async def suspicions(self, request: Request) -> Suspicions:
        found = await self._sightings.look(request.at(ById).id, request.caller.user_id, request.now)
        return Suspicions(items=[_view(each) for each in found])

    async def clear_suspicions(self, request: Request) -> None:
        if not await self._sightings.clear(request.at(ById).id, request.caller.user_id, request.now):
            raise NotFound


def _view(suspicion: RecordedSuspicion) -> SuspicionView:
    return SuspicionView(
        of_user_id=suspicion.of_user_id,
        kind=suspicion.kind,
        shared=list(suspicion.shared),
        weight=suspicion.weight,
        suspect=suspicion.suspect,
        at=rfc3339(suspicion.at),
        cleared_at=None if suspicion.cleared_at is None else rfc3339(suspicion.cleared_at),
        cleared_by=suspicion.cleared_by,
    )
